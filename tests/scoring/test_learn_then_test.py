"""Promises against binomial tables by hand, and against redraws of a population whose precision is known."""

import numpy as np
import pytest
from helpers import letter_codes, refusal
from predicted import predicted
from scipy.stats import binomtest

from competition.scoring import learn_then_test
from competition.scoring.fashionai import precision_curve
from competition.scoring.learn_then_test import GRID, count_tests, find_threshold, make_promise
from competition.scoring.predictions import Predictions
from competition.scoring.promise import TaskPromise, Threshold, Wanted
from competition.task import Task

LEVEL = 0.05
NO, MAYBE, YES = range(3)
FEWEST = 149  # 0.98 ** 148 is 0.0503, and 0.98 ** 149 is 0.0493


def letters(right: int, wrong: int = 0, maybe: int = 0) -> np.ndarray:
    return np.repeat(np.array([YES, NO, MAYBE], np.uint8), (right, wrong, maybe))


def threshold(confidence, letter: np.ndarray, precision: float = 0.98, labelled: int | None = None) -> Threshold:
    confidence = np.broadcast_to(confidence, len(letter))
    return find_threshold(confidence, letter, precision, LEVEL, labelled or len(letter))


def sure(right: int, wrong: int = 0, p: float = 0.9) -> tuple[list, list[str]]:
    """Probabilities of two classes and letters: answers of the first class, so many right and wrong."""
    return [[p, round(1 - p, 8)]] * (right + wrong), ["yn"] * right + ["ny"] * wrong


def promise_of(*parts: tuple[list, list[str]], group=None, kind="multiclass", **wanted) -> TaskPromise:
    return make_promise(together(*parts, group=group, kind=kind), Wanted(**wanted), "", "").tasks["t"]


def together(*parts: tuple[list, list[str]], group=None, kind="multiclass") -> Predictions:
    probabilities, codes = ([row for part in parts for row in part[place]] for place in (0, 1))
    return predicted({"t": probabilities}, {"t": letter_codes(*codes)}, group, kind)


def test_149_rows_without_a_fault_can_promise_98_percent_and_148_cannot():
    assert threshold(0.9, letters(FEWEST)) == Threshold(0.9, FEWEST, FEWEST, FEWEST, FEWEST)
    assert threshold(0.9, letters(FEWEST - 1)) == Threshold(np.inf, FEWEST - 1, 0, 0, 0, needed=1)


@pytest.mark.parametrize(("faults", "fewest"), [(1, 236), (2, 313), (3, 386), (4, 456), (5, 523)])
def test_each_fault_takes_as_many_rows_as_an_exact_binomial_test_says(faults, fewest):
    found = threshold(0.9, letters(fewest - faults, faults))
    assert (found.judged, found.right) == (fewest, fewest - faults)
    assert threshold(0.9, letters(fewest - faults - 1, faults)).value == np.inf
    p = [binomtest(faults, rows, 0.02, alternative="less").pvalue for rows in (fewest - 1, fewest)]
    assert p[1] <= LEVEL < p[0]


@pytest.mark.parametrize(("faults", "fewest"), [(0, 59), (1, 93), (2, 124), (3, 153)])
def test_95_percent_takes_the_published_numbers_of_rows(faults, fewest):
    """59, 93, 124 and 153: those of the one-sided tolerance limits of Wilks (1941), 95 % of a population at 95 %."""
    assert threshold(0.9, letters(fewest - faults, faults), 0.95).judged == fewest
    assert threshold(0.9, letters(fewest - faults - 1, faults), 0.95).value == np.inf


def test_thresholds_are_tested_from_strict_to_lax_and_the_first_failure_ends_it():
    """The middle rows are wrong so often that nothing is promised from them on; the lax rows would mend it."""
    confidence = np.repeat([0.99, 0.9, 0.6], [300, 40, 860])
    letter = np.concatenate([letters(300), letters(28, 12), letters(860)])
    p = [binomtest(12, rows, 0.02, alternative="less").pvalue for rows in (340, 1200)]
    assert p[1] <= LEVEL < p[0]
    assert threshold(confidence, letter) == Threshold(GRID[GRID <= 0.99][0], 1200, 300, 300, 300)


def test_it_begins_at_a_quarter_of_the_rows_so_that_one_wrong_label_does_not_end_it():
    """One fault among the surest 149 rows, and no other in 4,000."""
    confidence, letter = np.linspace(0.999, 0.6, 4000), letters(4000)
    letter[10] = NO
    assert threshold(confidence, letter).tagged == 4000
    assert threshold(confidence[:596], letter[:596]).value == np.inf  # a quarter of them is 149


def test_the_threshold_is_on_the_fixed_grid_and_at_most_the_confidence_of_all_that_it_tags():
    for confidence in (1.0, 0.99999999, 0.99, 0.77777777, 0.51):
        found = threshold(confidence, letters(200))
        assert found.value in GRID
        assert found.value <= confidence
        assert found.tagged == 200
    assert (np.diff(GRID) < 0).all()
    assert (GRID[0], GRID[-1]) == (1, 0)


