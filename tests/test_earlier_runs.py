"""Runs of version 0.1.0, as fixtures/version-0.1.0/README.md describes them, stay readable."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from competition.__main__ import main
from competition.experiments.sweep import open_sweep
from competition.pages.report import make_report
from competition.recipe import Recipe
from competition.run import SWEEP, Run, newest_finished_run
from competition.scoring.blend import blend_of, read_blend
from competition.scoring.predictions import TEST, read_predictions

EARLIER = Path(__file__).parent / "fixtures/version-0.1.0"
NEW_WORDS = {
    "  keep ": "  monitor ",
    "  turns ": "  task_updates ",
    "  stretch ": "  aspect_jitter ",
    "schedule halved": "schedule step_decay",
}


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A copy of the runs in a folder of its own, where commands are called."""
    shutil.copytree(EARLIER / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """The data that the runs were trained on, drawn again."""
    data = tmp_path_factory.mktemp("drawn") / "sketches"
    assert main(["draw", str(data), "--images", "160"]) == 0
    return data


def test_the_leaderboard_shows_them_with_the_scores_of_their_day(project, capsys):
    assert main(["list"]) == 0
    expected = (EARLIER / "list.txt").read_text()
    for old, new in NEW_WORDS.items():
        expected = expected.replace(old, new)
    shown, expected = (text.partition("\nruns ")[2].splitlines() for text in (capsys.readouterr().out, expected))
    assert len(shown) == 9  # eight, below the names of the columns
    assert shown == expected


def test_recipes_come_with_todays_names_and_values(project):
    recipe = Run(Path("runs/cv")).read_recipe()
    changed = (recipe.monitor, recipe.task_updates, recipe.aspect_jitter, recipe.schedule)
    assert changed == ("accuracy", "alternate", 0.1, "step_decay")
    assert newest_finished_run() == Run(Path("runs/multilabel"))


@pytest.mark.parametrize("pair", [("split", "split-2"), ("sweep/keep-map", "sweep/keep-loss")], ids=" ".join)
def test_they_are_compared(project, capsys, pair):
    assert main(["compare", *(f"runs/{name}" for name in pair)]) == 0
    scores = [Run(Path("runs") / name).read_scores()["best"] for name in pair]
    first, second = (f"{one['map']:.4f}" for one in scores)
    assert f"  {first}  {second}  " in capsys.readouterr().out


def test_blends_are_read(project):
    blend = read_blend(Path("runs/blend"))
    assert [f"{folder} {view}" for folder, view in blend.members] == [
        f"runs/{name} {view}" for name in ("split", "split-2") for view in ("plain", "flip")
    ]
    assert blend.weights["lapel_design"].tolist() == [0, 0, 1, 0]
    assert blend_of([Path("runs/blend-views")], ("plain",), "arithmetic").runs == [Run(Path("runs/split"))]


def test_what_was_set_aside_is_the_test_of_a_cross_validation(project):
    run = Run(Path("runs/cv"))
    test = run.read_scores()["test"]
    assert test["images"] == len(read_predictions(run, name=TEST)) == 32
    assert read_predictions(run, name=TEST).score().map == pytest.approx(test["map"]["mean"])


def test_a_sweep_goes_on_with_the_values_that_it_has(project):
    run = Run(Path("runs/sweep"))
    data = json.loads((run.folder / SWEEP).read_text())["sweep"]["data"]
    made = {**run.read_made(SWEEP), "data": data}
    variants = open_sweep(run.read_recipe(SWEEP), "monitor", ["map", "loss", "accuracy"], made, run.folder)
    assert [one.run.name for one in variants] == ["keep-map", "keep-loss", "monitor-accuracy"]
    assert [one.run.finished for one in variants] == [True, True, False]
    assert [run.read_recipe(one.recipe_file.name).monitor for one in variants] == ["map", "loss", "accuracy"]


def test_a_sweep_over_a_value_with_another_name_goes_on_too(project):
    """By hand, as the fixtures have no sweep of schedules."""
    recipe, made = Recipe("mine"), {"data": "data", "started": "2026-01-02T03:04:05+00:00"}
    open_sweep(recipe, "schedule", ["step_decay"], made, Path("runs/mine"))
    written = json.loads((Path("runs/mine") / SWEEP).read_text())
    written["sweep"]["values"] = ["halved"]
    (Path("runs/mine") / SWEEP).write_text(json.dumps(written))
    run = Run(Path("runs/mine/schedule-halved"))
    run.write_recipe(recipe, made)
    run.write_json("scores.json", {})
    (variant,) = open_sweep(recipe, "schedule", ["step_decay"], made, Path("runs/mine"))
    assert variant.run == run
    assert variant.run.finished


@pytest.mark.slow
@pytest.mark.parametrize("name", ["split", "blend-views"])
def test_networks_answer_as_they_did(project, drawn, name):
    questions = drawn / "rank/Tests/question.csv"
    assert main(["submit", f"runs/{name}", "--questions", str(questions), "--output", "again.csv"]) == 0
    before, now = (
        [line.rpartition(",") for line in file.read_text().splitlines()]
        for file in (EARLIER / f"{name}-submission.csv", Path("again.csv"))
    )
    assert [row for row, *_ in now] == [row for row, *_ in before]
    for (_, _, one), (_, _, other) in zip(before, now, strict=True):
        given, expected = ([float(number) for number in text.split(";")] for text in (other, one))
        np.testing.assert_allclose(given, expected, atol=1e-4)


@pytest.mark.parametrize("name", ["multilabel", "cv", "blend"])
def test_a_page_explains_them_also_where_their_images_are_gone(project, name):
    folder = Path("runs", name)
    scores = json.loads((folder / "blend.json").read_text())["scores"] if name == "blend" else Run(folder).read_scores()
    with pytest.warns(UserWarning, match="the report lacks .* is not a folder"):
        page = make_report(folder)
    assert f"{scores['best']['map']:.4f}" in page


@pytest.mark.slow
def test_a_finished_cross_validation_is_not_trained_again(project, drawn, capsys):
    trainings = {path: path.stat().st_mtime_ns for path in Path("runs/cv").glob("seed-*/*")}
    before = json.loads(Path("runs/cv/scores.json").read_text())
    flags = ["--data", str(drawn), "--folds", "2", "--folds-file", "runs/cv/folds.csv", "--run", "runs/cv"]
    assert main(["cv", "runs/cv/recipe.json", *flags]) == 0
    printed = capsys.readouterr().out
    assert "mAP on 32 test images: 2 networks 0.3556, one 0.2837" in printed
    assert printed.endswith("competition report runs/cv\n")
    assert trainings
    assert {path: path.stat().st_mtime_ns for path in Path("runs/cv").glob("seed-*/*")} == trainings
    after = Run(Path("runs/cv")).read_scores()
    assert after["best"]["map"] == pytest.approx(before["best"]["map"])
    assert after["test"]["map"]["mean"] == pytest.approx(before["aside"]["map"]["mean"])
