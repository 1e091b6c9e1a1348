"""Answers sorted by how sure they are, once; then any number of resamples of their images is scored quickly.

A resample is how often each image is counted, a column of `weights` (images, resamples) int32. scikit-learn's
`average_precision_score` takes weights, too, but ten times as long: it sorts again for each resample.
"""

from dataclasses import dataclass

import numpy as np

from competition.dataset import MAYBE, NO, YES
from competition.scoring.fashionai import answers, last_of_each
from competition.task import HALF, Kind


@dataclass(frozen=True)
class Ranked:
    """The answers of a multiclass task, or those of one label of a multilabel task, the surest first.

    `rows` (n,) are the numbers of their images; `correct` and `wrong` say whether the letter is y or n; `right` says
    which answers the accuracy counts; `last` is the last row of each distinct confidence.
    """

    kind: Kind
    rows: np.ndarray
    correct: np.ndarray
    wrong: np.ndarray
    right: np.ndarray
    last: np.ndarray

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(AP, accuracy), each (resamples,); nan where there is nothing to judge."""
        count = weights[self.rows]
        seen, correct, wrong = (
            np.cumsum(part, axis=0, dtype=np.int32)[self.last]
            for part in (count, count * self.correct[:, None], count * self.wrong[:, None])
        )
        with np.errstate(invalid="ignore"):
            ap = _official_ap(seen, correct, wrong) if self.kind == "multiclass" else _label_ap(correct, wrong)
            return ap, (count * self.right[:, None]).sum(axis=0) / count.sum(axis=0)


def rank(kind: Kind, probabilities: np.ndarray, codes: np.ndarray, rows: np.ndarray | None = None) -> list[Ranked]:
    """The answers of a task, (n, classes), to images of the numbers `rows`: one Ranked, or one a label.

    A label is answered at 0.5; where its letter is m, it does not count.
    """
    rows = np.arange(len(codes)) if rows is None else rows
    if kind == "multiclass":
        confidence, letter = answers(probabilities, codes)
        return [_sorted(kind, confidence, letter, letter == YES, rows)]
    known = [letter != MAYBE for letter in codes.T]
    return [
        _sorted(kind, p[here], letter[here], (p[here] > HALF) == (letter[here] == YES), rows[here])
        for p, letter, here in zip(probabilities.T, codes.T, known, strict=True)
    ]


def _sorted(kind: Kind, confidence: np.ndarray, letter: np.ndarray, right: np.ndarray, rows: np.ndarray) -> Ranked:
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(last_of_each(confidence[order]))
    return Ranked(kind, rows[order], letter[order] == YES, letter[order] == NO, right[order], last)


def mean_scores(ranked: list[Ranked], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(AP, accuracy) of a task, each (resamples,): the means over its labels that can be judged."""
    ap, accuracy = np.stack([one.scores(weights) for one in ranked], axis=1)
    return mean_of_known(ap), mean_of_known(accuracy)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is not nan; nan where all is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def _official_ap(seen: np.ndarray, correct: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The rule of `fashionai.py`: a threshold counts if its confidence is drawn, and if it leaves a y or an n."""
    judged = (np.diff(seen, axis=0, prepend=0) > 0) & (correct + wrong > 0)
    return (correct / np.maximum(correct + wrong, 1) * judged).sum(axis=0) / judged.sum(axis=0)


def _label_ap(correct: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The precision at each probability weighted by the recall gained there."""
    gained = np.diff(correct, axis=0, prepend=0)
    return (gained * (correct / np.maximum(correct + wrong, 1))).sum(axis=0) / gained.sum(axis=0)
