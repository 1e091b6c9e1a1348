"""Batches by index: batches[i] is a pure function of (seed, epoch, i), the same for any number of threads."""

import math
from collections.abc import Callable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from competition.dataset import YES, Dataset
from competition.images.cache import Pictures
from competition.images.warp import Augmentation, View, fill_views
from competition.recipe import Recipe
from competition.task import Task

cv2.setNumThreads(0)  # the loader has threads of its own, with which OpenCV's would compete


class PredictBatches:
    """Images in the order of the dataset, (batch * views, size, size, 3) uint8: each picture in all views in turn.

    The last batch is filled up with copies of the last image, so that all batches have one shape; the caller drops
    the additional rows.
    """

    def __init__(self, pictures: Pictures, batch_size: int, views: Sequence[View] = ("plain",)):
        self.pictures, self.batch_size, self.views = pictures, batch_size, views

    def __len__(self) -> int:
        return math.ceil(len(self.pictures) / self.batch_size)

    def __getitem__(self, batch: int) -> np.ndarray:
        return self.share(batch)

    def share(self, batch: int, number: int = 0, of: int = 1) -> np.ndarray:
        """The part `number` of a batch that is cut into equal ones."""
        if not 0 <= batch < len(self):
            raise IndexError(batch)
        rows = filled_rows(batch, self.batch_size, len(self.pictures))[places(self.batch_size, number, of)]
        size, count = self.pictures.recipe.image_size, len(self.views)
        images = np.empty((len(rows) * count, size, size, 3), np.uint8)
        for place, row in enumerate(rows):
            fill_views(
                images[place * count : (place + 1) * count], self.pictures[row], self.pictures.recipe, self.views
            )
        return images


def places(batch_size: int, number: int, of: int) -> slice:
    """The places of the part `number` of a batch that is cut into equal ones, as many as divide its size."""
    size = batch_size // of
    return slice(number * size, (number + 1) * size)


def filled_rows(batch: int, batch_size: int, count: int) -> np.ndarray:
    """The rows in a batch of those in order, (batch_size,) int; the last batch is filled up with the last row."""
    return np.minimum(np.arange(batch * batch_size, (batch + 1) * batch_size), count - 1)


class TrainBatches:
    """Batches (inputs, targets, weights) of one `epoch`, which has an order of its own.

    `inputs(rows, epoch)` makes the inputs of some rows of the dataset: augmented views, or cached features. Targets
    and weights are dicts by the output of the network, `ascii_name` of the task, (batch, classes) and (batch,) float32;
    `sample_weights` says what the weights are.
    The last batch is filled up with other images at weight 0: real ones, because batch normalisation sees them.
    With task_updates "alternate" each update trains one task, and the weights of all others are 0.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        batch_size: int,
        inputs: Callable[[np.ndarray, int], Any],
        first_epoch: int = 0,
    ):
        self.dataset, self.inputs, self.count, self.batch_size = dataset, inputs, len(dataset), batch_size
        self.recipe, self.first_epoch, self.epoch = recipe, first_epoch, first_epoch
        weights = sample_weights(dataset, recipe)
        self.weights = {task.ascii_name: weights[task.name] for task in dataset.tasks}

    def __len__(self) -> int:
        return math.ceil(self.count / self.batch_size)

    def __getitem__(self, batch: int):
        return self.share(batch)

    def share(self, batch: int, number: int = 0, of: int = 1):
        """The part `number` of a batch that is cut into equal ones; only its inputs are made."""
        if not 0 <= batch < len(self):
            raise IndexError(batch)
        rows, answers, part = self.rows(batch), self.answers(batch), places(self.batch_size, number, of)
        parts = ({name: values[part] for name, values in given.items()} for given in answers)
        return self.inputs(rows[part], self.epoch), *parts

    def answers(self, batch: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The targets and weights of a whole batch."""
        rows, counted = self.rows(batch), np.arange(batch * self.batch_size, (batch + 1) * self.batch_size) < self.count
        targets = self.dataset.targets(self.recipe.maybe, rows)  # those of all rows can be gigabytes
        targets = {task.ascii_name: targets[task.name] for task in self.dataset.tasks}
        tasks = self._tasks(batch)
        weights = {name: values[rows] * (counted & (name in tasks)) for name, values in self.weights.items()}
        return targets, weights

    def rows(self, batch: int) -> np.ndarray:
        """The rows of the dataset in a batch, (batch_size,) int; the last one is filled up with the first rows."""
        places = np.arange(batch * self.batch_size, (batch + 1) * self.batch_size)
        return shuffled(self.count, self.recipe.seed, self.epoch)[places % self.count]

    def of(self, epoch: int) -> "TrainBatches":
        """The batches of another epoch."""
        batches = copy(self)
        batches.epoch = epoch
        return batches

    def _tasks(self, batch: int) -> list[str]:
        """The tasks that a batch trains: all, or one, the next one after each update, across epochs.

        The layers of the other tasks get no gradient then, but they share the optimizer, whose momentum and weight
        decay still move them.
        """
        tasks = list(self.weights)
        if self.recipe.task_updates == "joint":
            return tasks
        update = ((self.epoch - self.first_epoch) * len(self) + batch) // self.recipe.accumulate
        return [tasks[update % len(tasks)]]


