"""Calibration: a temperature that is known comes back, errors are what plain loops count; and the pictures of it."""

import json
import math

import cv2
import numpy as np
import pandas as pd
import pytest
from helpers import letter_codes
from predicted import at_random, predicted
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from competition.run import Run
from competition.scoring import plots as pictures
from competition.scoring.calibration import calibrate, fit_temperature, reliability, soften
from competition.scoring.fashionai import answers, average_precision
from competition.scoring.predictions import parts_of
from competition.scoring.promise import Promise, TaskPromise, Threshold
from competition.scoring.reports import write_reports
from competition.scoring.scores import choices

PICTURES = {"reliability.png", "coverage.png", "mistakes.png", "samples.png"}
FILES = {"calibration.json", "confused.csv", "mistakes.csv", *PICTURES}


def sharpened(temperature: float, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (count, 4) that are right at this temperature, and letters drawn with the right ones."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(count, 4)) * rng.gamma(2, 1, (count, 1))
    right = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (right.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    sharp = right**temperature
    return sharp / sharp.sum(axis=1, keepdims=True), np.where(np.arange(4) == truth[:, None], 2, 0).astype(np.uint8)


class Given(ClassifierMixin, BaseEstimator):
    """A classifier that was trained elsewhere: its features are its logarithms of probabilities."""

    def __init__(self):
        self.classes_ = np.arange(4)

    def fit(self, x, y):
        return self

    def predict(self, x):
        return x.argmax(axis=1)

    def decision_function(self, x):
        return x


def loss_by_definition(probabilities, codes, kind: str, temperature: float) -> float:
    """The mean negative log likelihood, entry by entry."""
    losses = []
    for ps, row in zip(probabilities.tolist(), codes.tolist(), strict=True):
        if kind == "multiclass":
            powers = [max(p, 1e-8) ** (1 / temperature) for p in ps]
            losses += [-math.log(powers[row.index(2)] / sum(powers))] if 2 in row else []
        else:
            sigmoids = [1 / (1 + ((1 - p) / p) ** (1 / temperature)) for p in ps]
            losses += [-math.log(s if code else 1 - s) for s, code in zip(sigmoids, row, strict=True) if code != 1]
    return sum(losses) / len(losses)


@pytest.mark.parametrize("temperature", [0.5, 1, 3])
def test_a_temperature_that_is_known_comes_back(temperature):
    probabilities, codes = sharpened(temperature, 5000)
    found = fit_temperature(probabilities, codes)
    assert found == pytest.approx(temperature, rel=0.05)
    error = reliability(*answers(probabilities, codes)).error
    softened = reliability(*answers(soften(probabilities, found), codes)).error
    assert softened < 0.03
    assert (softened < error / 3) == (temperature != 1)


def test_the_temperature_is_that_of_scikit_learn():
    probabilities, codes = sharpened(3, 1000, seed=1)
    scores = np.log(np.maximum(probabilities, 1e-8))
    other = CalibratedClassifierCV(FrozenEstimator(Given()), method="temperature").fit(scores, codes.argmax(axis=1))
    temperature = fit_temperature(probabilities, codes)
    np.testing.assert_allclose(soften(probabilities, temperature), other.predict_proba(scores), atol=1e-4)


@pytest.mark.parametrize("kind", ["multiclass", "multilabel"])
def test_no_other_temperature_makes_the_letters_likelier(kind):
    rng = np.random.default_rng(2)
    probabilities, codes = sharpened(2, 60)
    if kind == "multilabel":
        even = np.sqrt(probabilities)
        codes = np.where(rng.random((60, 4)) < even / (even + np.sqrt(1 - probabilities)), 2, 0)
    codes[rng.random((60, 4)) < 0.2] = 1  # which also leaves rows without a y
    found = fit_temperature(*choices(kind, probabilities, codes))
    least = loss_by_definition(probabilities, codes, kind, found)
    assert 1.2 < found < 9
    for factor in (0.5, 0.9, 0.99, 1.01, 1.1, 2):
        assert least <= loss_by_definition(probabilities, codes, kind, found * factor) + 1e-9


def test_softening_is_the_formula_and_keeps_each_answer():
    probabilities = np.array([[0.7, 0.2, 0.1], [1, 0, 0]])
    roots = np.sqrt([0.7, 0.2, 0.1])
    np.testing.assert_allclose(soften(probabilities, 2)[0], roots / roots.sum())
    assert soften(probabilities, 2)[1] == pytest.approx(np.array([1, 1e-4, 1e-4]) / 1.0002)
    odds = np.sqrt([0.7 / 0.3, 0.2 / 0.8, 0.1 / 0.9])
    labels, _ = choices("multilabel", probabilities, probabilities)
    np.testing.assert_allclose(soften(labels, 2)[:3, 1], odds / (1 + odds))
    assert np.isfinite(soften(labels, 0.1)).all()


def test_a_temperature_can_reorder_rows():
    """Of .5 .5 0 and .52 .24 .24 the second is surer, until T is low enough for the first class to take all."""
    rows = np.array([[0.5, 0.5, 0], [0.49, 0.26, 0.25]])
    first, second = soften(rows, 0.2).max(axis=1)
    assert first == pytest.approx(0.5)
    assert second > 0.9


def test_without_letters_the_temperature_changes_nothing():
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7]])
    assert fit_temperature(probabilities, letter_codes("mn", "nn")) == 1
    assert fit_temperature(*choices("multilabel", probabilities, letter_codes("mm", "mm"))) == 1
    assert fit_temperature(probabilities[:0], letter_codes("yn")[:0]) == 1


