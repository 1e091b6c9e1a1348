"""Resampling: the weighted score is the score of repeated rows, and intervals are as wide as theory says."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import letter_codes
from predicted import at_random, intervals, predicted

from competition.scoring.bootstrap import compare_paired
from competition.scoring.fashionai import average_precision
from competition.scoring.ranked import mean_scores, rank


@pytest.mark.parametrize("seed", range(20))
def test_weights_score_as_rows_that_are_really_repeated(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 30))
    probabilities = rng.dirichlet(np.ones(3), count).round(1 + seed % 2)  # with ties
    codes = rng.integers(0, 3, (count, 3)).astype(np.uint8)
    codes[0, 0] = 2
    labelled = np.flatnonzero(codes.any(axis=1))
    weights = rng.integers(0, 3, (count, 6))
    ap, accuracy = mean_scores(rank("multiclass", probabilities[labelled], codes[labelled], labelled), weights)
    for drawn in range(6):
        rows = np.repeat(labelled, weights[labelled, drawn])
        assert ap[drawn] == pytest.approx(average_precision(probabilities[rows], codes[rows])[0], nan_ok=True)
        right = [codes[row, probabilities[row].argmax()] == 2 for row in rows]
        assert accuracy[drawn] == pytest.approx(sum(right) / len(right) if right else np.nan, nan_ok=True)


def test_the_scores_on_all_images_are_those_of_the_report():
    one = at_random(1)
    *tasks, mean = intervals(one, resamples=10)
    report = one.score()
    assert [t.task for t in tasks] == [t.task for t in report.tasks]
    assert [t.ap.value for t in tasks] == pytest.approx([t.ap for t in report.tasks], abs=1e-12)
    assert (mean.task, mean.ap.value) == ("mean", pytest.approx(report.map, abs=1e-12))
    assert mean.accuracy.value == pytest.approx(report.accuracy, abs=1e-12)


def test_the_interval_of_accuracy_is_that_of_a_share():
    """Independent truth: the normal approximation of a binomial share."""
    one = at_random(2, count=1000, tasks=["t"])
    accuracy = intervals(one, resamples=2000)[0].accuracy
    share, rows = accuracy.value, one.labelled["t"].sum()
    half = 1.96 * np.sqrt(share * (1 - share) / rows)
    assert (accuracy.low, accuracy.high) == pytest.approx((share - half, share + half), abs=0.1 * half)


def test_near_duplicates_are_no_further_evidence():
    one = at_random(3, count=400, tasks=["t"])
    twice = one.take(np.repeat(np.arange(400), 2))
    apart = replace(twice, group=np.arange(800))
    width, together, alone = (np.subtract(*intervals(several)[0].accuracy[:0:-1]) for several in (one, twice, apart))
    assert together == pytest.approx(width, rel=0.1)
    assert alone == pytest.approx(width / np.sqrt(2), rel=0.1)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    one = at_random(4)
    assert intervals(one, 60) == intervals(one, 60)
    assert intervals(one, 60) != intervals(one, 60, seed=1)


def test_the_interval_holds_95_percent_of_the_resamples_of_two_images():
    """By hand: of n y, both halves drawn are n n, n y, y n, y y: accuracy 0 in a quarter, 1 in a quarter."""
    one = predicted({"t": [[0.9, 0.1], [0.8, 0.2]]}, {"t": letter_codes("ny", "yn")})
    (task, mean) = intervals(one)
    assert task.accuracy == (0.5, 0, 1)
    assert task.ap == (0.25, 0, 1)
    assert mean.ap == task.ap


def test_a_task_without_labels_is_left_out_and_one_without_a_verdict_is_nan():
    probabilities = {name: [[0.9, 0.1], [0.8, 0.2]] for name in ("none", "maybe", "sure")}
    codes = {"none": letter_codes("nn", "nn"), "maybe": letter_codes("my", "my"), "sure": letter_codes("yn", "yn")}
    maybe, sure, mean = intervals(predicted(probabilities, codes), resamples=20)
    assert (maybe.task, sure.task, sure.ap, mean.ap) == ("maybe", "sure", (1, 1, 1), (1, 1, 1))
    assert np.isnan(maybe.ap).all()
    assert maybe.accuracy == (0, 0, 0)


def test_a_difference_is_taken_on_the_same_resamples():
    """B errs where A errs and once more: A is never worse, though the intervals of both overlap widely."""
    good = at_random(5, skill=1, count=300, tasks=["t"])
    answer = good.probabilities["t"].argmax(axis=1)
    right = np.flatnonzero(good.codes["t"][np.arange(300), answer] == 2)
    worse = good.probabilities["t"].copy()
    worse[right[:12]] = np.roll(worse[right[:12]], 1, axis=1)
    task, mean = compare_paired(good, replace(good, probabilities={"t": worse}))
    gain = task.accuracy
    assert gain.a - gain.b == pytest.approx(gain.difference.value) == pytest.approx(12 / good.labelled["t"].sum())
    assert (gain.difference.low > 0, gain.difference.is_noise) == (True, False)
    assert gain.wins > 0.99
    assert mean.accuracy == gain
    alone = intervals(good)[0].accuracy
    assert alone.low < gain.b < alone.high


def test_wins_count_how_often_a_is_ahead_and_ties_as_half():
    one, other = at_random(6, skill=1.5, tasks=["t"]), at_random(7, skill=1.5, tasks=["t"])
    there, back = compare_paired(one, other)[0].ap, compare_paired(other, one)[0].ap
    assert there.wins == pytest.approx(1 - back.wins)
    assert there.difference == pytest.approx([-back.difference.value, -back.difference.high, -back.difference.low])
    same = compare_paired(one, one)[0].ap
    assert (same.difference, same.wins, same.difference.is_noise) == ((0, 0, 0), 0.5, True)


def test_a_difference_does_not_depend_on_the_order_of_the_images():
    one, other = at_random(6), at_random(7)
    assert compare_paired(one, other) == compare_paired(one, other.take(np.arange(len(other))[::-1]))
