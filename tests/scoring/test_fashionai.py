"""The official metric, against the published rule worked out row by row."""

import math

import numpy as np
import pytest
from helpers import letter_codes

from competition.scoring.fashionai import as_submitted, average_precision, cost_of_missing

OTHERS = {"y": "nn", "m": "yn", "n": "yn"}  # the letters of the classes that were not answered


def rows_of(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and letters of three classes for `.9y .8n`: the largest probability, and the letter there."""
    pairs = [(float(part[:-1]), part[-1]) for part in text.split()]
    probabilities = np.array([[p, (1 - p) / 2, (1 - p) / 2] for p, _ in pairs])
    return probabilities, letter_codes(*(letter + OTHERS[letter] for _, letter in pairs))


def by_the_rule(probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, BasicPrecision) as the rule is worded: for each threshold, count over all rows."""

    def precision(threshold: float) -> float | None:
        count = {0: 0, 1: 0, 2: 0}
        for row, code in zip(probabilities, codes, strict=True):
            if max(row) >= threshold:
                count[int(code[list(row).index(max(row))])] += 1
        return count[2] / (count[2] + count[0]) if count[2] + count[0] else None

    found = [value for threshold in {max(row) for row in probabilities} if (value := precision(threshold)) is not None]
    return (sum(found) / len(found), precision(0)) if found else (math.nan, math.nan)


@pytest.mark.parametrize(
    ("rows", "ap", "basic"),
    [
        (".9y .8n .7y .6m .5y", 0.716667, 0.75),  # the three of the rule's description
        (".9y .9n .6y .6y", 0.625, 0.75),
        (".95m .9y .5n", 0.75, 0.5),
        (".9y", 1, 1),
        (".9n", 0, 0),
        (".9n .8y", 0.25, 0.5),
        (".9m .8m .7n", 0, 0),  # a prefix of m alone is left out
        (".9y .8m .7m", 1, 1),  # and m at the end repeats the precision before it
        (".9y .9m .9n", 0.5, 0.5),
    ],
)
def test_vectors_worked_out_by_hand(rows, ap, basic):
    probabilities, codes = rows_of(rows)
    for order in (slice(None), slice(None, None, -1)):  # whatever the order of the rows in the file
        assert average_precision(probabilities[order], codes[order]) == pytest.approx((ap, basic), abs=1e-6)


@pytest.mark.parametrize("rows", ["", ".9m", ".9m .8m .8m"])
def test_where_no_row_can_be_judged_there_is_no_score(rows):
    probabilities, codes = rows_of(rows) if rows else (np.zeros((0, 3)), np.zeros((0, 3), np.uint8))
    assert np.isnan(average_precision(probabilities, codes)).all()


@pytest.mark.parametrize("seed", range(40))
def test_random_rows_with_ties_and_maybes_score_as_the_rule_says(seed):
    rng = np.random.default_rng(seed)
    count, classes = int(rng.integers(1, 40)), int(rng.integers(2, 7))
    probabilities = rng.dirichlet(np.ones(classes), count).round(int(rng.integers(1, 4)))
    codes = np.where(rng.random((count, classes)) < rng.random(), 1, 0)
    codes[np.arange(count), rng.integers(classes, size=count)] = 2
    expected = by_the_rule(probabilities, codes)
    assert average_precision(probabilities, codes) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_of_equal_probabilities_the_first_class_is_the_answer():
    probabilities = np.array([[0.25, 0.375, 0.375]])
    assert average_precision(probabilities, letter_codes("nyn")) == (1, 1)
    assert average_precision(probabilities, letter_codes("nny")) == (0, 0)


def test_rows_that_differ_after_the_eighth_decimal_are_a_tie_as_in_the_file():
    probabilities = np.array([[0.9000000041, 0.0999999959], [0.9000000012, 0.0999999988], [0.6, 0.4]])
    codes = letter_codes("yn", "ny", "yn")
    assert average_precision(probabilities, codes)[0] == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)
    assert average_precision(as_submitted(probabilities), codes)[0] == pytest.approx((1 / 2 + 2 / 3) / 2)
    for value, rounded in zip(probabilities.ravel(), as_submitted(probabilities).ravel(), strict=True):
        assert float(f"{value:.8f}") == rounded


def test_single_precision_is_rounded_as_it_would_be_printed():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), 200).astype(np.float32)
    printed = [[float(f"{value:.8f}") for value in row] for row in probabilities.tolist()]
    assert as_submitted(probabilities).dtype == np.float64
    np.testing.assert_array_equal(as_submitted(probabilities), printed)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("first", [False, True])
def test_the_cost_of_a_class_that_is_always_wrong_is_what_the_rule_takes_from_as_many_rows(share, first):
    rows = 2000
    wrong = np.arange(rows) < share * rows if first else np.arange(rows) >= (1 - share) * rows
    confidence = np.linspace(0.99, 0.51, rows)  # the first rows are answered first
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    codes = letter_codes(*np.where(wrong, "ny", "yn"))
    lost = 1 - average_precision(probabilities, codes)[0]
    assert cost_of_missing(share)[first] == pytest.approx(lost, abs=2e-3)


def test_a_class_that_never_occurs_costs_nothing_and_one_that_is_alone_costs_all():
    assert cost_of_missing(0) == (0, 0) and cost_of_missing(1) == (1, 1)
