"""Random held-out images with the truth beside the answer of every task, as a person would look at them."""

from typing import NamedTuple

import numpy as np

from competition.data.dataset import NO, YES
from competition.scoring.multilabel import HALF
from competition.scoring.predictions import Predictions
from competition.task import Task


class Sample(NamedTuple):
    """An image, a line for each task that it carries, and whether every answer is right."""

    image: str
    lines: tuple[str, ...]
    right: bool


def samples(predictions: Predictions, count: int, seed: int = 0) -> list[Sample]:
    """At most `count` random images that carry a task; the same seed gives the same images of equal data."""
    labelled = np.any([predictions.labelled[task.name] for task in predictions.tasks], axis=0)
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(labelled))[:count]
    return [_sample(predictions, row) for row in rows]


def _sample(predictions: Predictions, row: int) -> Sample:
    tasks = [task for task in predictions.tasks if predictions.labelled[task.name][row]]
    given, letters = predictions.probabilities, predictions.letters
    answers = [_answer(task, given[task.name][row], letters[task.name][row]) for task in tasks]
    return Sample(str(predictions.images[row]), tuple(line for line, _ in answers), all(right for _, right in answers))


def _answer(task: Task, probabilities: np.ndarray, letters: np.ndarray) -> tuple[str, bool]:
    """A line "task: truth → answer", and whether the answer is right; a letter m is no mistake."""
    yes = letters == YES
    if task.kind == "multilabel":
        given = probabilities > HALF
        right = given[yes].all() and not given[letters == NO].any()
        return f"{task.name}: {_named(task, yes)} → {_named(task, given)}", bool(right)
    answer = probabilities.argmax()
    line = f"{task.name}: {_named(task, yes)} → {task.classes[answer]} {probabilities[answer]:.2f}"
    return line, bool(letters[answer] != NO)


def _named(task: Task, true: np.ndarray) -> str:
    return " + ".join(name for name, one in zip(task.classes, true, strict=True) if one) or "none"
