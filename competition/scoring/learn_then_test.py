"""Learn-then-Test: from which probability on the precision of what is tagged can be promised.

By Angelopoulos, Bates, Candès, Jordan and Lei, Learn then Test: Calibrating Predictive Algorithms to Achieve Risk
Control, 2021, arXiv:2110.01052, with fixed-sequence testing.

For a threshold that is fixed beforehand the faults among the judged rows from it on are binomial, so P(Bin(judged,
1 - precision) <= faults) is an exact p-value of "the precision there is less than promised". The thresholds of GRID,
which no data chose, are tested from strict to lax, each at the full level, until one is not rejected; the promise is
the last that was, or of those that tag the same rows the strictest, for no row tells of probabilities below. To
promise too much is to reject the first of them that does not keep the precision, which happens with at most the
probability of the level, 1 - confidence.

The first threshold tested is the first from which on enough rows are judged for a rejection to be possible, and START
of all rows: a few rows would let one wrong label end the sequence at once, however many rows there are. This looks at
how many rows are judged, never at whether they are right, and keeps the level as long as surer answers are right at
least as often as others.

It rests on rows that are exchangeable with what is tagged later, and independent of each other: the same kind of
pictures, taken, chosen and labelled in the same way, one picture of each product, and one row of each group of
near-duplicates, which is seen to here. Two pictures of a product are no near-duplicates, but often right or wrong
together, so with several of each the level is not kept. No weight and no epoch may have been chosen by these rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np
from scipy.special import betainc
from scipy.stats import binom

from competition.dataset import MAYBE, YES
from competition.layouts.answers import answers
from competition.scoring.fashionai import as_submitted
from competition.scoring.predictions import Predictions
from competition.scoring.promise import Promise, TaskPromise, Threshold, Wanted, order_statistics
from competition.task import DECIMALS, Task

START = 1 / 4  # of the rows that could be tagged
A_DECADE = 50  # thresholds in each decade of 1 - p; more gain nothing, and with fewer the last one is further off
GRID = np.unique(as_submitted(np.append(1 - np.logspace(-DECIMALS, 0, 1 + DECIMALS * A_DECADE), 1.0)))[::-1]
MOST = 10_000_000  # rows; what would need more cannot be promised


def make_promise(predictions: Predictions, wanted: Wanted, run: str, source: str) -> Promise:
    """The promise that rows which chose no weight and no epoch allow; `run` and `source` as in Promise."""
    level = (1 - wanted.confidence) / (count_tests(predictions.tasks, wanted.by_class) if wanted.jointly else 1)
    tasks = {}
    for task in predictions.tasks:
        rows = one_of_each_group(predictions.group, predictions.labelled[task.name])
        given, codes = predictions.probabilities[task.name][rows], predictions.codes[task.name][rows]
        thresholds = tuple(
            find_threshold(*alike, wanted.precision, level, len(rows))
            for alike in _answers_alike(task, given, codes, wanted.by_class)
        )
        tasks[task.name] = TaskPromise(len(rows), thresholds, order_statistics(given.max(axis=1)))
    return Promise(**asdict(wanted), run=run, source=source, tasks=tasks)


def count_tests(tasks: tuple[Task, ...], by_class: bool) -> int:
    """How many thresholds are looked for: one a task, or a class; always one a label of a multi-label task."""
    return sum(len(task) if by_class or task.kind == "multilabel" else 1 for task in tasks)


def one_of_each_group(group: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """The first labelled row of each group, ascending: near-duplicates tell as much as one of them.

    Which one must not depend on its answer; the first is as good as any. `group` (n,) int, `labelled` (n,) bool.
    """
    rows = np.flatnonzero(labelled)
    return rows[np.sort(np.unique(group[rows], return_index=True)[1])]


def _answers_alike(
    task: Task, probabilities: np.ndarray, codes: np.ndarray, by_class: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(confidence, letter) of the answers that share a threshold: all of a task, or those of each class or label."""
    chosen = answers(probabilities, task)
    if by_class or task.kind == "multilabel":
        for place in range(len(task)):
            rows = chosen[:, place]
            yield probabilities[rows, place], codes[rows, place]
    else:
        yield probabilities[chosen], codes[chosen]


def find_threshold(
    confidence: np.ndarray, letter: np.ndarray, precision: float, level: float, labelled: int
) -> Threshold:
    """The Threshold of answers with a confidence (n,) float64 and a letter (n,) uint8, on `labelled` pictures.

    An answer is right if its letter is y; m is neither right nor wrong, as in the official metric.
    """
    tagged = _count_from(confidence)
    judged, right = _count_from(confidence[letter != MAYBE]), _count_from(confidence[letter == YES])
    possible = (binom.cdf(0, judged, 1 - precision) <= level) & (judged >= START * judged[-1])
    first = int(possible.argmax()) if possible.any() else len(GRID)
    rejected = binom.cdf(judged - right, judged, 1 - precision)[first:] <= level
    if kept := int(np.logical_and.accumulate(rejected).sum()):
        last = first + kept - 1
        last = max(first, int(np.searchsorted(tagged, tagged[last])))  # the strictest that tags the same rows
        return Threshold(float(GRID[last]), len(letter), int(tagged[last]), int(judged[last]), int(right[last]))
    could = (judged > 0) & (judged >= START * judged[-1]) & (np.arange(len(GRID)) <= first)
    needed = _needed(judged[could], right[could], precision, level, labelled)
    return Threshold(np.inf, len(letter), 0, 0, 0, *needed)


def _count_from(confidence: np.ndarray) -> np.ndarray:
    """How many rows are at least as sure as each threshold of GRID, int."""
    return len(confidence) - np.searchsorted(np.sort(confidence), GRID)


def _needed(
    judged: np.ndarray, right: np.ndarray, precision: float, level: float, labelled: int
) -> tuple[int | None, bool]:
    """How many more labelled pictures should allow a promise, and whether only if no further answer is wrong.

    Of the thresholds at which one could begin, with so many rows `judged` and `right`, it is the one that needs the
    fewest, if its shares of faults and of the pictures stay as they are. Where all have too many faults, which may be
    chance, it is the one that needs the fewest without a further fault. None if it is not chance: P(Bin(judged,
    1 - precision) >= faults), the p-value of "the precision can be reached", is at most the level at each of them; and
    if no answer was judged.
    """
    if not len(judged):
        return None, True
    faults = judged - right
    more = _more(judged, lambda rows: faults / judged * rows, precision, level, labelled)
    if more is not None:
        return more, False
    chance = binom.sf(faults - 1, judged, 1 - precision) > level
    judged, faults = judged[chance], faults[chance]
    more = _more(judged, lambda rows: faults, precision, level, labelled)
    return more, more is not None


def _more(
    judged: np.ndarray, faults_in: Callable[[np.ndarray], np.ndarray], precision: float, level: float, labelled: int
) -> int | None:
    """The fewest further pictures with which P(Bin(n, 1 - precision) <= faults_in(n)) is at most the level, if any.

    `judged` (thresholds,) of the `labelled` pictures were judged; as many of the further ones will be.
    """
    low, high = judged, np.full(len(judged), MOST)
    while (low < high).any():
        middle = (low + high) // 2
        faults = faults_in(middle)
        enough = betainc(middle - faults, faults + 1, precision) <= level
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    more = -(-labelled * (high - judged) // judged)[high < MOST]  # rounded up
    return int(more.min()) if len(more) else None
