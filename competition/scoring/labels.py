"""Scores of each label of the multi-label tasks, at 0.5 and at a threshold of its own."""

import numpy as np
import pandas as pd

from competition.dataset import MAYBE, YES
from competition.scoring.predictions import Predictions, parts_of
from competition.scoring.scores import average_precision
from competition.task import HALF

NUMBERS = ["share_true", "accuracy", "f1", "ap", "threshold", "f1_at_threshold"]


def score_labels(predictions: Predictions) -> pd.DataFrame:
    """A row for each label of the multi-label tasks that have labelled rows; m does not count.

    Columns task, label, rows and NUMBERS. `f1` and `accuracy` are for answers at 0.5. `threshold` is the one with the
    best F1 on all rows; `f1_at_threshold` is for thresholds that were found on other rows than those they answer, so
    the F1 to expect.
    """
    parts, scores = parts_of(predictions.group), []
    for task, rows, probabilities, codes in predictions.labelled_tasks():
        for label, probability, letter in zip(task.classes, probabilities.T, codes.T, strict=True):
            if task.kind == "multilabel":
                known = letter != MAYBE
                numbers = _numbers(probability[known], letter[known] == YES, parts[:, rows][:, known])
                scores.append((task.name, label, known.sum(), *numbers))
    return pd.DataFrame(scores, columns=["task", "label", "rows", *NUMBERS])


def _numbers(probability: np.ndarray, yes: np.ndarray, parts: np.ndarray) -> tuple[float, ...]:
    """The NUMBERS of one label; `probability` (n,) float64, `yes` (n,) bool, `parts` (parts, n) bool."""
    at_half, answered = probability > HALF, np.zeros(len(yes), bool)
    for here in parts:
        answered[here] = probability[here] > best_threshold(probability[~here], yes[~here])
    true, right = (values.mean() if len(values) else float("nan") for values in (yes, at_half == yes))
    ap, _ = average_precision("multilabel", probability[:, None], YES * yes[:, None])
    return true, right, _f1(yes, at_half), ap, best_threshold(probability, yes), _f1(yes, answered)


def _f1(yes: np.ndarray, answered: np.ndarray) -> float:
    """F1 of one label, both (n,) bool; nan if no row is true."""
    from sklearn.metrics import f1_score

    return float(f1_score(yes, answered)) if yes.any() else float("nan")


def best_threshold(probability: np.ndarray, yes: np.ndarray) -> float:
    """The threshold with the best F1 of one label, halfway to the next lower probability; 0.5 if no row is true.

    `probability` is (n,) float64 and `yes` (n,) bool; a probability above the threshold is answered yes.
    """
    from sklearn.metrics import confusion_matrix_at_thresholds

    if not probability[yes].any():  # a probability of 0 is never answered yes
        return HALF
    _, false, missed, true, values = confusion_matrix_at_thresholds(yes, probability)
    best = np.where(values > 0, 2 * true / (2 * true + false + missed), 0).argmax()
    return float((values[best] + np.append(values, 0)[best + 1]) / 2)


def label_table(scores: pd.DataFrame) -> str:
    """A row per label, and one with the means of each task over its labels that can be scored (F1: the macro F1)."""
    width = max(len(f"{one.task} {one.label}") for one in scores.itertuples())
    columns = "accuracy      F1      AP  threshold  F1 there, held out"
    cells = "{:6.4f}    {:6.4f}  {:6.4f}  {:6.4f}     {:6.4f}              {:6.4f}".format  # NUMBERS in their order
    lines = [f"{'label':{width}}   rows    true  {columns}"]
    for task, labels in scores.groupby("task", sort=False):
        for one, row in zip(labels.itertuples(), labels[NUMBERS].to_numpy(), strict=True):
            lines.append(f"{f'{task} {one.label}':{width}}  {one.rows:5d}  {cells(*row)}")
        lines.append(f"{f'{task} mean':{width}}         {cells(*labels[NUMBERS].mean())}")
    return "\n".join(lines)
