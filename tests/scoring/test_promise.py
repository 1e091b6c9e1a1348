"""What a promise tags, by hand; its file, whole and damaged; and what it was made for, by the digest of a blend."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write
from scipy.stats import ks_2samp

from competition.recipe import Recipe
from competition.run import BLEND, CROSS_VALIDATION, Run
from competition.scoring.blend import Blend, blend_of
from competition.scoring.promise import (
    MOST_KEPT,
    Promise,
    TaskPromise,
    Threshold,
    drift,
    for_review,
    kept_on,
    order_statistics,
    promise_in,
    promise_of,
    tags,
    verdicts,
)
from competition.task import Task

SLEEVE, MARKS = Task("sleeve", ("short", "long", "none")), Task("marks", ("wet", "big"), "multilabel")
TASKS = (SLEEVE, MARKS)
RECIPE = Recipe("mine", tasks=TASKS)
MADE = {"precision": "float32", "data": "data"}


def task_promise(*least: float, confidences=(0.5, 0.9)) -> TaskPromise:
    thresholds = (
        Threshold(value, 300, 200, 190, 189) if value <= 1 else Threshold(value, 300, 0, 0, 0, 40) for value in least
    )
    return TaskPromise(300, tuple(thresholds), np.array(confidences))


def promise(run: str = "0", **tasks: TaskPromise) -> Promise:
    tasks = tasks or {"sleeve": task_promise(0.9), "marks": task_promise(0.8, np.inf)}
    return Promise(run=run, source="by hand", tasks=tasks)


def trained(folder: Path, weights: bytes = b"weights", recipe: Recipe = RECIPE, **made) -> Run:
    run = Run(folder)
    run.write_recipe(recipe, MADE | made)
    run.write_json("scores.json", {})
    write(run.weights, weights)
    return run


def plain(*folders: Path, views=("plain",), mean="arithmetic") -> Blend:
    return blend_of(folders, views, mean)


def test_a_chosen_class_is_tagged_from_the_threshold_on():
    p = np.array([[0.9, 0.06, 0.04], [0.89999999, 0.1, 0.00000001], [0.1, 0.85, 0.05]])
    assert tags(SLEEVE, p, task_promise(0.9)).tolist() == [[True, False, False], [False] * 3, [False] * 3]
    assert for_review(SLEEVE, p, task_promise(0.9)).tolist() == [False, True, True]
    assert verdicts(SLEEVE, p, task_promise(0.9)) == ["tag", "ask", "ask"]


def test_each_class_may_have_a_threshold_and_one_without_is_never_tagged():
    p = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.0, 0.0, 1.0]])
    found = tags(SLEEVE, p, task_promise(0.6, 0.8, np.inf))
    assert found.any(axis=1).tolist() == [True, False, False]
    assert for_review(SLEEVE, p, task_promise(0.6, 0.8, np.inf)).tolist() == [False, True, True]


def test_a_label_is_tagged_where_it_is_set_and_sure_and_a_person_sees_what_is_set_but_not_sure():
    p = np.array([[0.9, 0.1], [0.9, 0.6], [0.6, 0.95], [0.2, 0.1]])
    found = task_promise(0.8, 0.9)
    assert tags(MARKS, p, found).tolist() == [[True, False], [True, False], [False, True], [False, False]]
    assert for_review(MARKS, p, found).tolist() == [False, True, True, False]
    assert verdicts(MARKS, p, found) == ["tag", "ask", "ask", "unknown"]  # in the last no label is set
    assert tags(MARKS, np.array([[0.45, 0.5]]), task_promise(0.4, 0.4)).tolist() == [[False, False]]  # not set


@pytest.mark.parametrize("found", [None, task_promise(np.inf), task_promise(np.inf, np.inf, np.inf)])
def test_without_a_promise_nothing_is_tagged_and_all_is_for_review(found):
    p = np.array([[1.0, 0.0, 0.0], [0.4, 0.3, 0.3]])
    for task in (SLEEVE, Task("marks", SLEEVE.classes, "multilabel")):  # in its second row no label is set
        assert not tags(task, p, found).any()
        assert for_review(task, p, found).all()
        assert verdicts(task, p, found) == ["unknown", "unknown"]


def test_probabilities_are_compared_as_a_submission_holds_them():
    """A float32 network gives 0.98999999 or 0.99000001 for what is 0.99 to eight decimals."""
    p = np.array([[0.989999997, 0.010000003, 0.0]])
    assert tags(SLEEVE, p, task_promise(0.99)).any()


def test_what_a_promise_keeps_on_other_rows_is_counted_without_letters_m():
    p = np.array([[0.9, 0.1, 0.0]] * 4 + [[0.6, 0.4, 0.0]])
    codes = np.array([[2, 0, 0], [0, 2, 0], [1, 0, 0], [2, 0, 0], [0, 2, 0]], np.uint8)
    assert kept_on(SLEEVE, p, codes, task_promise(0.8)) == pytest.approx((4 / 5, 2 / 3))
    assert np.isnan(kept_on(SLEEVE, p, codes, task_promise(0.95))[1])


def test_a_promise_reads_back_as_it_was_written(tmp_path):
    assert Promise.read(tmp_path) is None
    one = promise()
    one.write(Run(tmp_path), {"command": "competition promise"})
    found = Promise.read(tmp_path)
    assert replace(found, tasks={}) == replace(one, tasks={})
    assert [found.tasks[name].thresholds for name in found.tasks] == [one.tasks[name].thresholds for name in one.tasks]
    assert [found.tasks[name].confidences.tolist() for name in found.tasks] == [[0.5, 0.9]] * 2
    assert found.digest == one.digest
    others = [replace(one, precision=0.95), promise("1"), promise(sleeve=task_promise(0.91), marks=task_promise(0.8))]
    assert len({one.digest, *(other.digest for other in others)}) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda values: values.pop("tasks"),
        lambda values: values.update(precision="high"),
        lambda values: values.update(precision=2),
        lambda values: values.update(more=1),
        lambda values: values["tasks"].update(sleeve=[]),
        lambda values: values["tasks"]["sleeve"].update(confidences=[0.9, 0.5]),
        lambda values: values["tasks"]["sleeve"].update(confidences=[0.9, 1.5]),
        lambda values: values["tasks"]["sleeve"].update(confidences=[[0.5], [0.9]]),
        lambda values: values["tasks"]["sleeve"].update(confidences=[10**400]),
        lambda values: values["tasks"]["sleeve"].update(rows=float("inf")),
        lambda values: values["tasks"]["sleeve"].update(rows=-4),
        lambda values: values["tasks"]["sleeve"].update(rows=True),
        lambda values: values["tasks"]["marks"]["thresholds"][1].update(needed="many"),
        lambda values: values["tasks"]["marks"]["thresholds"][1].update(needed=-1),
        lambda values: values["tasks"]["marks"]["thresholds"][1].update(needed=1.5),
        lambda values: values["tasks"]["marks"]["thresholds"][1].update(without_fault="no"),
        lambda values: values["tasks"]["sleeve"]["thresholds"][0].update(value=-1),
        lambda values: values["tasks"]["sleeve"]["thresholds"][0].update(value="high"),
        lambda values: values["tasks"]["sleeve"]["thresholds"][0].update(right=191),
        lambda values: values["tasks"]["sleeve"]["thresholds"][0].pop("judged"),
    ],
)
def test_a_damaged_promise_is_refused(tmp_path, spoil):
    promise().write(Run(tmp_path), {})
    values = json.loads((tmp_path / "promise.json").read_text())
    spoil(values)
    write(tmp_path / "promise.json", json.dumps(values))
    message = refusal(Promise.read, tmp_path)
    assert message.startswith(f"{tmp_path}/promise.json is not a promise (")
    assert message.endswith("make it again with `competition promise`")


def test_it_says_what_it_rests_on_and_states_no_precision_where_it_has_no_threshold():
    said = promise().in_words()
    assert "With a probability of 0.95, at least 0.98 of what is tagged is right" in said
    assert "independent, so they must be of different products" in said
    said = promise(sleeve=task_promise(np.inf), marks=task_promise(np.inf, np.inf)).in_words()
    assert said.startswith("Nothing could be promised, so nothing is tagged: on by hand, one of each group")
    assert "is tagged is right" not in said


@pytest.mark.parametrize("content", ["[]", "3", "{", '{"tasks": 3}'])
def test_what_is_no_promise_at_all_is_refused(tmp_path, content):
    write(tmp_path / "promise.json", content)
    assert "promise.json" in refusal(Promise.read, tmp_path)


def test_the_digest_of_a_blend_is_of_what_decides_an_answer_and_not_of_where_it_lies(tmp_path):
    run = trained(tmp_path / "a").folder
    shutil.copytree(run, tmp_path / "elsewhere/b")
    assert plain(run).digest == plain(tmp_path / "elsewhere/b").digest
    trained(tmp_path / "made", command="another", data="elsewhere")
    assert plain(run).digest == plain(tmp_path / "made").digest
    others = [
        plain(trained(tmp_path / "c", weights=b"Weights").folder),
        plain(trained(tmp_path / "d", recipe=replace(RECIPE, image_size=96)).folder),
        plain(trained(tmp_path / "e", precision="mixed_bfloat16").folder),
        plain(run, views=("flip",)),
        plain(run, views=("plain", "flip")),
        plain(run, tmp_path / "c"),
        plain(run, tmp_path / "c", mean="geometric"),
    ]
    assert len({plain(run).digest, *(one.digest for one in others)}) == 1 + len(others)


def test_the_digest_of_a_cross_validation_and_a_weighted_blend_hangs_on_every_network_and_weight(tmp_path):
    whole = trained(tmp_path / "cv", **{CROSS_VALIDATION: {"folds": 2, "seeds": 1}})
    for fold in range(2):
        trained(whole.part(RECIPE.seed, fold).folder, weights=bytes([fold]))
    before = plain(whole.folder).digest
    write(whole.part(RECIPE.seed, 1).weights, b"other")
    assert plain(whole.folder).digest != before
    one, other = (trained(tmp_path / name, weights=name.encode()).folder for name in "ab")
    seen = set()
    for weights in ([0.5, 0.5], [0.4, 0.6]):
        members = ((one, "plain"), (other, "flip"))
        Blend(members, "arithmetic", TASKS, dict.fromkeys(("sleeve", "marks"), np.array(weights))).write(
            Run(tmp_path / BLEND), {}
        )
        seen.add(plain(tmp_path / BLEND).digest)
    assert len(seen) == 2


def test_a_network_without_its_file_has_no_digest(tmp_path):
    run = trained(tmp_path / "a")
    run.weights.unlink()
    message = refusal(lambda: plain(run.folder).digest)
    assert message.endswith(
        "model.weights.h5 cannot be read (No such file or directory); bring it back, or make the run again"
    )


def test_a_promise_holds_for_what_it_was_made_for_alone(tmp_path):
    run = trained(tmp_path / "a")
    assert promise_of(plain(run.folder)) is None
    assert promise_in(run.folder) is None
    promise(plain(run.folder).digest).write(run, {})
    assert promise_of(plain(run.folder)).source == "by hand"
    assert promise_in(run.folder).source == "by hand"
    assert promise_of(plain(run.folder, trained(tmp_path / "b").folder)) is None  # of a mean that is in no folder
    assert "was made for" in refusal(promise_of, plain(run.folder, views=("flip",)))
    write(run.weights, b"trained again")
    assert "weights, recipe, views or mean differ" in refusal(promise_of, plain(run.folder))


@pytest.mark.parametrize(
    "tasks",
    [
        {"sleeve": task_promise(0.9)},
        {"sleeve": task_promise(0.9), "marks": task_promise(0.8), "more": task_promise(0.9)},
        {"sleeve": task_promise(0.9, 0.9), "marks": task_promise(0.8)},
    ],
)
def test_a_promise_of_other_tasks_or_classes_is_refused(tmp_path, tasks):
    run = trained(tmp_path / "a")
    promise(plain(run.folder).digest, **tasks).write(run, {})
    assert "is of other tasks or classes" in refusal(promise_of, plain(run.folder))


def test_drift_is_the_distance_of_the_two_distributions():
    """By hand: all of the first are below all of the second; and half of one is as the other."""
    assert drift(np.linspace(0, 0.4, 50), np.linspace(0.5, 1, 80)) == (1, pytest.approx(0, abs=1e-9))
    statistic, p = drift(np.repeat([0.2, 0.9], 500), np.repeat(0.9, 1000))
    assert statistic == 0.5
    assert p < 1e-9
    rng = np.random.default_rng(0)
    assert drift(rng.random(300), rng.random(400))[1] > 0.05


def test_of_many_confidences_evenly_spaced_ones_are_kept_so_that_drift_is_seen_as_well():
    rng = np.random.default_rng(0)
    many = rng.beta(8, 1, 40_000)
    kept = order_statistics(many)
    assert (len(kept), kept[0], kept[-1]) == (MOST_KEPT, many.min(), many.max())
    assert ks_2samp(kept, many).statistic < 1.5 / MOST_KEPT
    assert order_statistics(many[:7]).tolist() == sorted(many[:7])
