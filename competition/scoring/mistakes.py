"""Answers that are wrong: which classes are taken for which, and the surest ones, which may be wrong labels."""

import numpy as np
import pandas as pd

from competition.data.dataset import NO, YES
from competition.scoring.predictions import Predictions
from competition.task import Task

TOGETHER = " + "  # between the classes that are all true of an image


def confused(predictions: Predictions) -> pd.DataFrame:
    """Columns task, truth, answer, count, share (of the rows with that truth): the most confused first, a task at once.

    An answer whose letter is m is no mistake, as in the official metric, and rows without a y are left out.
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
    """A row for each task and image that has a y there."""
    return pd.concat([_answers_of_task(predictions, task) for task in predictions.tasks], ignore_index=True)


def _answers_of_task(predictions: Predictions, task: Task) -> pd.DataFrame:
    yes = predictions.letters[task.name] == YES
    rows = np.flatnonzero(predictions.labelled[task.name] & yes.any(axis=1))
    probabilities, yes = predictions.probabilities[task.name][rows], yes[rows]
    answer = probabilities.argmax(axis=1)
    classes = np.array(task.classes, object)
    return pd.DataFrame(
        {
            "image": predictions.images[rows],
            "task": task.name,
            "truth": [TOGETHER.join(classes[true]) for true in yes],
            "answer": classes[answer],
            "probability": probabilities.max(axis=1, initial=0),
            "probability_of_truth": np.where(yes, probabilities, 0).max(axis=1, initial=0),
            "wrong": predictions.letters[task.name][rows, answer] == NO,
        }
    )
