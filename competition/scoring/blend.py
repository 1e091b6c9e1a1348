"""A blend: for each task, a weighted mean of the predictions of several runs, in one view or several."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from competition.errors import InvalidInput
from competition.files import open_file
from competition.images.decode import digest_of
from competition.images.squares import Shape
from competition.images.warp import VIEWS, View
from competition.run import BLEND, RECIPE, Run
from competition.scoring.predictions import (
    HELD_OUT,
    PLAIN,
    TEST,
    Predictions,
    Probabilities,
    aligned,
    joined,
    read_predictions,
)
from competition.task import Kind, Task

FLOOR = 1e-8  # for probabilities whose logarithm is taken: the smallest one in a submission
DIGITS = 16  # of a digest, enough to tell what answers apart
Mean = Literal["arithmetic", "geometric"]


@dataclass(frozen=True)
class Blend:
    """Members, each a run's folder and a view, and their weights for each task, (members,) float64, which sum to 1.

    A blend that was written has a `folder`, and `scores` on images that its weights were not found on.
    """

    members: tuple[tuple[Path, str], ...]
    mean: Mean
    tasks: tuple[Task, ...]
    weights: Mapping[str, np.ndarray]
    folder: Path | None = None
    scores: Mapping = field(default_factory=dict)

    @classmethod
    def plain(cls, members: Sequence[tuple[Path, str]], mean: Mean, tasks: Sequence[Task] = ()) -> "Blend":
        """The blend in which all members have the same weight."""
        weights = np.full(len(members), 1 / len(members))
        return cls(tuple(members), mean, tuple(tasks), {task.name: weights for task in tasks})

    @property
    def runs(self) -> list[Run]:
        """The runs of the members, each once."""
        return [Run(folder) for folder in dict.fromkeys(folder for folder, _ in self.members)]

    @property
    def views_of(self) -> dict[Path, list[View]]:
        """The views in which it looks through the networks of each run folder."""
        views: dict[Path, list[View]] = {}
        for folder, view in self.members:
            views.setdefault(folder, []).append(view)
        return views

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes in which its networks see a picture, each once."""
        recipes = [
            (one.read_recipe(), views) for folder, views in self.views_of.items() for one in Run(folder).trainings
        ]
        return tuple(dict.fromkeys(Shape(recipe.image_size, recipe.aspect, tuple(views)) for recipe, views in recipes))

    @cached_property
    def digest(self) -> str:
        """A short digest of all that decides an answer: the networks with their recipes and number formats, the views,
        and how they are averaged. It does not depend on where the folders lie.

        Raises InvalidInput where the file of a network is missing.
        """
        networks = {run.folder: [_digest_of(training) for training in run.trainings] for run in self.runs}
        members = [(networks[folder], view) for folder, view in self.members]
        weights = {name: values.tolist() for name, values in self.weights.items()}
        return digest_of(json.dumps([members, self.mean, weights], sort_keys=True).encode())[:DIGITS]

    def apply(self, several: Sequence[Probabilities]) -> dict[str, np.ndarray]:
        """{task: (n, classes) float64}, from the probabilities of each member, (n, classes), in their order."""
        return {
            task.name: mixed(
                (before_mean(one[task.name], self.mean) for one in several),
                self.weights[task.name],
                self.mean,
                task.kind,
            )
            for task in self.tasks
        }

    def write(self, run: Run, scores: Mapping, made: Mapping | None = None) -> None:
        """Write blend.json: the blend, its scores, and how it was made."""
        values = {
            "members": [{"run": folder.as_posix(), "view": view} for folder, view in self.members],
            "mean": self.mean,
            "weights": {name: weights.tolist() for name, weights in self.weights.items()},
            "tasks": [{"name": task.name, "classes": task.classes, "kind": task.kind} for task in self.tasks],
            "scores": scores,
            "made": made or {},
        }
        run.write_json(BLEND, values)


def _digest_of(training: Run) -> list[str]:
    """The digests of a network's recipe and number format, and of its weights, which are read in pieces."""
    plan = [training.read_json(RECIPE)["recipe"], training.read_made()["precision"]]
    try:
        with open_file(training.weights) as file:
            weights = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput(
            f"{training.weights} cannot be read ({error.strerror}); bring it back, or make the run again"
        ) from None
    return [digest_of(json.dumps(plan, sort_keys=True).encode()), weights]


def before_mean(probabilities: np.ndarray, mean: Mean) -> np.ndarray:
    """The values to average, float64 of the same shape: the probabilities, or their logarithms."""
    values = np.asarray(probabilities, np.float64)
    return np.log(np.maximum(values, FLOOR)) if mean == "geometric" else values


def mixed(values: Iterable[np.ndarray], weights: np.ndarray, mean: Mean, kind: Kind) -> np.ndarray:
    """The mean (n, classes) float64 of the members' `values` (n, classes) from `before_mean`; `weights` (members,).

    The geometric mean of a multiclass task is divided by its sum over the classes.
    """
    weighted = (one if weight == 1 else weight * one for weight, one in zip(weights, values, strict=True))
    total = reduce(np.add, weighted)  # one by one, because each may be large
    if mean == "arithmetic":
        return total
    total = np.exp(total)
    return total / total.sum(axis=1, keepdims=True) if kind == "multiclass" else total


