"""How each label of the multi-label tasks is answered, at 0.5 and at a threshold of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from competition.dataset import MAYBE, YES
from competition.scoring.predictions import PARTS, Predictions, parts_of
from competition.scoring.ranked import mean_of_known
from competition.scoring.scores import average_precision
from competition.task import HALF

NUMBERS = ("share_true", "accuracy", "f1", "ap", "threshold", "f1_at_threshold")


@dataclass(frozen=True)
class LabelScore:
    """One label of a task, on the rows that have a y or an n for it.

    `f1` and `accuracy` are for answers at 0.5. `threshold` is the one with the best F1 on all rows; `f1_at_threshold`
    is for thresholds that were found on other rows than those they answer, and so the one to expect.
    """

    task: str
    label: str
    rows: int
    share_true: float
    accuracy: float
    f1: float
    ap: float
    threshold: float
    f1_at_threshold: float


def score_labels(predictions: Predictions) -> tuple[LabelScore, ...]:
    """A score of each label of the multi-label tasks that have labelled rows."""
    part, scores = parts_of(predictions.group), []
    for task, rows, probabilities, codes in predictions.labelled_tasks():
        for label, probability, letter in zip(task.classes, probabilities.T, codes.T, strict=True):
            if task.kind == "multilabel":
                known = letter != MAYBE
                scores.append(
                    _score_label((task.name, label), probability[known], letter[known] == YES, part[rows][known])
                )
    return tuple(scores)


def _score_label(name: tuple[str, str], probability: np.ndarray, yes: np.ndarray, part: np.ndarray) -> LabelScore:
    answered = np.zeros(len(yes), bool)
    for number in range(PARTS):
        here = part == number
        answered[here] = probability[here] > best_threshold(probability[~here], yes[~here])
    at_half = probability > HALF
    return LabelScore(
        *name,
        rows=len(yes),
        share_true=float(yes.mean()) if len(yes) else float("nan"),
        accuracy=float((at_half == yes).mean()) if len(yes) else float("nan"),
        f1=_f1(yes, at_half),
        ap=average_precision("multilabel", probability[:, None], YES * yes[:, None])[0],
        threshold=best_threshold(probability, yes),
        f1_at_threshold=_f1(yes, answered),
    )


def _f1(yes: np.ndarray, answered: np.ndarray) -> float:
    """F1 of one label; nan where no row is true."""
    from sklearn.metrics import f1_score

    return float(f1_score(yes, answered)) if yes.any() else float("nan")


def best_threshold(probability: np.ndarray, yes: np.ndarray) -> float:
    """The threshold above which a yes gives one label its best F1, halfway to the next lower probability; else 0.5."""
    from sklearn.metrics import confusion_matrix_at_thresholds

    if not probability[yes].any():  # a probability of 0 is never answered yes
        return HALF
    _, false, missed, true, values = confusion_matrix_at_thresholds(yes, probability)
    best = np.where(values > 0, 2 * true / (2 * true + false + missed), 0).argmax()
    return float((values[best] + np.append(values, 0)[best + 1]) / 2)


def label_table(scores: Sequence[LabelScore]) -> str:
    """A row a label, and one for the means of each task: its F1 is the macro F1."""
    width = max(len(f"{one.task} {one.label}") for one in scores)
    columns = "accuracy      F1      AP  threshold  F1 there, held out"
    lines = [f"{'label':{width}}   rows    true  {columns}"]
    for task in dict.fromkeys(one.task for one in scores):
        labels = [one for one in scores if one.task == task]
        values = np.array([[getattr(one, name) for name in NUMBERS] for one in labels])
        rows = zip(labels, values, strict=True)
        lines += [f"{f'{task} {one.label}':{width}}  {one.rows:5d}  {_cells(*row)}" for one, row in rows]
        lines.append(f"{f'{task} mean':{width}}         {_cells(*mean_of_known(values))}")
    return "\n".join(lines)


def _cells(share: float, accuracy: float, f1: float, ap: float, threshold: float, held_out: float) -> str:
    return f"{share:6.4f}    {accuracy:6.4f}  {f1:6.4f}  {ap:6.4f}     {threshold:6.4f}              {held_out:6.4f}"
