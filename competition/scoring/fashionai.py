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


def precision_curve(probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(threshold, answered, precision) of one task, each (thresholds,), from the highest threshold to the lowest.

    `probabilities` (n, classes); `codes` (n, classes) of NO, MAYBE and YES. `answered` is the share of all rows
    that a threshold leaves. Of equal probabilities the first class is the answer.
    """
    rows = np.arange(len(probabilities))
    answer = probabilities.argmax(axis=1)
    confidence = probabilities[rows, answer]
    order = np.argsort(-confidence, kind="stable")
    letter, confidence = codes[rows, answer][order], confidence[order]
    correct, wrong = np.cumsum(letter == YES), np.cumsum(letter == NO)
    last_of_its_value = np.append(confidence[:-1] != confidence[1:], True)[: len(order)]
    judged = np.flatnonzero(last_of_its_value & (correct + wrong > 0))
    return confidence[judged], (judged + 1) / max(1, len(rows)), correct[judged] / (correct + wrong)[judged]


def average_precision(probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, BasicPrecision) of one task, arrays as in `precision_curve`; nan where no row can be judged."""
    *_, precision = precision_curve(probabilities, codes)
    if not len(precision):
        return float("nan"), float("nan")
    return float(precision.mean()), float(precision[-1])
