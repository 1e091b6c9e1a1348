"""Scores a task and in total, as numbers and as a table."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from competition.dataset import MAYBE, YES
from competition.scoring.metrics import average_precision
from competition.scoring.multilabel import label_chance, label_scores
from competition.task import DECIMALS, Task


@dataclass(frozen=True)
class TaskScore:
    """One task: its rows, official AP and BasicPrecision, accuracy (the share of rows answered with y), and
    `chance`, the accuracy of always answering the most frequent class; `loss` is the mean cross-entropy.

    Of a multi-label task AP, accuracy (at 0.5) and chance are means over the labels, and `basic_precision` is the
    share of true ones among the labels answered yes.
    """

    task: str
    rows: int
    ap: float
    basic_precision: float
    accuracy: float
    chance: float
    loss: float


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
    loss: float

    def only(self, tasks: Collection[str]) -> "Report":
        """The report of some of its tasks."""
        return _report(tuple(found for found in self.tasks if found.task in tasks))

    def to_json(self) -> dict:
        return asdict(self)


def score(tasks: Sequence[Task], probabilities: Mapping[str, np.ndarray], codes, labelled) -> Report:
    """Score `probabilities[task]` (n, classes) against `codes[task]` on the rows where `labelled[task]`.

    Tasks without a labelled row are left out; with none at all, every mean is nan.
    """
    return _report(
        tuple(
            _score_task(task, probabilities[task.name][present], codes[task.name][present])
            for task in tasks
            if (present := labelled[task.name]).any()
        )
    )


def _report(scores: tuple[TaskScore, ...]) -> Report:
    def mean(name: str) -> float:
        values = [value for s in scores if not np.isnan(value := getattr(s, name))]
        return float(np.mean(values)) if values else float("nan")

    known = [s for s in scores if not np.isnan(s.accuracy)]
    rows = np.array([s.rows for s in known])
    row_accuracy = float(np.dot([s.accuracy for s in known], rows) / rows.sum()) if known else float("nan")
    means = {name: mean(name) for name in ("basic_precision", "accuracy", "chance", "loss")}
    return Report(scores, mean("ap"), row_accuracy=row_accuracy, **means)


def _score_task(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> TaskScore:
    ap, basic = average_precision(task.kind, probabilities, codes)
    if task.kind == "multilabel":
        accuracy, chance = label_scores(probabilities, codes)[1], label_chance(codes)
    else:
        yes = codes == YES
        accuracy = float(yes[np.arange(len(yes)), probabilities.argmax(axis=1)].mean())
        chance = float(yes.mean(axis=0).max())
    loss = cross_entropy(task, probabilities, codes)
    return TaskScore(task.name, len(codes), ap, basic, accuracy, chance, loss)


def cross_entropy(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> float:
    """The mean over the rows, natural logarithm; of a multi-label task over its labels, too, without those marked m.

    A probability of 0 counts as the smallest above it that a submission can hold.
    """
    yes = codes == YES
    if task.kind == "multilabel":
        given = np.where(yes, probabilities, 1 - probabilities)[codes != MAYBE]
    else:
        given = probabilities[yes]
    return float(-np.log(np.maximum(given, 10.0**-DECIMALS)).mean()) if len(given) else float("nan")


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


def confusion(probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Counts (classes, classes) int of a task with one true class: row the truth, column the answer.

    Rows without a y do not count.
    """
    classes = codes.shape[1]
    known = (codes == YES).any(axis=1)
    pairs = (codes[known] == YES).argmax(axis=1) * classes + probabilities[known].argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
