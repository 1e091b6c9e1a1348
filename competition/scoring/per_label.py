"""How each label of the multi-label tasks is answered, at 0.5 and at a threshold of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from competition.dataset import MAYBE, YES
from competition.scoring.cross_fit import PARTS, parts_of
from competition.scoring.multilabel import best_threshold, f1_score, label_scores, mean_of_known
from competition.scoring.predictions import Predictions
from competition.task import HALF


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
    part = parts_of(predictions.group)
    return tuple(
        _score_label(
            (task.name, label),
            predictions.probabilities[task.name][present, number],
            predictions.codes[task.name][present, number],
            part[present],
        )
        for task in predictions.tasks
        if task.kind == "multilabel" and (present := predictions.labelled[task.name]).any()
        for number, label in enumerate(task.classes)
    )


def _score_label(name: tuple[str, str], probability: np.ndarray, letter: np.ndarray, part: np.ndarray) -> LabelScore:
    known = letter != MAYBE
    probability, letter, part = probability[known], letter[known], part[known]
    answered = np.zeros(len(letter), bool)
    for number in range(PARTS):
        here = part == number
        answered[here] = probability[here] > best_threshold(probability[~here], letter[~here])
    ap, accuracy = label_scores(probability[:, None], letter[:, None])
    return LabelScore(
        *name,
        rows=len(letter),
        share_true=float((letter == YES).mean()) if len(letter) else float("nan"),
        accuracy=accuracy,
        f1=f1_score(probability > HALF, letter),
        ap=ap,
        threshold=best_threshold(probability, letter),
        f1_at_threshold=f1_score(answered, letter),
    )


def label_table(scores: Sequence[LabelScore]) -> str:
    """A row a label, and one for the means of each task: its F1 is the macro F1."""
    width = max(len(f"{one.task} {one.label}") for one in scores)
    columns = "accuracy      F1      AP  threshold  F1 there, held out"
    lines = [f"{'label':{width}}   rows    true  {columns}"]
    for task in dict.fromkeys(one.task for one in scores):
        labels = [one for one in scores if one.task == task]
        lines += [f"{f'{task} {one.label}':{width}}  {one.rows:5d}  {_cells(one)}" for one in labels]
        names = ("share_true", "accuracy", "f1", "ap", "threshold", "f1_at_threshold")
        means = mean_of_known(np.array([[getattr(one, name) for name in names] for one in labels]))
        lines.append(f"{f'{task} mean':{width}}         {_numbers(*means)}")
    return "\n".join(lines)


def _cells(one: LabelScore) -> str:
    return _numbers(one.share_true, one.accuracy, one.f1, one.ap, one.threshold, one.f1_at_threshold)


def _numbers(share: float, accuracy: float, f1: float, ap: float, threshold: float, held_out: float) -> str:
    return f"{share:6.4f}    {accuracy:6.4f}  {f1:6.4f}  {ap:6.4f}     {threshold:6.4f}              {held_out:6.4f}"
