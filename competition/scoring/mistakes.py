"""Answers that are wrong: which classes are taken for which, and the surest ones, which may be wrong labels."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from competition.dataset import NO, YES
from competition.scoring.predictions import Predictions
from competition.scoring.scores import choices
from competition.task import HALF, Task


def confused(predictions: Predictions) -> pd.DataFrame:
    """Columns task, truth, answer, count, share (of the rows with that truth): the most confused first, a task at once.

    An answer whose letter is m is no mistake, as in the official metric, and rows without a y are left out. Each label
    of a multi-label task is an answer of its own: `red` or `not red`.
    """
    rows = _answers(predictions)
    truths = rows.groupby(["task", "truth"], sort=False).size().rename("of_truth")
    pairs = rows[rows["wrong"]].groupby(["task", "truth", "answer"], sort=False).size().rename("count").reset_index()
    pairs = pairs.join(truths, on=["task", "truth"])
    pairs["share"] = pairs["count"] / pairs.pop("of_truth")
    order = pairs["task"].map({task.name: number for number, task in enumerate(predictions.tasks)})
    pairs = pairs.assign(order=order).sort_values(["order", "count", "share"], ascending=[True, False, False])
    return pairs.drop(columns="order").reset_index(drop=True)


def mistakes(predictions: Predictions) -> pd.DataFrame:
    """Columns image, task, truth, answer, probability (of the answer), probability_of_truth: the surest mistake first.

    What a network is surest of against the label is where the label is worth a second look.
    """
    rows = _answers(predictions)
    wrong = rows[rows["wrong"]].sort_values("probability", ascending=False, kind="stable")
    return wrong.drop(columns="wrong").reset_index(drop=True)


def _answers(predictions: Predictions) -> pd.DataFrame:
    """A row for each task and image that has a y there; for each label, if it is a multi-label task."""
    return pd.concat([_answers_of_task(predictions, task) for task in predictions.tasks], ignore_index=True)


def _answers_of_task(predictions: Predictions, task: Task) -> pd.DataFrame:
    labelled = np.flatnonzero(predictions.labelled[task.name])
    given = predictions.probabilities[task.name][labelled], predictions.codes[task.name][labelled]
    probabilities, codes = choices(task.kind, *given)
    images, words = _images_and_words(predictions.images[labelled], task)
    rows = np.flatnonzero((codes == YES).any(axis=1))
    probabilities, codes, words = probabilities[rows], codes[rows], words[rows]
    answer, truth, every = probabilities.argmax(axis=1), (codes == YES).argmax(axis=1), np.arange(len(rows))
    return pd.DataFrame(
        {
            "image": images[rows],
            "task": task.name,
            "truth": words[every, truth],
            "answer": words[every, answer],
            "probability": probabilities[every, answer],
            "probability_of_truth": probabilities[every, truth],
            "wrong": codes[every, answer] == NO,
        }
    )


def _images_and_words(images: np.ndarray, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The image of each choice, and what there is to choose from, (choices, classes)."""
    classes = np.array(task.classes, object)
    if task.kind == "multiclass":
        return images, np.broadcast_to(classes, (len(images), len(task)))
    no_or_yes = np.array([[f"not {label}", label] for label in classes], object)
    return np.repeat(images, len(task)), np.tile(no_or_yes, (len(images), 1))


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
    given, codes = predictions.probabilities, predictions.codes
    answers = [_answer(task, given[task.name][row], codes[task.name][row]) for task in tasks]
    return Sample(str(predictions.images[row]), tuple(line for line, _ in answers), all(right for _, right in answers))


def _answer(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> tuple[str, bool]:
    """A line "task: truth → answer", and whether the answer is right; a letter m is no mistake."""
    yes = codes == YES
    if task.kind == "multilabel":
        given = probabilities > HALF
        right = given[yes].all() and not given[codes == NO].any()
        return f"{task.name}: {_named(task, yes)} → {_named(task, given)}", bool(right)
    answer = probabilities.argmax()
    line = f"{task.name}: {_named(task, yes)} → {task.classes[answer]} {probabilities[answer]:.2f}"
    return line, bool(codes[answer] != NO)


def _named(task: Task, true: np.ndarray) -> str:
    return " + ".join(name for name, one in zip(task.classes, true, strict=True) if one) or "none"
