"""The official metric of FashionAI: precision averaged over how many rows are answered.

The rule: each row answers with class k, whose probability p is its largest. For a threshold T the rows with p < T are
blocked; of the rest, letter y at k is correct, n is wrong, and m does not count. AP is the mean precision over all T
that leave at least one row, mAP the mean AP over the tasks, BasicPrecision the precision with nothing blocked. The
organisers left two points open, which are decided here: T runs over the distinct values of p, and a T that leaves only
m is left out.
"""

import math

import numpy as np

from competition.dataset import NO, YES
from competition.task import DECIMALS


def as_submitted(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) of any float type, as float64 with the decimals of the submission file.

    The organisers score the file: two rows that differ only after the eighth decimal are a tie there, so also here.
    """
    values = probabilities.astype(np.float64)  # always a copy, which is then rounded in place
    return np.round(values, DECIMALS, out=values)


def answers(probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, letter) of each row's answer, (n,) float64 and (n,) uint8, from arrays (n, classes) of both types.

    Letters are the codes NO, MAYBE and YES. If probabilities are equal, the first class is the answer.
    """
    every, answer = np.arange(len(codes)), probabilities.argmax(axis=1)
    return probabilities[every, answer], codes[every, answer]


def precision_curve(confidence: np.ndarray, letter: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(threshold, answered, precision), each (thresholds,) float64, from the highest threshold to the lowest.

    Arguments as `answers` returns them. `answered` is the share of all rows that a threshold leaves.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, letter = confidence[order], letter[order]
    correct, wrong = np.cumsum(letter == YES), np.cumsum(letter == NO)
    judged = np.flatnonzero(last_of_each(confidence) & (correct + wrong > 0))
    return confidence[judged], (judged + 1) / max(1, len(order)), correct[judged] / (correct + wrong)[judged]


def last_of_each(values: np.ndarray) -> np.ndarray:
    """Mask, (n,) bool, of the last of each run of equal numbers in the sorted `values` (n,): a threshold follows it."""
    return np.append(values[:-1] != values[1:], True)[: len(values)]


def average_precision(probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, BasicPrecision) of one task, arrays as in `answers`; nan if no row can be scored."""
    *_, precision = precision_curve(*answers(probabilities, codes))
    if not len(precision):
        return float("nan"), float("nan")
    return float(precision.mean()), float(precision[-1])


def cost_of_missing(share: float) -> tuple[float, float]:
    """What the AP of a task loses, at least and at most, if all rows of a class are wrong and all others right.

    `share` is that of the class among the rows. At least, if its rows are answered last: the precision, 1 until then,
    falls as (1 - share) / answered. At most, if they are answered first: it is 0, then (answered - share) /
    answered. AP is the integral of either over the answered share, from 0 to 1.
    """
    if not 0 < share < 1:
        return share, share
    return 1 - (1 - share) * (1 - math.log1p(-share)), share * (1 - math.log(share))