def test_rows_of_one_confidence_are_tagged_together():
    """200 right ones would do, but 20 wrong ones are exactly as sure."""
    assert threshold(0.9, letters(200, 20)).value == np.inf
    assert threshold(np.repeat([0.91, 0.9], [200, 20]), letters(200, 20)).tagged == 200


def test_letters_m_are_tagged_but_neither_right_nor_wrong():
    found = threshold(0.9, letters(FEWEST, maybe=50))
    assert (found.answered, found.tagged, found.judged, found.right) == (199, 199, FEWEST, FEWEST)
    assert threshold(0.9, letters(FEWEST - 1, maybe=50)).value == np.inf


def test_a_task_that_cannot_promise_says_how_many_more_pictures_it_would_need():
    assert threshold(0.9, letters(100), labelled=100).needed == FEWEST - 100
    assert threshold(0.9, letters(100), labelled=300).needed == 3 * (FEWEST - 100)  # as answers of one class of three
    needed = threshold(0.9, letters(198, 2)).needed
    ok = [binomtest(round(rows / 100), rows, 0.02, alternative="less").pvalue <= LEVEL for rows in (700, 300)]
    assert ok == [True, False]  # at one fault in a hundred
    assert 300 < 200 + needed < 700
    assert threshold(0.9, letters(0)).needed is None


def test_no_number_would_do_only_where_faults_are_more_than_chance_would_make():
    """One fault takes 236 rows and four take 456, as above; of 98 % right, 100 rows have four faults or more often."""
    rare = threshold(0.9, letters(2, 1), labelled=300)  # one fault among the 3 answers of a rare class
    assert (rare.needed, rare.without_fault) == (100 * (236 - 3), True)
    (row,) = TaskPromise(300, (rare,), np.empty(0)).rows_of_table(Task("t", ("a", "b")))
    assert row[-1] == "at least 23,300 without a fault, beside 300"
    p = {faults: binomtest(faults, 100, 0.02, alternative="greater").pvalue for faults in (4, 5, 6)}
    assert p[4] > p[5] > LEVEL >= p[6]
    assert threshold(0.9, letters(96, 4))[-2:] == (456 - 100, True)
    assert threshold(0.9, letters(95, 5))[-2:] == (523 - 100, True)
    assert threshold(0.9, letters(94, 6))[-2:] == (None, False)
    assert threshold(0.9, letters(198, 2)).without_fault is False
    for none in (threshold(0.9, letters(0, maybe=7)), threshold(0.9, letters(0))):
        (row,) = TaskPromise(7, (none,), np.empty(0)).rows_of_table(Task("t", ("a", "b")))
        assert row[-1] == "no such answer was judged"


def test_it_needs_more_pictures_for_the_sure_ones_where_the_others_are_too_often_wrong():
    """Of 100 rows 50 are sure and right: 149 such rows are among 298."""
    found = threshold(np.repeat([0.9, 0.6], 50), np.concatenate([letters(50), letters(25, 25)]))
    assert found.needed == 198


