"""Scores a task and in total, as numbers and as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from competition.data.dataset import YES
from competition.scoring.fashionai import average_precision
from competition.task import Task


@dataclass(frozen=True)
class TaskScore:
    """One task: its rows, official AP and BasicPrecision, accuracy (the share of rows answered with y), and
    `chance`, the accuracy of always answering the most frequent class."""

    task: str
    rows: int
    ap: float
    basic_precision: float
    accuracy: float
    chance: float


@dataclass(frozen=True)
class Report:
    """The scores of the tasks that have rows, and their means over those that can be judged.

    `map` and `basic_precision` are the official ones; `accuracy` is the mean over the tasks and
    `row_accuracy` the mean over the rows of all tasks.
    """

    tasks: tuple[TaskScore, ...]
    map: float
    basic_precision: float
    accuracy: float
    row_accuracy: float
    chance: float

    def to_json(self) -> dict:
        return asdict(self)


def score(tasks: Sequence[Task], probabilities: Mapping[str, np.ndarray], letters, labelled) -> Report:
    """Score `probabilities[task]` (n, classes) against `letters[task]` on the rows where `labelled[task]`.

    Tasks without a labelled row are left out; with none at all, every mean is nan.
    """
    scores = tuple(
        _score_task(task, probabilities[task.name][present], letters[task.name][present])
        for task in tasks
        if (present := labelled[task.name]).any()
    )
    rows = np.array([s.rows for s in scores])

    def mean(name: str) -> float:
        values = [value for s in scores if not np.isnan(value := getattr(s, name))]
        return float(np.mean(values)) if values else float("nan")

    row_accuracy = float(np.dot([s.accuracy for s in scores], rows) / rows.sum()) if scores else float("nan")
    return Report(scores, mean("ap"), mean("basic_precision"), mean("accuracy"), row_accuracy, mean("chance"))


def _score_task(task: Task, probabilities: np.ndarray, letters: np.ndarray) -> TaskScore:
    ap, basic = average_precision(probabilities, letters)
    yes = letters == YES
    accuracy = yes[np.arange(len(yes)), probabilities.argmax(axis=1)].mean()
    return TaskScore(task.name, len(yes), ap, basic, float(accuracy), float(yes.mean(axis=0).max()))


def table(report: Report) -> str:
    """The report as a text table, a row a task and one for the means."""
    width = max([len("row-weighted"), *(len(s.task) for s in report.tasks)])
    lines = [f"{'task':{width}}   rows      AP   basic  accuracy  chance"]
    lines += [
        f"{s.task:{width}}  {s.rows:5d}  {s.ap:.4f}  {s.basic_precision:.4f}    {s.accuracy:.4f}  {s.chance:.4f}"
        for s in report.tasks
    ]
    total = sum(s.rows for s in report.tasks)
    lines.append(
        f"{'mean':{width}}  {total:5d}  {report.map:.4f}  {report.basic_precision:.4f}    "
        f"{report.accuracy:.4f}  {report.chance:.4f}"
    )
    lines.append(f"{'row-weighted':{width}}                           {report.row_accuracy:.4f}")
    return "\n".join(lines)


def confusion(probabilities: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """Counts (classes, classes) int: row the true class, column the answer; rows without a y do not count."""
    classes = letters.shape[1]
    known = (letters == YES).any(axis=1)
    pairs = (letters[known] == YES).argmax(axis=1) * classes + probabilities[known].argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
