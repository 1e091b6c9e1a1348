"""Predictions by hand and at random, as objects and as the folder that a run leaves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from competition.dataset import Dataset
from competition.recipe import Recipe
from competition.run import Run
from competition.scoring.bootstrap import Estimate, estimate, resampled
from competition.scoring.predictions import HELD_OUT, Predictions
from competition.task import Task


def predicted(
    probabilities: Mapping[str, Sequence], codes: Mapping[str, np.ndarray], group=None, kind="multiclass"
) -> Predictions:
    """Predictions of images 0.png, 1.png, … by hand; a task is labelled where a row holds any letter but n."""
    given = {name: np.asarray(values, float) for name, values in probabilities.items()}
    count = len(next(iter(given.values())))
    return Predictions(
        source="by hand",
        tasks=tuple(Task(name, tuple("abcdefghijklmnop")[: values.shape[1]], kind) for name, values in given.items()),
        images=np.array([f"{number}.png" for number in range(count)]),
        probabilities=given,
        codes=codes,
        labelled={name: values.any(axis=1) for name, values in codes.items()},
        group=np.arange(count) if group is None else np.asarray(group),
        fold=np.zeros(count, int),
    )


def at_random(
    seed: int, skill: float = 2.0, count: int = 200, tasks: Sequence[str] = ("colour", "size"), truth: int = 0
) -> Predictions:
    """Predictions that know more of the answers the higher `skill` is; `truth` draws the answers, a tenth missing."""
    answers, rng = np.random.default_rng(truth), np.random.default_rng(seed)
    probabilities, codes = {}, {}
    for number, name in enumerate(tasks):
        classes = 3 + number
        true = np.eye(classes, dtype=bool)[answers.integers(classes, size=count)]
        codes[name] = np.where(true, 2, answers.random((count, classes)) < 0.05).astype(np.uint8)
        codes[name][answers.random(count) < 0.1] = 0
        scores = np.exp(rng.normal(size=(count, classes)) + skill * true)
        probabilities[name] = (scores / scores.sum(axis=1, keepdims=True)).round(8)
    return predicted(probabilities, codes)


def write_views(run: Run, dataset: Dataset, views: Mapping[str, Mapping], fold=0, name: str = HELD_OUT) -> Predictions:
    """Write what each view gave for a dataset, as a training does; return that of the plain one."""
    plain = Predictions.of(run.name, dataset, views["plain"], fold)
    plain.write(run, name, views)
    return plain


def write_run(folder: Path, *views: Predictions, names: Sequence[str] = ("plain", "flip"), megabytes: float = 1) -> Run:
    """The folder that a training leaves with these predictions, a view each, and a network file of this size."""
    given = {name: one.probabilities for name, one in zip(names, views, strict=False)}
    run = Run(folder)
    views[0].write(run, views=given)
    with run.weights.open("wb") as file:
        file.truncate(int(megabytes * 1_000_000))
    run.write_recipe(Recipe("predicted"), {})
    run.write_json("scores.json", {})
    return run


class Interval(NamedTuple):
    """AP and accuracy of a task, or of the mean, and how far they move with the images."""

    task: str
    ap: Estimate
    accuracy: Estimate


def intervals(predictions: Predictions, resamples: int = 1000, seed: int = 0) -> list[Interval]:
    """One a task that has labelled rows, and the mean last."""
    (scores,) = resampled([predictions], resamples, seed)
    names = [task.name for task in predictions.tasks if predictions.labelled[task.name].any()]
    return [Interval(name, *map(estimate, scores[:, number])) for number, name in enumerate([*names, "mean"])]
