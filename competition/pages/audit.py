"""The page of a data set before anything is trained on it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.audit import Audit, count_classes, count_formats, labelled_together, labels_an_image
from competition.data.leakage import between, leaked_questions
from competition.dataset import YES, Dataset
from competition.recipe import Recipe
from competition.scoring.fashionai import cost_of_missing
from competition.task import Task

SHOWN = 6  # pictures of a class
MOST_CLASSES = 120  # that get a row of pictures: those of the first tasks
MOST_TASKS = 40  # in the table of tasks that occur together
MOST_PAIRS = 24
MOST_PROBLEMS = 50
FEW = 10  # held-out rows of a class, below which the standard error of a recall of one half is above 0.16


@dataclass(frozen=True)
class TaskFacts:
    """A task with the numbers of its images: labelled for it, with an m, and of its most frequent class."""

    task: Task
    labelled: int
    absent: float
    chance: float
    maybe: float
    classes: pd.DataFrame


def task_facts(dataset: Dataset, held_out: float) -> list[TaskFacts]:
    """The facts of each task, with those of `rare_classes` for its classes; absent, chance, maybe are shares."""
    table, facts = judged(dataset, count_classes(dataset), held_out), []
    for task in dataset.tasks:
        labelled = dataset.labelled[task.name]
        codes, classes = dataset.codes[task.name][labelled], table[table["task"] == task.name]
        marked = ((codes != YES) & (codes > 0)).any(axis=1)
        numbers = int(labelled.sum()), float(1 - labelled.mean()), float(classes["share"].max())
        facts.append(TaskFacts(task, *numbers, float(marked.mean()) if len(codes) else 0.0, classes))
    return facts


def judged(dataset: Dataset, classes: pd.DataFrame, held_out: float) -> pd.DataFrame:
    """The classes with what the official rule makes of each, in four more columns.

    `held_out`: images expected among those that a share of `held_out` leaves to score on. `error`: the standard error
    of a recall of one half there, nan if there are none. `least` and `most`: what the AP of the task loses if every
    image of the class is answered wrong and all others right; for a multi-label task, whose AP is the mean over its
    labels, both are 1 / labels, however rare the label is.
    """
    of_task = {task.name: task for task in dataset.tasks}
    expected = classes["images"] * held_out
    costs = [
        cost_of_missing(one.share) if of_task[one.task].kind == "multiclass" else (1 / len(of_task[one.task]),) * 2
        for one in classes.itertuples()
    ]
    least, most = np.array(costs).reshape(-1, 2).T
    error = 0.5 / np.sqrt(expected.where(expected > 0))
    return classes.assign(held_out=expected, error=error, least=least, most=most)


def verdict(images: int, held_out: float) -> str:
    """What a number of images of a class is enough for, `held_out` of which are expected to be scored on."""
    if images == 0:
        return "never seen: cannot be learnt"
    if images < 2:
        return "one image: cannot be both learnt and scored"
    return "too few to score" if held_out < FEW else ""


def pictures_of(dataset: Dataset, task: Task, number: int, seed: int = 0) -> list[int]:
    """Up to SHOWN rows of a dataset that are labelled with class `number` of a task, drawn at random."""
    rows = np.flatnonzero(dataset.codes[task.name][:, number] == YES)
    drawn = np.random.default_rng((seed, number)).permutation(rows)[:SHOWN]
    return sorted(drawn.tolist())
