"""Blends: the means as formulas say, weights that find what helps, gains that are not those fitted, and a budget."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal
from predicted import at_random, write_run
from printed import cells_under

from competition.__main__ import main
from competition.commands import blend as command
from competition.commands.submit import log_line
from competition.recipe import Recipe
from competition.run import CROSS_VALIDATION, Run
from competition.scoring.blend import Blend, before_mean, mixed, read_blend
from competition.scoring.blend_weights import Cost, Member, Table, affordable, best_ways, climb, find_blend, honest
from competition.scoring.bootstrap import Estimate, Gain, TaskComparison
from competition.scoring.fashionai import average_precision
from competition.scoring.predictions import parts_of
from competition.task import Task


def members(*several, costs: dict[str, tuple[int, float]] | None = None) -> list[Member]:
    """Members a (plain), b (plain), …; those named in `costs` cost more than nothing."""
    cost = {name: (costs or {}).get(name, (0, 0)) for name in "abcdefgh"}
    return [Member(Path(name), "plain", one, *cost[name]) for name, one in zip("abcdefgh", several, strict=False)]


def tables(given: list[Member], mean: str = "arithmetic") -> list[Table]:
    several = [member.predictions for member in given]
    return [Table.of(several, task, mean) for task in several[0].tasks]


def test_parts_are_equal_to_a_group_and_keep_groups_whole():
    group = np.random.default_rng(0).integers(0, 43, 200)
    parts = parts_of(group)
    groups_in = [len(np.unique(group[part])) for part in parts]
    assert (parts.sum(axis=0) == 1).all()
    assert all(len(np.unique(parts[:, group == one], axis=1).T) == 1 for one in group)
    assert (sorted(groups_in)[0], sorted(groups_in)[-1], sum(groups_in)) == (8, 9, len(np.unique(group)))
    np.testing.assert_array_equal(parts, parts_of(group))


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_a_blend_is_the_weighted_mean_of_the_textbook(mean, kind):
    rng = np.random.default_rng(1)
    several = [{"t": rng.dirichlet(np.ones(3), 4)} for _ in range(3)]
    several[0]["t"][0] = [1, 0, 0]  # whose logarithm stops at that of 1e-8
    weights = [0.5, 0.2, 0.3]
    blend = Blend((), mean, (Task("t", ("x", "y", "z"), kind),), {"t": np.array(weights)})
    for row, found in enumerate(blend.apply(several)["t"]):
        columns = [[one["t"][row][column] for one in several] for column in range(3)]
        if mean == "arithmetic":
            expected = [sum(w * p for w, p in zip(weights, ps, strict=True)) for ps in columns]
        else:
            expected = [math.prod(max(p, 1e-8) ** w for w, p in zip(weights, ps, strict=True)) for ps in columns]
            whole = sum(expected) if kind == "multiclass" else 1
            expected = [value / whole for value in expected]
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_the_search_ends_where_no_vote_more_or_less_helps(mean):
    given = members(*(at_random(seed, skill=1.0) for seed in range(3)))
    table = tables(given, mean)[0]
    weights = climb(table, np.ones(3, bool))

    def by_definition(some: np.ndarray) -> float:
        rows = given[0].predictions.labelled["colour"]
        values = np.stack([before_mean(member.predictions.probabilities["colour"][rows], mean) for member in given])
        answers = mixed(values, some, mean, "multiclass").round(8)
        return average_precision(answers, given[0].predictions.codes["colour"][rows])[0]

    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    top = by_definition(weights)
    assert top > by_definition(np.ones(3) / 3)
    votes = next(weights * total for total in range(1, 113) if np.allclose(weights * total, np.rint(weights * total)))
    for scale in range(1, 5):  # the votes are known up to a factor, so one of these is the step that was tried
        steps = [way for way in scale * votes + np.vstack([np.eye(3), -np.eye(3)]) if way.min() > -1e-9]
        if max(by_definition(way / way.sum()) for way in steps) <= top:
            return
    pytest.fail("a vote more or less would score better")


def test_a_member_that_knows_nothing_is_left_out_and_weights_beat_the_plain_mean():
    noise = [at_random(seed, skill=0) for seed in (1, 2)]
    found = find_blend(members(at_random(3, skill=1.5), *noise, at_random(4, skill=1.5)))
    assert found.ways == {"colour": "fitted", "size": "fitted"}
    weights = dict(zip((folder.name for folder, _ in found.blend.members), found.blend.weights["size"], strict=True))
    assert min(weights["a"], weights["d"]) > 5 * max(weights.get("b", 0), weights.get("c", 0))
    assert found.over_plain[-1].ap.difference.low > 0
    assert found.single.folder.name in {"a", "d"}


def test_what_is_gained_on_the_images_fitted_on_is_not_what_is_reported():
    """Members that know nothing: the weights overfit, and the reported gain must not."""
    fitted, reported = [], []
    for seed in range(0, 40, 5):
        given = members(*(at_random(seed + number, skill=0, count=100, truth=seed) for number in range(5)))
        for table in tables(given):
            fitted.append(table.ap(climb(table, np.ones(5, bool))) - table.ap(np.ones(5) / 5))
        reported += [row.ap.difference.value for row in find_blend(given).over_plain[:-1]]
    assert np.mean(fitted) > 0.05
    assert abs(np.mean(reported)) < np.mean(fitted) / 4


def test_no_answer_of_a_part_depends_on_the_truth_in_that_part():
    """Nor on that of a near-duplicate of its images."""
    group = np.arange(200) // 2
    several = [replace(at_random(seed, skill=1), group=group) for seed in range(3)]
    part = parts_of(group)[2]
    other = {name: np.where(part[:, None], values[:, ::-1], values) for name, values in several[0].codes.items()}
    before, after = (
        honest(tables(members(*one)), members(*one), Cost())
        for one in (several, [replace(one, codes=other) for one in several])
    )
    changed = []
    for old, new in zip(before.values(), after.values(), strict=True):
        for name in other:
            np.testing.assert_array_equal(old.probabilities[name][part], new.probabilities[name][part])
            changed.append((old.probabilities[name] != new.probabilities[name]).any())
    assert any(changed)


@pytest.mark.parametrize("seed", [0, 10, 20])
def test_a_task_whose_weights_gain_nothing_keeps_the_plain_mean(seed):
    found = find_blend(members(*(at_random(seed + number, skill=1, truth=seed) for number in range(4))))
    gains = {row.task: row.ap.difference.value for row in found.over_plain[:-1]}
    assert found.ways == {name: "fitted" if gain > 0 else "plain" for name, gain in gains.items()}
    for name, weights in found.blend.weights.items():
        assert (weights.tolist() != [0.25] * 4) == (gains[name] > 0)


def test_members_that_are_equal_keep_the_plain_mean():
    found = find_blend(members(at_random(1), at_random(1)))
    assert set(found.ways.values()) == {"plain"}
    assert [weights.tolist() for weights in found.blend.weights.values()] == [[0.5, 0.5]] * 2


def test_the_plain_mean_that_gains_are_over_is_the_mean_of_all_members():
    several = [at_random(seed) for seed in (1, 2, 3)]
    found = find_blend(members(*several))
    means = {
        name: np.mean([one.probabilities[name] for one in several], axis=0).round(8)
        for name in several[0].probabilities
    }
    report = replace(several[0], probabilities=means).score()
    assert [row.ap.b for row in found.over_plain] == pytest.approx([*(task.ap for task in report.tasks), report.map])


def test_blends_are_scored_with_the_decimals_of_a_submission():
    given = members(*(at_random(seed) for seed in (1, 2, 3)))
    for one in honest(tables(given), given, Cost()).values():
        for values in one.probabilities.values():
            np.testing.assert_array_equal(values, values.round(8))


def test_a_task_without_a_label_has_the_plain_mean_and_no_score():
    several = [at_random(seed) for seed in (1, 2)]
    nowhere = {"colour": several[0].labelled["colour"], "size": np.zeros(200, bool)}
    found = find_blend(members(*(replace(one, labelled=nowhere) for one in several)))
    assert [row.task for row in found.over_plain] == ["colour", "mean"]
    assert found.blend.weights["size"].tolist() == [0.5, 0.5]


def test_the_order_of_images_in_a_member_does_not_matter():
    several = [at_random(seed) for seed in (1, 2, 3)]
    turned = [several[0], *(one.take(np.arange(200)[::-1]) for one in several[1:])]
    assert find_blend(members(*several)).over_plain == find_blend(members(*turned)).over_plain


def test_a_budget_takes_the_runs_that_are_best_together():
    """a and b are good; c is bad, d better than each and too large. The views of a run cost once."""
    skills = {"a": 1.5, "b": 1.4, "c": 0.2, "d": 4}
    several = [at_random(seed, skill) for seed, skill in enumerate(skills.values())]
    given = members(*several, costs={"a": (1, 10), "b": (1, 10), "c": (1, 10), "d": (5, 10)})
    given.append(replace(given[0], view="flip", predictions=at_random(7, 1.5)))
    found = find_blend(given, budget=Cost(models=2))
    assert {(folder.name, view) for folder, view in found.blend.members} == {
        ("a", "plain"),
        ("a", "flip"),
        ("b", "plain"),
    }
    assert (found.cost, found.single.folder.name) == (Cost(2, 20), "a")
    assert {folder.name for folder, _ in find_blend(given, budget=Cost(megabytes=10.5)).blend.members} == {"d"}
    assert find_blend(given, budget=Cost(7, 30)).cost.models <= 7
    message = refusal(lambda: find_blend(given, budget=Cost(models=0)))
    assert "no run fits into a budget of 0 models" in message
    assert message.count("a: 1 models, 10.0 MB") == 1


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """a has two views, b one; folds is a cross-validation of two networks; few holds other images."""
    monkeypatch.chdir(tmp_path)
    write_run(Path("runs/a"), at_random(1), at_random(2))
    write_run(Path("runs/b"), at_random(3, skill=0.5), megabytes=2)
    folds = write_run(Path("runs/folds"), at_random(4))
    folds.weights.unlink()
    folds.write_recipe(Recipe("predicted"), {CROSS_VALIDATION: {"folds": 2, "seeds": 1}})
    for fold in range(2):
        path = Path(f"runs/folds/seed-0-fold-{fold}/model.weights.h5")
        path.parent.mkdir()
        path.write_bytes(bytes(1_500_000))
    write_run(Path("runs/few"), at_random(1).take(np.arange(100)))
    write_run(Path("runs/other"), at_random(1, tasks=["colour", "shape"]))
    return tmp_path / "runs"


def test_the_command_writes_a_blend_that_reads_back_and_applies(runs, capsys):
    assert main(["blend", "runs/a", "runs/b", "runs/folds"]) == 0
    printed = capsys.readouterr().out
    blend = read_blend(Path("runs/blend-1"))
    assert blend.members == (
        (Path("runs/a"), "plain"),
        (Path("runs/a"), "flip"),
        (Path("runs/b"), "plain"),
        (Path("runs/folds"), "plain"),
    )
    several = [at_random(1), at_random(2), at_random(3, skill=0.5), at_random(4)]
    given = [replace(member, predictions=one) for member, one in zip(members(*several), several, strict=True)]
    found = find_blend(given)
    assert blend.tasks == several[0].tasks
    for name, weights in found.blend.weights.items():
        np.testing.assert_array_equal(blend.weights[name], weights)
    expected = sum(w * one.probabilities["size"] for w, one in zip(blend.weights["size"], several, strict=True))
    np.testing.assert_allclose(blend.apply([one.probabilities for one in several])["size"], expected, atol=1e-12)
    scores = json.loads(Path("runs/blend-1/blend.json").read_text())["scores"]
    assert scores["mean"]["gain_over_plain_mean"] == pytest.approx(found.over_plain[-1].ap.difference._asdict())
    assert scores["tasks"]["size"]["best_single"] == pytest.approx(found.over_single[1].ap.b)
    assert scores["cost"] == {"models": 4, "megabytes": 6.0}
    kept, count = scores["best"], len(several[0])
    low, high = scores["interval"]["map"]
    assert (low < kept["map"] < high, scores["images"]) == (True, count)
    ways = [(row.ap.a, row.ap.b, alone.ap.b) for row, alone in zip(found.over_plain, found.over_single, strict=True)]
    assert kept["map"] == pytest.approx(np.mean([max(task) for task in ways[:-1]]))
    assert kept["accuracy"] == pytest.approx(found.taken.score().accuracy)
    assert json.loads(Path("runs/blend-1/blend.json").read_text())["made"]["command"].startswith("competition")
    lines = printed.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("task"))
    rows = {line.split()[0]: cells_under(lines[head], line) for line in lines[head + 1 :][:3]}
    weights = [rows["size"][f"w{number}"] for number in (1, 2, 3, 4)]
    assert weights == [[f"{weight:.2f}"] for weight in blend.weights["size"]]
    mean, single = found.over_plain[-1].ap, found.over_single[-1].ap
    assert [rows["mean"][name] for name in ("fitted", "mean", "single")] == [
        [f"{score:.4f}"] for score in (mean.a, mean.b, single.b)
    ]
    assert rows["mean"]["gain"] == [f"{gain.difference.value:+.4f}" for gain in (mean, single)]
    assert "of the resamples: " in printed


def test_a_geometric_blend_takes_the_geometric_mean_of_seeds_as_submit_does_of_all_networks(runs):
    seeds = [at_random(5), at_random(6)]
    whole = write_run(Path("runs/seeds"), at_random(7))
    whole.write_recipe(Recipe("predicted"), {CROSS_VALIDATION: {"folds": 2, "seeds": 2}})
    for seed, given in enumerate(seeds):  # the images of the first fold are the last
        for fold, rows in enumerate((np.arange(120, 200), np.arange(120))):
            write_run(Path(f"runs/seeds/seed-{seed}-fold-{fold}"), given.take(rows))
    runs_and_views = [Path("runs/seeds"), Path("runs/b")], ("plain",)
    arithmetic, _ = command.members_of(*runs_and_views, "arithmetic", Cost())
    np.testing.assert_array_equal(arithmetic.predictions.probabilities["size"], at_random(7).probabilities["size"])
    several = [one.predictions for one in command.members_of(*runs_and_views, "geometric", Cost())]
    blend = Blend((), "geometric", several[0].tasks, {"colour": np.full(2, 0.5), "size": np.array([0.6, 0.4])})
    found = blend.apply([one.probabilities for one in several])["size"]
    shares = [(0.3, seeds[0]), (0.3, seeds[1]), (0.4, at_random(3, skill=0.5))]
    expected = np.prod([np.maximum(one.probabilities["size"], 1e-8) ** share for share, one in shares], axis=0)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), rtol=1e-6)


def test_seeds_of_other_images_are_refused(runs):
    whole = write_run(Path("runs/seeds"), at_random(7))
    whole.write_recipe(Recipe("predicted"), {CROSS_VALIDATION: {"folds": 1, "seeds": 2}})
    write_run(Path("runs/seeds/seed-0-fold-0"), at_random(5))
    write_run(Path("runs/seeds/seed-1-fold-0"), at_random(5).take(np.arange(100)))
    message = refusal(command.members_of, [Path("runs/seeds"), Path("runs/b")], (), "geometric", Cost())
    assert "seed-1-fold-0 and seeds predicted different images" in message


def test_views_means_and_budgets_are_flags(runs, capsys):
    assert main(["blend", "runs/a", "runs/b", "--views", "plain", "--mean", "geometric"]) == 0
    assert [view for _, view in read_blend(Path("runs/blend-1")).members] == ["plain", "plain"]
    assert read_blend(Path("runs/blend-1")).mean == "geometric"
    assert main(["blend", "runs/a", "runs/b", "runs/folds", "--max-models", "1", "--output", "mine"]) == 0
    assert {folder.name for folder, _ in read_blend(Path("mine")).members} == {"a"}
    assert main(["blend", "runs/a", "runs/b", "runs/folds", "--max-megabytes", "4"]) == 0
    assert {folder.name for folder, _ in read_blend(Path("runs/blend-2")).members} == {"a", "folds"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["name the folders of the runs"]),
        (["runs/b"], ["there is only runs/b (plain) to blend"]),
        (["runs/a", "runs/b", "runs/a/"], ["named twice", "  runs/a"]),
        (["runs/a", "runs/gone"], ["runs/gone", "has not finished"]),
        (["runs/a", "runs/few"], ["few and a predicted different images"]),
        (["runs/a", "runs/other"], ["other and a cannot be put together: tasks"]),
        (["runs/a", "runs/b", "--views", "flip"], ["runs/b has no view flip; its views are plain"]),
        (["runs/a", "runs/folds", "--max-megabytes", "0.5"], ["no run fits", "runs/folds: 2 models, 3.0 MB"]),
        (["runs/a", "runs/b", "--output", "runs"], ["runs exists", "--output"]),
    ],
    ids=" ".join,
)
def test_what_cannot_be_blended_is_refused_in_one_message(runs, capsys, arguments, words):
    assert main(["blend", *arguments]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith("error: ")) == ("", True)
    assert [word for word in words if word not in printed.err] == []
    assert not Path("runs/blend-1").exists()


def test_the_log_names_a_blend_its_score_and_those_of_its_runs(runs, capsys):
    for name, score, commit in (("a", 0.75, "c0ffee"), ("b", None, "bad")):
        Run(runs / name).write_recipe(Recipe(name), {"command": f"competition train {name}", "commit": commit})
        Run(runs / name).write_json("scores.json", {"best": {"map": score, "accuracy": 0.5}})
    found = command.blend((Path("runs/a"), Path("runs/b")), mean="geometric", output=Path("runs/mine"))
    written = json.loads(Path("runs/mine/blend.json").read_text())["scores"]
    assert {folder.name for folder, _ in found.blend.members} == {"a", "b"}
    line = log_line(read_blend(Path("runs/mine")), Path("submissions/mine.csv"))
    _, _, commands, commits, recipes, local, _, file, _ = (cell.strip() for cell in line.split("|"))
    assert commands.startswith("blend runs/mine of `competition train a`; `competition train b`; ")
    assert commands.endswith("; geometric")
    assert (commits, recipes, file) == ("c0ffee, bad", "a, b", "mine.csv:")
    low, high = written["interval"]["map"]
    whole = f"mAP {written['best']['map']:.4f} (95 % {low:.4f} to {high:.4f}) accuracy"
    assert local.startswith(f"{whole} {written['best']['accuracy']:.4f} on images its weights were not found on; ")
    assert local.endswith("alone mAP 0.7500 accuracy 0.5000, none")
    line = log_line(Blend.plain([(Path("runs/a"), "plain")], "arithmetic"), Path("a.csv"))
    assert line.endswith("| `competition train a` | c0ffee | a | mAP 0.7500 accuracy 0.5000 | | a.csv: |")


def test_a_budget_needs_to_know_what_runs_cost(runs):
    (runs / "a/model.weights.h5").unlink()
    assert "runs/a" in refusal(lambda: command.blend((Path("runs/a"), Path("runs/b")), max_models=3))
    assert command.blend((Path("runs/a"), Path("runs/b"))).blend.members


GOOD = {
    "members": [{"run": ".", "view": "plain"}, {"run": ".", "view": "flip"}],
    "mean": "arithmetic",
    "weights": {"t": [0.25, 0.75]},
    "tasks": [{"name": "t", "classes": ["x", "y"], "kind": "multiclass"}],
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": {"t": [1]}}, "t: 1 weights for 2 members"),
        ({"weights": {}}, "t: 0 weights for 2 members"),
        ({"weights": {"t": [-0.5, 1.5]}}, "numbers from 0 with"),
        ({"weights": {"t": [0.5, 0.6]}}, "a sum of 1"),
        ({"weights": {"t": [math.nan, 1]}}, "a sum of 1"),
        ({"weights": [1, 2]}, "is not a blend"),
        ({"mean": "harmonic"}, "the mean is 'harmonic'; allowed are arithmetic, geometric"),
        (
            {"members": [{"run": "gone", "view": "plain"}, {"run": ".", "view": "plain"}]},
            "gone: there is no such folder",
        ),
        ({"members": ["a", "b"]}, "is not a blend"),
        ({"tasks": [{"name": "t"}]}, "is not a blend"),
    ],
)
def test_a_blend_that_cannot_be_used_says_why(tmp_path, monkeypatch, change, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "blend.json"
    path.write_text(json.dumps(GOOD))
    assert read_blend(tmp_path).weights["t"].tolist() == [0.25, 0.75]
    path.write_text(json.dumps(GOOD | change))
    message = refusal(read_blend, tmp_path)
    assert str(path) in message
    assert words in message
    path.unlink()
    assert "there is no such file; name a folder that `competition blend` wrote" in refusal(read_blend, tmp_path)


def test_each_task_takes_the_way_that_scored_best_on_unseen_images():
    def gain(a: float, b: float) -> TaskComparison:
        ap = Gain(a, b, Estimate(a - b, 0, 0), 0.5)
        return TaskComparison(f"{a} {b}", 9, ap, ap)

    plain = [gain(0.9, 0.8), gain(0.9, 0.9), gain(0.9, 0.8), gain(0.7, 0.8)]
    single = [gain(0.9, 0.9), gain(0.9, 0.8), gain(0.9, 0.95), gain(0.7, 0.75)]
    plain = [row._replace(task=name) for row, name in zip(plain, "abcd", strict=True)]
    assert best_ways(plain, single) == {"a": "fitted", "b": "plain", "c": "single", "d": "plain"}


def test_a_budget_is_not_spent_on_what_does_not_help():
    noise = (at_random(seed, skill=0) for seed in (2, 3))
    given = [replace(member, models=1) for member in members(at_random(1, skill=3), *noise)]
    assert find_blend(given, budget=Cost(models=2)).cost.models == 1
    assert affordable(tables(given), given, Cost(models=2)).tolist() == [True, False, False]
