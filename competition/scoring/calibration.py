"""Calibration of probabilities: temperature and calibration error."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from competition.dataset import MAYBE, YES
from competition.scoring.blend import FLOOR
from competition.scoring.fashionai import answers, as_submitted
from competition.scoring.predictions import Predictions, parts_of
from competition.scoring.scores import average_precision, choices
from competition.task import Task

BINS = 15  # as in Guo et al., On calibration of modern neural networks, 2017
HOTTEST = 10.0  # temperatures are searched between this and its inverse


class Reliability(NamedTuple):
    """For each bin of the largest probability: number of rows, mean probability and precision, each (BINS,)."""

    rows: np.ndarray
    confidence: np.ndarray
    precision: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: |confidence - precision| of the bins, averaged over the rows."""
        filled = self.rows > 0
        if not filled.any():
            return float("nan")
        return float(np.average(np.abs(self.confidence - self.precision)[filled], weights=self.rows[filled]))


class Calibration(NamedTuple):
    """One task: its temperature, found on all rows, and reliability and official AP before and after.

    Each label of a multi-label task counts as an answer yes or no; its confidence is the larger probability of the two.
    `after` and `ap_after` are for temperatures that were found on other rows.
    """

    task: Task
    rows: int
    temperature: float
    before: Reliability
    after: Reliability
    ap_before: float
    ap_after: float


def calibrate(predictions: Predictions) -> tuple[Calibration, ...]:
    """The Calibration of each task that has labelled rows."""
    parts = parts_of(predictions.group)
    return tuple(_calibrate_task(task, *given, parts[:, rows]) for task, rows, *given in predictions.labelled_tasks())


def _calibrate_task(task: Task, probabilities: np.ndarray, codes: np.ndarray, parts: np.ndarray) -> Calibration:
    chosen, letters = choices(task.kind, probabilities, codes)
    parts = np.repeat(parts, len(chosen) // len(probabilities), axis=1)
    softened = np.empty_like(chosen)
    for here in parts:
        temperature = fit_temperature(chosen[~here], letters[~here])
        softened[here] = as_submitted(soften(chosen[here], temperature))
    after = softened if task.kind == "multiclass" else softened[:, 1].reshape(probabilities.shape)
    return Calibration(
        task,
        len(codes),
        fit_temperature(chosen, letters),
        reliability(*answers(chosen, letters)),
        reliability(*answers(softened, letters)),
        average_precision(task.kind, probabilities, codes)[0],
        average_precision(task.kind, after, codes)[0],
    )


def soften(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) float64 at temperature T: softmax(log p / T); for no and yes, sigmoid(logit p / T).

    Above 1 they become less confident, below 1 more. Each row keeps its answer, but the order of the rows can change.
    """
    return softmax(np.log(np.maximum(probabilities, FLOOR)) / temperature, axis=1)


def fit_temperature(probabilities: np.ndarray, codes: np.ndarray) -> float:
    """The temperature with the least negative log likelihood of the codes, (n, classes) uint8; 1 if none of them is y.

    The likelihood has one peak in 1 / T. If it lies outside the searched range, as when every answer is right, the
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
    ends = HOTTEST, 1 / HOTTEST  # the bounded search comes close to them, but does not try them
    return min((*ends, float(np.exp(inside))), key=lambda temperature: loss(np.log(temperature)))


def reliability(confidence: np.ndarray, letter: np.ndarray) -> Reliability:
    """The Reliability of answers with this confidence (n,) float64 and letter (n,) uint8; nan where a bin is empty.

    Bins have equal width and include their upper end. An answer is right if its letter is y; m does not count, as in
    the official metric.
    """
    judged = letter != MAYBE
    confidence, right = confidence[judged], letter[judged] == YES
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    rows = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):
        means = (np.bincount(place, values, minlength=BINS) / rows for values in (confidence, right))
        return Reliability(rows, *means)