def read_seeds(run: Run, view: str = PLAIN) -> list[Predictions]:
    """The predictions of each seed of a cross-validation, its folds together; of a single run, its own.

    In the order of the images in probabilities.npz. Raises InvalidInput if the folds hold other images or answers.
    """
    seeds = [joined([read_predictions(part, view) for part in parts]) for parts in run.trainings_by_seed]
    return aligned([read_predictions(run, view), *seeds])[1:]


def read_member(run: Run, view: str, mean: Mean, name: str = HELD_OUT) -> Predictions:
    """The predictions of a run in one view, those of its seeds, or on test images of all its networks, averaged by
    `mean`, too.

    `submit` averages all networks alike, and a blend has to be scored on the same mean. The files of a
    cross-validation hold the arithmetic one.
    """
    whole = read_predictions(run, view, name)
    if mean == "arithmetic" or len(run.trainings if name == TEST else run.trainings_by_seed) == 1:
        return whole
    if name == TEST:
        several = aligned([whole, *(read_predictions(part, view, TEST) for part in run.trainings)])[1:]
    else:
        several = read_seeds(run, view)
    plain = Blend.plain([(run.folder, view)] * len(several), mean, whole.tasks)
    return replace(whole, probabilities=plain.apply([one.probabilities for one in several]))


def read_blended(blend: Blend, name: str = HELD_OUT) -> Predictions:
    """What a blend gives for the images that its members held out, or for TEST images.

    Raises InvalidInput if members lack them, or predicted other images.
    """
    members = aligned([read_member(Run(folder), view, blend.mean, name) for folder, view in blend.members])
    return replace(members[0], probabilities=blend.apply([one.probabilities for one in members]))


def blend_of(folders: Sequence[Path], views: Sequence[str], mean: Mean) -> Blend:
    """The blend in a folder, or the plain mean of several runs in several views.

    Raises InvalidInput if a run has not finished, or if runs differ in their tasks, classes or the order of these.
    """
    blend = Blend.plain([(folder, view) for folder in folders for view in dict.fromkeys(views)], mean)
    if blends := [folder for folder in folders if (folder / BLEND).is_file()]:
        if len(folders) > 1:
            raise InvalidInput(f"{blends[0]} is a blend, so no other folder can be given; make one blend of all runs")
        if tuple(views) != (PLAIN,) or mean != "arithmetic":
            raise InvalidInput(
                f"{folders[0]} is a blend, which has its own views and mean; leave out --views and --mean"
            )
        blend = read_blend(folders[0])
    first, *others = blend.runs
    if unfinished := [str(run.folder) for run in blend.runs if not run.finished]:
        raise InvalidInput("these did not finish, or are not runs; train them to the end first:", unfinished)
    tasks = first.read_recipe().tasks
    for run in others:
        if (found := run.read_recipe().tasks) != tasks:
            raise InvalidInput(
                f"{run.folder} and {first.folder} cannot be averaged: tasks, classes or their order differ:",
                [f"{first.name}: {tasks}", f"{run.name}: {found}"],
            )
    if blend.folder and blend.tasks != tasks:
        raise InvalidInput(f"{folders[0]} has other tasks or classes than {first.folder}; make the blend again")
    return blend if blend.folder else Blend.plain(blend.members, mean, tasks)


def read_blend(folder: Path) -> Blend:
    """The blend that `competition blend` wrote into `folder`. Raises InvalidInput if it is missing or damaged.

    The folders of its members are kept as they were given; relative ones start from the current folder.
    """
    path = folder / BLEND
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such file; name a folder that `competition blend` wrote")
    values = Run(folder).read_json(BLEND)
    try:
        blend = Blend(
            tuple((Path(member["run"]), str(member["view"])) for member in values["members"]),
            values["mean"],
            tuple(Task(task["name"], tuple(task["classes"]), task["kind"]) for task in values["tasks"]),
            {name: np.array(weights, np.float64) for name, weights in values["weights"].items()},
            folder,
            values.get("scores") or {},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"{path} is not a blend ({type(error).__name__}: {error}); make it again with `competition blend`"
        ) from None
    if problems := _problems(blend):
        raise InvalidInput(f"{path} cannot be used; make it again with `competition blend`:", problems)
    return blend


def _problems(blend: Blend) -> list[str]:
    problems = [f"{folder}: there is no such folder" for folder, _ in blend.members if not folder.is_dir()]
    problems += [
        f"there is no view {view!r}; allowed are {', '.join(VIEWS)}" for _, view in blend.members if view not in VIEWS
    ]
    if blend.mean not in get_args(Mean):
        problems.append(f"the mean is {blend.mean!r}; allowed are {', '.join(get_args(Mean))}")
    for task in blend.tasks:
        weights = blend.weights.get(task.name, np.zeros(0))
        if weights.shape != (len(blend.members),):
            problems.append(f"{task.name}: {weights.size} weights for {len(blend.members)} members")
        elif not (weights >= 0).all() or not np.isclose(weights.sum(), 1):
            problems.append(f"{task.name}: weights {weights.tolist()}; allowed are numbers from 0 with a sum of 1")
    return problems
