"""Answers sorted by confidence once, so that any number of resamples of their images can be scored quickly.

A resample says how often each image counts: a column of `weights` (images, resamples) int32. scikit-learn's
`average_precision_score` also takes weights, but ten times as long, because it sorts again for each resample.
"""

from dataclasses import dataclass

import numpy as np

from competition.dataset import MAYBE, NO, YES
from competition.scoring.fashionai import answers, last_of_each
from competition.task import HALF, Kind


@dataclass(frozen=True)
class Ranked:
    """The answers of a multiclass task, or those of one label of a multi-label task, the most confident first.

    `rows` (n,) int are the numbers of their images; `correct` and `wrong`, (n,) bool, say whether the letter is y or n;
    `right` (n,) bool are the answers that count for the accuracy; `last` (m,) int is the last row of each confidence.
    """

    kind: Kind
    rows: np.ndarray
    correct: np.ndarray
    wrong: np.ndarray
    right: np.ndarray
    last: np.ndarray

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(AP, accuracy), each (resamples,) float64; nan where nothing can be scored."""
        count = weights[self.rows]
        seen, correct, wrong = (
            np.cumsum(part, axis=0, dtype=np.int32)[self.last]
            for part in (count, count * self.correct[:, None], count * self.wrong[:, None])
        )
        if self.kind == "multiclass":  # the rule of `fashionai.py`: thresholds in the resample that leave a y or an n
            share = (np.diff(seen, axis=0, prepend=0) > 0) & (correct + wrong > 0)
        else:  # the recall that each probability adds
            share = np.diff(correct, axis=0, prepend=0)
        with np.errstate(invalid="ignore"):
            ap = (share * (correct / np.maximum(correct + wrong, 1))).sum(axis=0) / share.sum(axis=0)
            return ap, (count * self.right[:, None]).sum(axis=0) / count.sum(axis=0)


def rank(kind: Kind, probabilities: np.ndarray, codes: np.ndarray, rows: np.ndarray) -> list[Ranked]:
    """The answers of a task to images with the numbers `rows` (n,) int: one Ranked, or one per label.

    `probabilities` and `codes` are (n, classes). Labels are answered at 0.5; if the letter is m, they do not count.
    """
    one = kind == "multiclass"
    ranked = []
    for confidence, letter in [answers(probabilities, codes)] if one else zip(probabilities.T, codes.T, strict=True):
        order = np.argsort(-confidence, kind="stable")
        order = order if one else order[letter[order] != MAYBE]
        yes = letter[order] == YES
        right = yes if one else (confidence[order] > HALF) == yes
        last = np.flatnonzero(last_of_each(confidence[order]))
        ranked.append(Ranked(kind, rows[order], yes, letter[order] == NO, right, last))
    return ranked


def mean_scores(ranked: list[Ranked], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(AP, accuracy) of a task, each (resamples,) float64: the means over its labels that can be scored."""
    ap, accuracy = np.stack([one.scores(weights) for one in ranked], axis=1)
    return mean_of_known(ap), mean_of_known(accuracy)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of all values that are not nan; nan if all are."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
