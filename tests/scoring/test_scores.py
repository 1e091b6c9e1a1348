"""Reports: means over tasks and over rows, chance beside them, and who was taken for whom."""

import json

import numpy as np
import pytest
from helpers import letter_codes
from sklearn.metrics import accuracy_score

from competition.scoring.scores import score, table
from competition.task import Task

COLOUR = Task("colour", ("red", "green", "blue"))
SIZE = Task("size", ("small", "large"))
NEVER = Task("never", ("a", "b"))
LETTERS = {
    "colour": letter_codes("ynn", "nyn", "ynn", "mny", "nnn"),
    "size": letter_codes("nn", "yn", "nn", "nn", "nn"),
    "never": letter_codes(*["nn"] * 5),
}
LABELLED = {"colour": np.arange(5) < 4, "size": np.arange(5) == 1, "never": np.zeros(5, bool)}
PROBABILITIES = {
    "colour": np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0, 0.3, 0.7], [0.6, 0, 0.4], [0, 1, 0]]),  # y n n m, unasked
    "size": np.array([[0, 1], [0.7, 0.3], [0, 1], [0, 1], [0, 1]]),  # the second row alone counts: y
    "never": np.full((5, 2), 0.5),
}


@pytest.fixture
def report():
    return score((COLOUR, SIZE, NEVER), PROBABILITIES, LETTERS, LABELLED)


def test_each_task_is_scored_on_the_rows_that_carry_it(report):
    colour, size = report.tasks
    assert (colour.task, colour.rows, size.task, size.rows) == ("colour", 4, "size", 1)
    assert colour.ap == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 3) / 4)
    assert colour.basic_precision == pytest.approx(1 / 3)
    assert colour.accuracy == 1 / 4  # a maybe is not a yes
    assert colour.chance == 2 / 4  # red, always
    assert (size.ap, size.basic_precision, size.accuracy, size.chance) == (1, 1, 1, 1)


def test_totals_are_means_over_tasks_and_one_over_rows(report):
    assert report.map == pytest.approx((13 / 24 + 1) / 2)
    assert report.basic_precision == pytest.approx((1 / 3 + 1) / 2)
    assert report.accuracy == pytest.approx((1 / 4 + 1) / 2)
    assert report.row_accuracy == pytest.approx(2 / 5)
    assert report.chance == pytest.approx((1 / 2 + 1) / 2)


def test_the_table_shows_a_row_a_task_and_the_means(report):
    lines = [line.split() for line in table(report).splitlines()]
    assert lines[1] == ["colour", "4", "0.5417", "0.3333", "0.2500", "0.5000"]
    assert lines[2] == ["size", "1", "1.0000", "1.0000", "1.0000", "1.0000"]
    assert lines[3] == ["mean", "5", "0.7708", "0.6667", "0.6250", "0.7500"]
    assert lines[4] == ["row-weighted", "0.4000"]
    assert len({len(line) for line in table(report).splitlines()[:4]}) == 1  # the columns stand in line


def test_the_report_survives_json(report):
    assert json.loads(json.dumps(report.to_json()))["tasks"][0]["ap"] == report.tasks[0].ap


def test_a_task_that_cannot_be_judged_is_left_out_of_the_official_means():
    """All answers fall on m, so there is no precision; the other task decides."""
    tasks = (Task("a", ("x", "y")), Task("b", ("x", "y")))
    probabilities = {name: np.array([[0.9, 0.1], [0.8, 0.2]]) for name in "ab"}
    codes = {"a": letter_codes("my", "my"), "b": letter_codes("yn", "ny")}
    report = score(tasks, probabilities, codes, {name: np.ones(2, bool) for name in "ab"})
    assert np.isnan(report.tasks[0].ap)
    assert (report.map, report.basic_precision) == (0.75, 0.5)


def test_without_a_single_label_every_mean_is_nan():
    report = score((NEVER,), PROBABILITIES, LETTERS, LABELLED)
    assert report.tasks == ()
    assert np.isnan([report.map, report.accuracy, report.row_accuracy, report.chance]).all()
    assert "nan" in table(report)


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth, probabilities = rng.integers(0, 4, 60), rng.dirichlet(np.ones(5), 60)
    codes = np.where(np.arange(5) == truth[:, None], 2, rng.integers(0, 2, (60, 5)))
    report = score((Task("t", tuple("abcde")),), {"t": probabilities}, {"t": codes}, {"t": np.ones(60, bool)})
    assert report.accuracy == pytest.approx(accuracy_score(truth, probabilities.argmax(axis=1)))
