"""The official metric of FashionAI: precision averaged over how many rows are answered.

Rule: each row gives p, its largest probability, at class k. For a threshold T the rows with p < T are blocked; of
the rest, letter y at k is correct, n is wrong, and m counts as nothing. AP is the mean precision over all T that
leave at least one row, mAP the mean AP over the tasks, BasicPrecision the precision with nothing blocked. Left
open by the organisers and decided here: T runs over the distinct values of p, and a T that leaves only m is left
out.
"""

import numpy as np

from competition.dataset import NO, YES
from competition.task import DECIMALS


def as_submitted(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities (n, classes) float64 as the submission file will hold them.

    The organisers score the file: two rows that differ after the eighth decimal are a tie there, so they must be
    one here.
    """
    return np.round(probabilities.astype(np.float64), DECIMALS)


def answers(probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(confidence, letter) of each row's answer, each (n,), of `probabilities` and `codes` (n, classes).

    Letters are codes NO, MAYBE and YES. Of equal probabilities the first class is the answer.
    """
    every, answer = np.arange(len(codes)), probabilities.argmax(axis=1)
    return probabilities[every, answer], codes[every, answer]


def precision_curve(confidence: np.ndarray, letter: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(threshold, answered, precision) of some answers, each (thresholds,), from the highest threshold to the lowest.

    `answered` is the share of all rows that a threshold leaves.
    """
    order = np.argsort(-confidence, kind="stable")
    confidence, letter = confidence[order], letter[order]
    correct, wrong = np.cumsum(letter == YES), np.cumsum(letter == NO)
    judged = np.flatnonzero(last_of_each(confidence) & (correct + wrong > 0))
    return confidence[judged], (judged + 1) / max(1, len(order)), correct[judged] / (correct + wrong)[judged]


def last_of_each(values: np.ndarray) -> np.ndarray:
    """Which of the sorted `values` (n,) are the last of their kind, (n,) bool: those after which a threshold lies."""
    return np.append(values[:-1] != values[1:], True)[: len(values)]


def average_precision(probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, BasicPrecision) of one task, arrays as in `answers`; nan where no row can be judged."""
    *_, precision = precision_curve(*answers(probabilities, codes))
    if not len(precision):
        return float("nan"), float("nan")
    return float(precision.mean()), float(precision[-1])