def test_where_every_answer_is_right_the_temperature_stops_at_its_bound():
    assert fit_temperature(np.array([[0.9, 0.1]]), letter_codes("yn")) == 0.1
    assert fit_temperature(np.array([[0.9, 0.1]]), letter_codes("ny")) == 10


@pytest.mark.parametrize("seed", range(5))
def test_the_calibration_error_is_what_a_loop_over_the_bins_counts(seed):
    rng = np.random.default_rng(seed)
    probabilities = np.vstack([rng.dirichlet(np.ones(3), 80), [[1, 0, 0], [0.6, 0.2, 0.2]]])
    codes = rng.integers(0, 3, (82, 3)).astype(np.uint8)
    bins = [[] for _ in range(15)]
    for ps, row in zip(probabilities.tolist(), codes.tolist(), strict=True):
        code = row[ps.index(max(ps))]
        if code != 1:
            number = next(number for number in range(15) if max(ps) <= (number + 1) / 15)
            bins[number].append((max(ps), code == 2))
    rows = sum(map(len, bins))
    gaps = [abs(sum(p for p, _ in some) - sum(right for _, right in some)) for some in bins]
    found = reliability(*answers(probabilities, codes))
    assert found.rows.tolist() == list(map(len, bins))
    assert found.error == pytest.approx(sum(gaps) / rows)
    for number, some in enumerate(bins):
        if some:
            assert found.confidence[number] == pytest.approx(np.mean([p for p, _ in some]))
            assert found.precision[number] == pytest.approx(np.mean([right for _, right in some]))
    assert math.isnan(reliability(*answers(probabilities[:2], letter_codes("mmm", "mmm"))).error)


def test_what_is_fitted_is_judged_on_other_rows():
    """The temperature after which errors are given."""
    one = at_random(2, skill=1.5, tasks=["t"])
    (found,) = calibrate(one)
    rows = one.labelled["t"]
    probabilities, codes, parts = one.probabilities["t"][rows], one.codes["t"][rows], parts_of(one.group)[:, rows]
    softened = probabilities.copy()
    for here in parts:
        others = ~here
        temperature = fit_temperature(probabilities[others], codes[others])
        softened[here] = soften(probabilities[here], temperature).round(8)
    assert found.after.error == reliability(*answers(softened, codes)).error
    assert found.ap_after == average_precision(softened, codes)[0]
    assert (found.rows, found.ap_before) == (rows.sum(), one.score().tasks[0].ap)
    assert found.temperature == fit_temperature(probabilities, codes)


def test_a_task_without_labels_or_a_class_that_never_is_does_not_break():
    probabilities = {name: np.random.default_rng(0).dirichlet(np.ones(3), 6) for name in ("none", "one", "maybe")}
    codes = {
        "none": letter_codes(*["nnn"] * 6),
        "one": letter_codes(*["nyn"] * 6),
        "maybe": letter_codes(*["mmm"] * 6),
    }
    one, maybe = calibrate(predicted(probabilities, codes))
    assert (one.task.name, one.rows, maybe.task.name) == ("one", 6, "maybe")
    assert math.isfinite(one.temperature)
    assert (maybe.temperature, math.isnan(maybe.before.error)) == (1, True)


