"""What a job has done: counts of each class, what is tagged or for review, and whether the pictures drifted."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tqdm import tqdm

from competition.errors import listed
from competition.run import Run
from competition.scoring.promise import Promise, drift
from competition.tagging.columns import CLASS, PROBABILITIES, REVIEW, TAG, name_of
from competition.tagging.job import ERRORS, PARTS, SUMMARY, Job
from competition.task import Task

COMPARED = 100_000  # confidences of a catalogue, evenly spaced, that are compared with those of a promise
UNLIKELY = 0.01  # the p-value below which a catalogue is said to differ


class TaskCounts:
    """How often each class of a task was chosen and tagged, and how many pictures were tagged and are for review."""

    def __init__(self, task: Task):
        self.task, self.rows, self.tagged, self.review = task, 0, 0, 0
        self.chosen_of, self.tagged_of = (dict.fromkeys(task.classes, 0) for _ in range(2))
        self.confidences: list[np.ndarray] = []

    def add(self, part: pa.Table, compared: np.ndarray) -> None:
        """Count the rows of a part; the confidences of the rows `compared` are kept."""
        chosen, tags, review, given = (part[name_of(self.task, one)] for one in (CLASS, TAG, REVIEW, PROBABILITIES))
        for column, counts in ((chosen, self.chosen_of), (tags, self.tagged_of)):
            labels = column if self.task.kind == "multiclass" else pc.list_flatten(column)
            for found in pc.value_counts(pc.drop_null(labels)).to_pylist():
                counts[found["values"]] += found["counts"]
        tagged = pc.is_valid(tags) if self.task.kind == "multiclass" else pc.greater(pc.list_value_length(tags), 0)
        self.rows += len(part)
        self.tagged += pc.sum(tagged).as_py() or 0
        self.review += pc.sum(review).as_py() or 0
        self.confidences.append(_probabilities(given, len(self.task))[compared].max(axis=1))

    def to_json(self, promise: Promise | None) -> dict[str, Any]:
        classes = {name: {"chosen": self.chosen_of[name], "tagged": self.tagged_of[name]} for name in self.task.classes}
        known, seen = promise.tasks[self.task.name].confidences if promise else (), np.concatenate(self.confidences)
        statistic, p = drift(seen, known) if len(known) and len(seen) else (None, None)
        return {
            "tagged": self.tagged / self.rows if self.rows else None,
            "review": self.review / self.rows if self.rows else None,
            "classes": classes,
            "drift": None if statistic is None else {"statistic": statistic, "p": p},
        }


def summarise(
    job: Job, tasks: Sequence[Task], promise: Promise | None, answered: int, seconds: float
) -> dict[str, Any]:
    """All that summary.json says, from the parts of a finished job; one of them at a time is in memory.

    `answered` pictures took so many `seconds` since the job was last begun; if none was, the speed is that of before.
    """
    counts = [TaskCounts(task) for task in tasks]
    step = max(1, job.plan["rows"] // COMPARED)
    columns = [name_of(task, one) for task in tasks for one in (CLASS, TAG, REVIEW, PROBABILITIES)]
    for number, part in tqdm(job.read_parts(columns), "summing up", len(job), unit="part", disable=None):
        compared = np.arange(-job.rows_of(number).start % step, len(part), step)
        for one in counts:
            one.add(part, compared)
    failed = sum(map(job.failures, range(len(job))))
    return {
        **{key: job.plan[key] for key in ("run", "promise", "version", "rows")},
        "promised": promise.in_words() if promise else None,
        "failed": failed,
        "images_per_second": answered / seconds if answered else _speed_before(job),
        "tasks": {one.task.name: one.to_json(promise) for one in counts},
    }


def conclude(job: Job, tasks: Sequence[Task], promise: Promise | None, answered: int, seconds: float) -> None:
    """Write and print the summary; warn of pictures that are not like those of the promise. See `summarise`."""
    summary = summarise(job, tasks, promise, answered, seconds)
    Run(job.folder).write_json(SUMMARY, summary)
    errors = f", {ERRORS}/" if summary["failed"] else ""
    print(f"\n{table(summary)}\n{job.folder} holds {PARTS}/{errors} and {SUMMARY}")
    if found := drifted(summary):
        what = (
            "these pictures are not like those of the promise, which may not hold for them; label some, and renew it:"
        )
        warnings.warn(listed(what, found), stacklevel=2)


def table(summary: Mapping[str, Any]) -> str:
    """The summary as a text table: a row for each task, and below it one for each of its classes."""
    tasks = summary["tasks"]
    names = [*tasks, *(f"  {name}" for one in tasks.values() for name in one["classes"])]
    width = max(map(len, [*names, "task"]))
    lines = [f"{'task':{width}}  {'pictures':>10}  {'tagged':>10}  for review"]
    read = summary["rows"] - summary["failed"]
    for task, one in tasks.items():
        shares = [f"{one[share]:.1%}" if read else "" for share in ("tagged", "review")]
        lines.append(f"{task:{width}}  {read:10,}  {shares[0]:>10}  {shares[1]:>10}")
        for name, count in one["classes"].items():
            lines.append(f"{f'  {name}':{width}}  {count['chosen']:10,}  {count['tagged']:10,}")
    speed = f", {summary['images_per_second']:,.0f} pictures/s" if summary["images_per_second"] else ""
    lines.append(f"{read:,} pictures answered, {summary['failed']:,} could not be read{speed}")
    return "\n".join([*lines, *filter(None, [summary["promised"]])])


def drifted(summary: Mapping[str, Any]) -> list[str]:
    """What is to be said of tasks whose confidences are not those of the pictures that the promise was made on."""
    found = {name: one["drift"] for name, one in summary["tasks"].items()}
    return [
        f"{name}: the shares of pictures up to a confidence differ by up to {one['statistic']:.3f} (p = {one['p']:.2g})"
        for name, one in found.items()
        if one and one["p"] < UNLIKELY
    ]


def _speed_before(job: Job) -> float | None:
    """The images per second that an earlier summary of the job holds."""
    there = (job.folder / SUMMARY).is_file()
    return Run(job.folder).read_json(SUMMARY)["images_per_second"] if there else None


def _probabilities(column: pa.ChunkedArray, classes: int) -> np.ndarray:
    return pc.list_flatten(column).to_numpy().reshape(-1, classes)
