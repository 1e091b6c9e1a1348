"""The columns of a part: what is said of each picture, for each task.

They are called <task>_probabilities, _class, _probability, _tag and _review. Two of them are never called alike,
whatever the tasks are called: none of the endings holds a "_", so the last "_" of a name divides it.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from competition.layouts.answers import answers
from competition.scoring.fashionai import as_submitted
from competition.scoring.predictions import Probabilities
from competition.scoring.promise import Promise, TaskPromise, for_review, tags
from competition.task import Task

PROBABILITIES, CLASS, PROBABILITY, TAG, REVIEW = "probabilities", "class", "probability", "tag", "review"


def name_of(task: Task, column: str) -> str:
    return f"{task.name}_{column}"


def columns_of(tasks: Sequence[Task], given: Probabilities, promise: Promise | None) -> dict[str, pa.Array]:
    """The columns for all tasks; `given[task]` is (n, classes), rounded here as in a submission.

    Of a multi-label task class, probability and tag are lists: of the labels that are set, and of those that are
    tagged. A tag is null where nothing is sure enough, of a multi-label task only where nothing is promised.
    """
    found = {}
    for task in tasks:
        one = _columns(task, as_submitted(given[task.name]), promise.tasks[task.name] if promise else None)
        found |= {name_of(task, column): values for column, values in one.items()}
    return found


def _columns(task: Task, given: np.ndarray, promise: TaskPromise | None) -> Mapping[str, pa.Array]:
    chosen, tagged = answers(given, task), tags(task, given, promise)
    columns = {PROBABILITIES: _lists(pa.array(given.ravel()), np.full(len(given), len(task)))}
    if task.kind == "multilabel":
        columns[CLASS] = _labels(task, chosen)
        columns[PROBABILITY] = _lists(pa.array(given[chosen]), chosen.sum(axis=1))
        promised = promise and promise.promises_any
        columns[TAG] = _labels(task, tagged) if promised else pa.nulls(len(given), pa.list_(pa.string()))
    else:
        place = chosen.argmax(axis=1)
        names = pa.array(task.classes, pa.string())
        columns[CLASS] = names.take(pa.array(place))
        columns[PROBABILITY] = pa.array(given[np.arange(len(given)), place])
        columns[TAG] = names.take(pa.array(place, mask=~tagged.any(axis=1)))
    return {**columns, REVIEW: pa.array(for_review(task, given, promise))}


def _labels(task: Task, which: np.ndarray) -> pa.Array:
    """The names of the labels that are set in `which` (n, classes) bool, a list a row."""
    return _lists(pa.array(task.classes, pa.string()).take(pa.array(np.nonzero(which)[1])), which.sum(axis=1))


def _lists(values: pa.Array, lengths: np.ndarray) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.append(0, np.cumsum(lengths)), pa.int32()), values)