def test_one_row_of_a_group_counts_the_first_that_has_a_label():
    twins = [number // 2 for number in range(2 * FEWEST)]
    found = promise_of(sure(2 * FEWEST), group=twins)
    assert (found.rows, found.thresholds[0].judged) == (FEWEST, FEWEST)
    assert not promise_of(sure(2 * FEWEST - 2), group=twins[:-2]).promises_any
    probabilities, codes = sure(2 * FEWEST)
    codes[::2] = ["nn"] * FEWEST  # of each pair the second alone has a label
    assert promise_of((probabilities, codes), group=twins).rows == FEWEST
    codes = ["yn", "ny"] * FEWEST  # the first of each pair is right, the second wrong
    assert promise_of((probabilities, codes), group=twins).thresholds[0].right == FEWEST


def test_by_class_each_class_has_a_threshold_of_its_own():
    first, second = sure(300), ([[0.2, 0.8]] * 300, ["ny"] * 270 + ["yn"] * 30)
    (whole,) = promise_of(first, second).thresholds
    assert whole.tagged == 300  # only the surer class
    a, b = promise_of(first, second, by_class=True).thresholds
    assert (a.answered, a.tagged, a.right) == (300, 300, 300)
    assert (b.value, b.needed) == (np.inf, None)


def test_a_label_is_tagged_only_where_it_is_set():
    """By hand: label a is set in 200 rows and right; label b in 160, 40 of them wrong; nobody asks about those not set,
    of which all are wrong."""
    rows = [[0.9, 0.2]] * 40 + [[0.9, 0.8]] * 160 + [[0.3, 0.1]] * 50
    codes = ["yy"] * 40 + ["yy"] * 120 + ["yn"] * 40 + ["yy"] * 50
    a, b = promise_of((rows, codes), kind="multilabel").thresholds
    assert (a.answered, a.tagged, a.judged, a.right) == (200, 200, 200, 200)
    assert (b.answered, b.value, b.needed) == (160, np.inf, None)


def test_jointly_divides_the_doubt_among_all_thresholds():
    """Two tasks share 5 %: 0.98 ** 183 is 0.0248."""
    both = {"a": sure(182)[0], "b": sure(182)[0]}
    codes = letter_codes(*sure(182)[1])
    two = predicted(both, {"a": codes, "b": codes})
    alone = make_promise(two, Wanted(), "", "").tasks
    jointly = make_promise(two, Wanted(jointly=True), "", "").tasks
    assert [one.promises_any for one in alone.values()] == [True, True]
    assert [(one.promises_any, one.thresholds[0].needed) for one in jointly.values()] == [(False, 1), (False, 1)]
    tasks = (Task("a", tuple("xyz")), Task("b", tuple("xy"), "multilabel"))
    assert (count_tests(tasks, by_class=False), count_tests(tasks, by_class=True)) == (3, 5)


def test_the_largest_probabilities_of_all_rows_are_kept_so_that_drift_can_be_seen():
    rows = [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]
    for kind in ("multiclass", "multilabel"):
        found = promise_of((rows, ["yn", "yn", "nn"]), kind=kind)  # the last has no label
        assert (found.rows, found.confidences.tolist()) == (2, [0.7, 0.9])


def test_a_task_without_labels_promises_nothing():
    found = promise_of((sure(3)[0], ["nn"] * 3))
    assert (found.rows, found.promises_any, len(found.confidences)) == (0, False, 0)


@pytest.mark.parametrize("name", ["precision", "confidence"])
@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1, float("nan")])
def test_shares_that_are_none_are_refused(name, value):
    assert refusal(lambda: Wanted(**{name: value})) == f"--{name} is {value}; allowed are shares above 0 and below 1"


def draw(rng: np.random.Generator, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Confidences of a network that is surer than it is right, and letters, some of which are labelled wrongly."""
    logit = np.abs(rng.normal(4, 3, count))
    right = rng.random(count) < (1 - noise) / (1 + np.exp(-0.9 * logit))
    return (1 / (1 + np.exp(-1.5 * logit))).round(8), np.where(right, YES, NO).astype(np.uint8)


def threshold_without_promise(confidence: np.ndarray, letter: np.ndarray) -> float:
    """The lowest threshold whose precision on these very rows is 98 %."""
    values, _, precision = precision_curve(confidence, letter)
    return values[np.flatnonzero(precision >= 0.98)[-1]]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_over_500_redraws_a_promise_is_broken_as_rarely_as_it_says(noise):
    """500 labelled sets of 1,000 rows from one population, whose precision from each threshold on a million rows tell.

    At a rate of 5 %, 500 redraws break 33 promises or fewer in 95 % of all cases: binom.ppf(0.95, 500, 0.05). The
    threshold that has the precision on the labelled rows themselves has less on others about as often as not.
    """
    rng = np.random.default_rng(0)
    confidence, letter = draw(rng, 1_000_000, noise)
    order = np.argsort(confidence)
    confidence, wrong_from = confidence[order], np.append(np.cumsum((letter == NO)[order][::-1])[::-1], 0)
    promises, without, rows_tagged = 0, 0, []
    for _ in range(500):
        rows = draw(rng, 1000, noise)
        first, other = np.searchsorted(confidence, (threshold(*rows).value, threshold_without_promise(*rows)))
        rows_tagged.append(len(order) - first)
        promises += wrong_from[first] > 0.02 * rows_tagged[-1]
        without += wrong_from[other] > 0.02 * (len(order) - other)
    print(
        f"\nlabel noise {noise:.1%}, 500 redraws: {promises} promises broken, {rows_tagged.count(0)} not made, ", end=""
    )
    print(f"{np.mean(rows_tagged) / len(order):.1%} tagged; without a promise {without} thresholds broken")
    assert promises <= 33
    assert 200 <= without <= 350


@pytest.mark.slow
def test_that_a_quarter_of_the_rows_is_tested_first_makes_promises_likelier_where_labels_are_noisy(monkeypatch):
    """One label of 200 is wrong. Begun at 149 rows, most sequences end at once, however many rows there are."""
    rng, shares = np.random.default_rng(0), {}
    drawn = [draw(rng, 4000, 0.005) for _ in range(200)]
    for start in (learn_then_test.START, 0):
        monkeypatch.setattr(learn_then_test, "START", start)
        found = [threshold(*rows) for rows in drawn]
        shares[start] = np.mean([one.value < np.inf for one in found])
        print(f"\nbegun at {start:.0%} of 4,000 rows: {shares[start]:.1%} of 200 promises made", end=", ")
        print(f"{np.mean([one.tagged / one.answered for one in found]):.1%} tagged")
    assert (shares[0] < 0.5, shares[0.25] > 0.9) == (True, True)
