"""Tasks of which any number of labels are true: each label is a question of its own, answered yes or no.

A label is answered yes where its probability is above a threshold, 0.5 as published. Letter m counts as nothing, as in
the official metric. A mean over labels leaves out those that cannot be judged.
"""

from dataclasses import dataclass

import numpy as np

from competition.dataset import MAYBE, YES
from competition.scoring.fashionai import as_submitted
from competition.task import HALF


@dataclass(frozen=True)
class RankedLabel:
    """The rows of one label with a y or an n, most probable first; `last` is the last row of each probability.

    `right` says where the answer at 0.5 is the letter.
    """

    rows: np.ndarray
    probability: np.ndarray
    yes: np.ndarray
    right: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, probability: np.ndarray, letter: np.ndarray, rows: np.ndarray | None = None) -> "RankedLabel":
        """Of (n,) probabilities and codes; `rows` are the numbers of their images, 0 to n - 1 without it."""
        known = np.flatnonzero(letter != MAYBE)
        order = known[np.argsort(-probability[known], kind="stable")]
        ranked, yes = probability[order], letter[order] == YES
        last = np.flatnonzero(np.append(np.diff(ranked) != 0, True)[: len(order)])
        return cls(order if rows is None else rows[order], ranked, yes, (ranked > HALF) == yes, last)

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(AP, accuracy), each (resamples,), of images repeated `weights` (images, resamples) times.

        AP is the precision at each probability weighted by the recall gained there; nan where no row is true.
        """
        count = weights[self.rows]
        answered, true = (
            np.cumsum(part, axis=0, dtype=np.int32)[self.last] for part in (count, count * self.yes[:, None])
        )
        gained = np.diff(true, axis=0, prepend=0)
        ap = (gained * (true / np.maximum(answered, 1))).sum(axis=0)
        with np.errstate(invalid="ignore"):  # where nothing is true, or nothing was drawn
            return ap / gained.sum(axis=0), (count * self.right[:, None]).sum(axis=0) / count.sum(axis=0)


@dataclass(frozen=True)
class RankedLabels:
    """The labels of one task."""

    labels: tuple[RankedLabel, ...]

    @classmethod
    def of(cls, probabilities: np.ndarray, codes: np.ndarray, rows: np.ndarray | None = None) -> "RankedLabels":
        """Of (n, labels) probabilities and codes; `rows` as for one label."""
        return cls(tuple(RankedLabel.of(*pair, rows) for pair in zip(probabilities.T, codes.T, strict=True)))

    def scores(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(AP, accuracy), each (resamples,): means over the labels; nan where none can be judged."""
        ap, accuracy = np.stack([label.scores(weights) for label in self.labels], axis=1)
        return mean_of_known(ap), mean_of_known(accuracy)


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is not nan; nan where all is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def label_scores(probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, accuracy) of a task, (n, labels): means over the labels."""
    once = np.ones((len(codes), 1), np.int32)
    ap, accuracy = RankedLabels.of(probabilities, codes).scores(once)
    return float(ap[0]), float(accuracy[0])


def precision_of_yes(probabilities: np.ndarray, codes: np.ndarray) -> float:
    """How many of the labels that are answered yes are true; nan where none is answered so."""
    answered = (probabilities > HALF) & (codes != MAYBE)
    return float((codes[answered] == YES).mean()) if answered.any() else float("nan")


def label_chance(codes: np.ndarray) -> float:
    """The accuracy of answering each label with what it mostly is, mean over the labels."""
    known = codes != MAYBE
    with np.errstate(invalid="ignore"):
        share = (codes == YES).sum(axis=0) / known.sum(axis=0)
    return float(mean_of_known(np.maximum(share, 1 - share)))


def f1_score(answered: np.ndarray, letter: np.ndarray) -> float:
    """F1 of one label, of (n,) answers (bool) and codes; nan where no row is true."""
    known, yes = letter != MAYBE, letter == YES
    if not yes.any():
        return float("nan")
    return float(2 * (answered & yes).sum() / ((answered & known).sum() + yes.sum()))


def best_threshold(probability: np.ndarray, letter: np.ndarray) -> float:
    """The threshold above which a yes gives one label its best F1, halfway to the next lower probability; else 0.5."""
    ranked = RankedLabel.of(probability, letter)
    values, true = ranked.probability[ranked.last], np.cumsum(ranked.yes)[ranked.last]
    f1 = np.where(values > 0, 2 * true / (ranked.last + 1 + ranked.yes.sum()), 0)
    if not f1.any():
        return HALF
    best = f1.argmax()
    return float((values[best] + np.append(values, 0)[best + 1]) / 2)


def yes_or_no(probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each label of each image as a choice of no or yes: probabilities and codes (n * labels, 2), image by image."""
    yes, letter = probabilities.ravel(), codes.ravel()
    return np.stack([as_submitted(1 - yes), yes], axis=1), np.stack([YES - letter, letter], axis=1)