class StageBatches:
    """The batches of a stage, epoch after epoch, from step `first` on: `epochs` of them, counted from `first_epoch`."""

    def __init__(self, batches: TrainBatches, epochs: int, first: int = 0):
        self.batches, self.epochs, self.first = batches, epochs, first

    def __len__(self) -> int:
        return self.epochs * len(self.batches) - self.first

    def __getitem__(self, step: int):
        return self.share(step)

    def share(self, step: int, number: int = 0, of: int = 1):
        if not 0 <= step < len(self):
            raise IndexError(step)
        epoch, batch = divmod(self.first + step, len(self.batches))
        return self.batches.of(self.batches.first_epoch + epoch).share(batch, number, of)


def augmented_views(pictures: Pictures) -> Callable[[np.ndarray, int], np.ndarray]:
    """A function of rows (n,) int and epoch that makes augmented views (n, size, size, 3) uint8 of these pictures."""
    augmentation, recipe = Augmentation(pictures.recipe), pictures.recipe

    def make(rows: np.ndarray, epoch: int) -> np.ndarray:
        views = np.empty((len(rows), recipe.image_size, recipe.image_size, 3), np.uint8)
        for row, view in zip(rows, views, strict=True):
            augmentation(pictures[row], (recipe.seed, epoch, int(row)), out=view)
        return views

    return make


@lru_cache(maxsize=4)
def shuffled(count: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the rows in an epoch, (count,) int."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def sample_weights(dataset: Dataset, recipe: Recipe) -> dict[str, np.ndarray]:
    """Weights (n,) float32 for each task: 0 where it is absent, else 1, or as the recipe balances tasks and classes.

    With `balance` a task is weighted by N/n_k, where n_k of the N images are labelled for it, so that all tasks count
    alike. The factors are those of the whole data set: one for each batch would differ between one replica and several.
    """
    weights = {}
    for task in dataset.tasks:
        labelled = dataset.labelled[task.name]
        weight = len(dataset) / max(labelled.sum(), 1) if recipe.balance else 1
        values = labelled * np.float32(weight)
        if recipe.class_weights == "balanced":
            values[labelled] *= balanced(task, dataset.codes[task.name][labelled])
        weights[task.name] = values
    return weights


def balanced(task: Task, codes: np.ndarray) -> np.ndarray:
    """Weights (n,) float32, 1 in the mean, of n images with codes (n, classes), so that each class counts alike.

    A class of n_c images has the factor n / (classes * n_c), as in scikit-learn; classes that do not occur are left
    out. In a multi-label task each label is a question with two classes, and an image gets the mean over its labels.
    """
    true = codes == YES
    if task.kind == "multiclass":
        return (true @ _factors(true.sum(axis=0))).astype(np.float32)
    for_yes, for_no = _factors(np.stack([true.sum(axis=0), (~true).sum(axis=0)]))
    return np.where(true, for_yes, for_no).mean(axis=1).astype(np.float32)


def _factors(counts: np.ndarray) -> np.ndarray:
    """n / (classes * n_c) for the counts of the classes that occur, along the first axis."""
    return counts.sum(axis=0) / np.maximum((counts > 0).sum(axis=0) * counts, 1)
