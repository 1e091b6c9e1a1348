"""Wrong answers: which classes are confused, and the most confident mistakes, which may be wrong labels."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from competition.dataset import NO, YES
from competition.scoring.predictions import Predictions
from competition.scoring.scores import choices
from competition.task import HALF, Task


def confused(predictions: Predictions) -> pd.DataFrame:
    """Columns task, truth, answer, count, share (of the rows with that truth): by task, the most frequent pairs first.

    An answer whose letter is m is not a mistake, as in the official metric, and rows without a y are left out. Each
    label of a multi-label task is an answer of its own: `red` or `not red`.
    """
    rows = _answers(predictions)
    rows["task"] = pd.Categorical(rows["task"], [task.name for task in predictions.tasks])
    rows["of_truth"] = rows.groupby(["task", "truth"])["truth"].transform("size")
    pairs = rows[rows["wrong"]].groupby(["task", "truth", "answer"], sort=False)["of_truth"]
    table = pairs.agg(count="size", share="first").reset_index()
    table["share"] = table["count"] / table["share"]
    return table.sort_values(["task", "count", "share"], ascending=[True, False, False], ignore_index=True)


def confusion(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> pd.DataFrame:
    """Counts of a multiclass task, both arrays (n, classes): rows are truths, columns answers; only rows with a y."""
    yes = codes == YES
    pairs = yes.argmax(axis=1), probabilities.argmax(axis=1)
    counts = confusion_matrix(*pairs, labels=range(len(task)), sample_weight=yes.any(axis=1))
    return pd.DataFrame(counts, index=task.classes, columns=task.classes)


def mistakes(predictions: Predictions) -> pd.DataFrame:
    """Columns image, task, truth, answer, probability (of the answer), probability_of_truth; the most confident first.

    If a network contradicts a label with high confidence, the label itself may be wrong.
    """
    rows = _answers(predictions)
    wrong = rows[rows.pop("wrong")]
    return wrong.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def _answers(predictions: Predictions) -> pd.DataFrame:
    """A row for each task and image that has a y; for a multi-label task, a row for each of its labels."""
    return pd.concat([_answers_of_task(predictions, task) for task in predictions.tasks], ignore_index=True)


def _answers_of_task(predictions: Predictions, task: Task) -> pd.DataFrame:
    labelled, words = predictions.labelled[task.name], np.array(task.classes, object)
    images, given = predictions.images[labelled], predictions.probabilities[task.name][labelled]
    probabilities, codes = choices(task.kind, given, predictions.codes[task.name][labelled])
    if task.kind == "multilabel":
        images, yes = np.repeat(images, len(task)), np.tile(words, len(images))
        words = np.stack(["not " + yes, yes], axis=-1)
    words = np.broadcast_to(words, codes.shape)
    rows = np.flatnonzero((codes == YES).any(axis=1))
    answer, truth = probabilities[rows].argmax(axis=1), (codes[rows] == YES).argmax(axis=1)
    return pd.DataFrame(
        {
            "image": images[rows],
            "task": task.name,
            "truth": words[rows, truth],
            "answer": words[rows, answer],
            "probability": probabilities[rows, answer],
            "probability_of_truth": probabilities[rows, truth],
            "wrong": codes[rows, answer] == NO,
        }
    )


class Sample(NamedTuple):
    """An image, and for each task that it has a label of: the task, a line, and whether the answer is right.

    `places` are the classes that were answered; of a multi-label task, the label with the largest probability.
    """

    image: str
    tasks: tuple[str, ...]
    lines: tuple[str, ...]
    rights: tuple[bool, ...]
    places: tuple[int, ...]

    @property
    def right(self) -> bool:
        """Whether every answer is."""
        return all(self.rights)


def samples(predictions: Predictions, count: int, seed: int = 0) -> list[Sample]:
    """At most `count` random images that have a label; the same seed and data give the same images."""
    labelled = np.any([predictions.labelled[task.name] for task in predictions.tasks], axis=0)
    shown = []
    for row in np.random.default_rng(seed).permutation(np.flatnonzero(labelled))[:count]:
        tasks = predictions.take(np.array([row])).labelled_tasks()
        found = [
            (task.name, *_answer(task, given[0], codes[0]), int(given[0].argmax())) for task, _, given, codes in tasks
        ]
        shown.append(Sample(str(predictions.images[row]), *zip(*found, strict=True)))
    return shown


def _answer(task: Task, probabilities: np.ndarray, codes: np.ndarray) -> tuple[str, bool]:
    """A line "task: truth → answer", and whether the answer is right; a letter m is not a mistake."""
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