@pytest.mark.parametrize(
    ("temperature", "words"), [(10.0, "T ≥ 10"), (0.1, "T ≤ 0.1"), (9.996, "T = 10.00"), (1.5, "T = 1.50")]
)
def test_a_temperature_at_the_end_of_its_search_is_shown_as_a_bound(temperature, words):
    assert pictures.in_words(temperature) == words


def promised(*least: float) -> Promise:
    """A promise for the task `a` with these thresholds."""
    task = TaskPromise(400, tuple(Threshold(value, 400, 0, 0, 0) for value in least), np.zeros(1))
    return Promise(precision=0.9, run="", source="", tasks={"a": task})


def test_what_a_promise_tags_is_marked_and_the_legend_lies_over_no_curve():
    one = at_random(1, skill=2.2, count=400, tasks=["a"])
    rows = one.labelled["a"]
    probabilities, codes = one.probabilities["a"][rows], one.codes["a"][rows]
    sure = probabilities.max(axis=1) >= 0.6
    letters = codes[np.arange(len(codes)), probabilities.argmax(axis=1)][sure]
    figure = pictures.coverage(one, promised(0.6))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    (mark,) = (line for line in axes.lines if line.get_marker() == "o")
    right = (letters == 2).sum() / (letters != 1).sum()
    assert (*mark.get_xdata(), *mark.get_ydata()) == pytest.approx((sure.mean(), right))
    assert mark.get_label() == f"p ≥ 0.600: {sure.mean():.0%} tagged, {right:.1%} right"
    assert axes.get_legend().get_window_extent().y1 < axes.get_window_extent().y0


def test_without_a_promise_nothing_is_marked_and_what_makes_one_is_named():
    one = at_random(1, count=60, tasks=["a"])
    figure = pictures.coverage(one, None)
    assert [line.get_marker() for line in figure.axes[0].lines] == ["None"]
    assert "competition promise" in figure.get_supxlabel()
    figure = pictures.coverage(one, promised(np.inf))
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["no promise"]


def test_panels_stand_in_rows_of_at_most_four_and_as_even_as_can_be():
    (one,) = calibrate(at_random(1, count=60, tasks=["a"]))
    for count, (rows, columns) in {1: (1, 1), 4: (1, 4), 5: (2, 3), 8: (2, 4), 9: (3, 3)}.items():
        panels = pictures.reliability([one] * count).axes
        grids = {panel.get_gridspec().get_geometry() for panel in panels}
        assert (len(panels), grids) == (count, {(rows, columns)})


@pytest.mark.parametrize("tasks", [["a"], list("abcde")])
def test_the_reports_of_a_run_are_seven_files_that_can_be_read(tmp_path, tasks):
    one = at_random(1, skill=1.5, count=120, tasks=tasks)
    write_reports(Run(tmp_path), one, lambda: {image: tmp_path / image for image in one.images.tolist()})
    assert {path.name for path in tmp_path.iterdir()} == FILES
    values = json.loads((tmp_path / "calibration.json").read_text())
    assert list(values) == tasks
    first = calibrate(one)[0]
    assert values["a"]["temperature"] == first.temperature
    assert values["a"]["calibration_error"] == {"before": first.before.error, "after": first.after.error}
    assert values["a"]["ap"] == {"before": first.ap_before, "after": first.ap_after}
    for name in ("reliability.png", "coverage.png"):
        assert cv2.imread(str(tmp_path / name)).shape[0] > 300
    assert list(pd.read_csv(tmp_path / "mistakes.csv")["probability"].diff().dropna() > 0).count(True) == 0


def test_reports_without_anything_to_judge_are_empty_and_not_an_error(tmp_path):
    nothing = predicted({"t": [[0.9, 0.1], [0.8, 0.2]]}, {"t": letter_codes("nn", "nn")})
    maybe = predicted({"t": [[0.9, 0.1], [0.8, 0.2]]}, {"t": letter_codes("my", "my")})
    right = predicted({"t": [[0.9, 0.1], [0.8, 0.2]]}, {"t": letter_codes("yn", "yn")})
    for name, one in (("nothing", nothing), ("maybe", maybe), ("right", right)):
        write_reports(
            Run(tmp_path / name), one, lambda one=one: {image: tmp_path / image for image in one.images.tolist()}
        )
        assert {path.name for path in (tmp_path / name).iterdir()} == FILES
        assert len(pd.read_csv(tmp_path / name / "mistakes.csv")) == 0
    assert json.loads((tmp_path / "nothing/calibration.json").read_text()) == {}
    assert json.loads((tmp_path / "maybe/calibration.json").read_text())["t"]["ap"] == {"before": None, "after": None}
