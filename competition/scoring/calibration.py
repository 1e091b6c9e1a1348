"""Whether probabilities mean what they say: temperature, calibration error, and how much can be answered how surely."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from competition.dataset import MAYBE, YES
from competition.scoring.blend import FLOOR
from competition.scoring.fashionai import answers, as_submitted, precision_curve
from competition.scoring.predictions import Predictions, parts_of
from competition.scoring.scores import average_precision, choices
from competition.task import Task

BINS = 15  # as Guo and others have them, On calibration of modern neural networks, 2017
GOALS = (0.95, 0.98)
HOTTEST = 10.0  # temperatures are looked for between this and its inverse


class Threshold(NamedTuple):
    """Rows whose largest probability is at least `threshold` are the share `coverage` of all, with this precision.

    `elsewhere` is the precision of thresholds found on other rows than those they are used on, and so the one to
    expect; nan where they answer none.
    """

    goal: float
    threshold: float
    coverage: float
    precision: float
    elsewhere: float


class Reliability(NamedTuple):
    """Of each bin of the largest probability: how many rows, their mean probability and precision, each (BINS,)."""

    rows: np.ndarray
    confidence: np.ndarray
    precision: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: how far confidence and precision are apart, mean over the rows."""
        filled = self.rows > 0
        if not filled.any():
            return float("nan")
        return float(np.average(np.abs(self.confidence - self.precision)[filled], weights=self.rows[filled]))


class Calibration(NamedTuple):
    """One task: its temperature, found on all rows, and what a temperature does to reliability and official AP.

    Each label of a multi-label task is an answer of its own, yes or no, as sure as the larger of both probabilities.
    `after` is for rows whose temperature was found on other rows. `thresholds` are for probabilities as they are,
    without a temperature, and only of the GOALS that are reached.
    """

    task: Task
    rows: int
    temperature: float
    before: Reliability
    after: Reliability
    ap_before: float
    ap_after: float
    thresholds: tuple[Threshold, ...]


def calibrate(predictions: Predictions) -> tuple[Calibration, ...]:
    """A Calibration of each task that has labelled rows."""
    parts = parts_of(predictions.group)
    return tuple(_calibrate_task(task, *given, parts[:, rows]) for task, rows, *given in predictions.labelled_tasks())


def _calibrate_task(task: Task, probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray) -> Calibration:
    chosen, letters = choices(task.kind, probabilities, codes)
    parts = np.repeat(parts, len(chosen) // len(probabilities), axis=1)
    softened = np.empty_like(chosen)
    for here in parts:
        temperature = fit_temperature(chosen[~here], letters[~here])
        softened[here] = as_submitted(soften(chosen[here], temperature))
    answered = answers(chosen, letters)
    after = softened if task.kind == "multiclass" else softened[:, 1].reshape(probabilities.shape)
    return Calibration(
        task,
        len(codes),
        fit_temperature(chosen, letters),
        reliability(*answered),
        reliability(*answers(softened, letters)),
        average_precision(task.kind, probabilities, codes)[0],
        average_precision(task.kind, after, codes)[0],
        tuple(filter(None, (threshold_for(goal, *answered, parts) for goal in GOALS))),
    )


def soften(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) at temperature T: softmax(log p / T), which for no and yes is sigmoid(logit p / T).

    Above 1 they become less sure, below 1 surer. Each row keeps its answer, but rows can overtake one another.
    """
    return softmax(np.log(np.maximum(probabilities, FLOOR)) / temperature, axis=1)


def fit_temperature(probabilities: np.ndarray, codes: np.ndarray) -> float:
    """The temperature with the least negative log likelihood of the codes; 1, no change, where there is no y.

    The likelihood has one peak in 1 / T. Where the peak is out of reach, as where every answer is right, the
    temperature is exactly HOTTEST or its inverse.
    """
    yes = codes == YES
    known = yes.any(axis=1)
    if not known.any():
        return 1.0
    logs = np.log(np.maximum(probabilities[known], FLOOR))
    over_truth = logs - logs[np.arange(len(logs)), yes[known].argmax(axis=1)][:, None]

    def loss(log_temperature: float) -> float:
        return logsumexp(over_truth / np.exp(log_temperature), axis=1).mean()

    widest = np.log(HOTTEST)
    inside = minimize_scalar(loss, bounds=(-widest, widest), method="bounded").x
    ends = HOTTEST, 1 / HOTTEST  # which the search only comes near to
    return min((*ends, float(np.exp(inside))), key=lambda temperature: loss(np.log(temperature)))


def reliability(confidence: np.ndarray, letter: np.ndarray) -> Reliability:
    """Bins of equal width of the confidence of some answers, each with its upper end; nan where a bin is empty.

    An answer is right where its letter is y; where it is m, it counts as nothing, as in the official metric.
    """
    judged = letter != MAYBE
    confidence, right = confidence[judged], letter[judged] == YES
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    rows = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):
        means = (np.bincount(place, values, minlength=BINS) / rows for values in (confidence, right))
        return Reliability(rows, *means)


def threshold_for(goal: float, confidence: np.ndarray, letter: np.ndarray, parts: np.ndarray) -> Threshold | None:
    """The threshold that answers most rows with at least this precision; None where no threshold reaches it.

    It is the lowest one at which precision is at least `goal`, though it may be less at a higher one. The masks
    `parts` are for `elsewhere`.
    """

    def lowest(rows: np.ndarray) -> tuple[float, float, float] | None:
        curve = np.stack(precision_curve(confidence[rows], letter[rows]))
        reached = np.flatnonzero(curve[2] >= goal)
        return tuple(curve[:, reached[-1]]) if len(reached) else None

    best = lowest(np.ones(len(letter), bool))
    if best is None:
        return None
    answered = np.zeros(len(letter), bool)
    for here in parts:
        if found := lowest(~here):
            answered |= here & (confidence >= found[0])
    judged = letter[answered & (letter != MAYBE)]
    elsewhere = (judged == YES).mean() if len(judged) else float("nan")
    return Threshold(goal, *map(float, (*best, elsewhere)))
