"""Scores of each task and in total, as numbers and as a table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from competition.dataset import MAYBE, YES
from competition.scoring import fashionai
from competition.scoring.ranked import mean_of_known, mean_scores, rank
from competition.task import DECIMALS, HALF, Kind, Task


@dataclass(frozen=True)
class TaskScore:
    """One task: its rows, official AP and BasicPrecision, accuracy (the share of rows answered with y), and
    `chance`, the accuracy of always answering the most frequent class; `loss` is the mean cross-entropy.

    For a multi-label task, AP, accuracy (at 0.5) and chance are means over the labels, and `basic_precision` is the
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
    """The scores of the tasks that have rows, and their means over the tasks that can be scored.

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
        return _report(found for found in self.tasks if found.task in tasks)

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def of_json(cls, values: Mapping) -> "Report":
        """The report whose `to_json` gave these values."""
        return cls(**values | {"tasks": tuple(TaskScore(**one) for one in values["tasks"])})


def score(tasks: Sequence[Task], probabilities: Mapping[str, np.ndarray], codes, labelled) -> Report:
    """Score `probabilities[task]` (n, classes) against `codes[task]` (n, classes) on the rows of `labelled[task]`, (n,)
    bool. Tasks without a labelled row are left out; if no task has one, every mean is nan.
    """
    return _report(
        _score_task(task, *(values[task.name][chosen] for values in (probabilities, codes)))
        for task in tasks
        if (chosen := _where(labelled[task.name])) is not None
    )


def _where(labelled: np.ndarray) -> np.ndarray | slice | None:
    """The index of the labelled rows, None if there are none; of all rows a slice, so that nothing is copied."""
    return slice(None) if labelled.all() and len(labelled) else labelled if labelled.any() else None


def _report(several: Iterable[TaskScore]) -> Report:
    scores = tuple(several)
    values = np.array([(s.ap, s.basic_precision, s.accuracy, s.chance, s.loss) for s in scores]).reshape(-1, 5)
    ap, basic, accuracy, chance, loss = (float(mean_of_known(column)) for column in values.T)
    known = [s for s in scores if not np.isnan(s.accuracy)]
    weights = [s.rows for s in known]
    row_accuracy = float(np.average([s.accuracy for s in known], weights=weights)) if known else float("nan")
    return Report(scores, ap, basic, accuracy, row_accuracy, chance, loss)


def _score_task(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> TaskScore:
    ap, basic = average_precision(task.kind, probabilities, codes)
    accuracy = _ranked_scores(task.kind, probabilities, codes)[1]
    chance = _label_chance(codes) if task.kind == "multilabel" else float((codes == YES).mean(axis=0).max())
    return TaskScore(task.name, len(codes), ap, basic, accuracy, chance, cross_entropy(task, probabilities, codes))


def average_precision(kind: Kind, probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, precision of all answers) from arrays (n, classes): the official ones of FashionAI, or the mean AP of the
    labels and the share of true ones among those answered yes; nan if nothing can be scored."""
    if kind == "multiclass":
        return fashionai.average_precision(probabilities, codes)
    answered = (probabilities > HALF) & (codes != MAYBE)
    precision = float((codes[answered] == YES).mean()) if answered.any() else float("nan")
    return _ranked_scores(kind, probabilities, codes)[0], precision


def _ranked_scores(kind: Kind, probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, accuracy); for a multi-label task, the means over its labels."""
    ranked = rank(kind, probabilities, codes, np.arange(len(codes)))
    ap, accuracy = mean_scores(ranked, np.ones((len(codes), 1), np.int32))
    return float(ap[0]), float(accuracy[0])


def _label_chance(codes: np.ndarray) -> float:
    """The accuracy of answering each label with its more frequent value, mean over the labels."""
    with np.errstate(invalid="ignore"):
        share = (codes == YES).sum(axis=0) / (codes != MAYBE).sum(axis=0)
    return float(mean_of_known(np.maximum(share, 1 - share)))


def choices(kind: Kind, probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Arrays (n, classes) as choices of one class: as they are; or, from n images and m labels, (n * m, no and yes)."""
    if kind == "multiclass":
        return probabilities, codes
    yes, letter = probabilities.ravel(), codes.ravel()
    return np.stack([fashionai.as_submitted(1 - yes), yes], axis=1), np.stack([YES - letter, letter], axis=1)


def cross_entropy(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> float:
    """The mean over the rows of arrays (n, classes), in nats; for a multi-label task also over its labels, except m.

    A probability of 0 counts as the smallest positive one in a submission.
    """
    yes = codes == YES
    if task.kind == "multilabel":
        given = np.where(yes, probabilities, 1 - probabilities)[codes != MAYBE]
    else:
        given = probabilities[yes]
    return float(-np.log(np.maximum(given, 10.0**-DECIMALS)).mean()) if len(given) else float("nan")


def table(report: Report) -> str:
    """The report as a text table: a row per task and one for the means."""
    width = max([len("row-weighted"), *(len(s.task) for s in report.tasks)])
    lines = [f"{'task':{width}}   rows      AP   basic  accuracy  chance"]
    means = "mean", sum(s.rows for s in report.tasks), report.map
    for name, rows, ap, one in [*((s.task, s.rows, s.ap, s) for s in report.tasks), (*means, report)]:
        accuracy = f"{one.basic_precision:.4f}    {one.accuracy:.4f}  {one.chance:.4f}"
        lines.append(f"{name:{width}}  {rows:5d}  {ap:.4f}  {accuracy}")
    lines.append(f"{'row-weighted':{width}}                           {report.row_accuracy:.4f}")
    return "\n".join(lines)
