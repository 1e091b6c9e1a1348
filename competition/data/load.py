"""What a training works on: checked images with their labels, split into those to train on and to validate on."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from competition.data.check_images import contradictions, drop_bad_images, inspect
from competition.data.folds import read_folds
from competition.data.stratify import hold_out, thin
from competition.dataset import Dataset, describe
from competition.errors import InvalidInput, Problem, listed
from competition.files import CACHE
from competition.images.decode import digest_of
from competition.layouts.registry import reader_of
from competition.recipe import Recipe

SMOKE_BATCHES = 2
DIGITS = 16  # of a digest, enough to tell data sets apart


@dataclass(frozen=True)
class Material:
    """Good images with the `digests` of their files, the rows to train on and `held_out`, and what was skipped.

    The rows `test` are those that no fold trains or validates on. All rows are (rows,) int.
    """

    dataset: Dataset
    digests: tuple[str, ...]
    training: np.ndarray
    held_out: np.ndarray
    test: np.ndarray
    skipped: tuple[Problem, ...]

    @property
    def content(self) -> dict[str, str]:
        """Digests of all that a training depends on, by what they are of: labels, images, split."""
        tasks = self.dataset.tasks
        labels = [one[task.name] for task in tasks for one in (self.dataset.codes, self.dataset.labelled)]
        return {
            "labels": digest_of(repr(tasks).encode() + b"".join(array.tobytes() for array in labels))[:DIGITS],
            "images": digest_of("".join(self.digests).encode())[:DIGITS],
            "split": digest_of(b"".join(rows.tobytes() for rows in (self.training, self.held_out, self.test)))[:DIGITS],
        }

    def few(self, recipe: Recipe) -> "Material":
        """For a smoke test: random rows for two batches to train on and one to validate on."""
        rng = np.random.default_rng(recipe.seed)
        training = rng.permutation(self.training)[: SMOKE_BATCHES * recipe.batch_size]
        held_out = rng.permutation(self.held_out)[: recipe.batch_size]
        return self._of(training, held_out, np.arange(0))

    def fraction(self, share: float, seed: int) -> "Material":
        """A share of the images to train on, stratified; all that are held out stay, so that scores compare.

        Prints how many are left.
        """
        if share == 1:
            return self
        training = self.training[thin(self.dataset.take(self.training), share, seed)]
        print(f"fraction {share:g}: {len(training):,} of {len(self.training):,} images are trained on")
        return self._of(training, self.held_out, self.test)

    def _of(self, training: np.ndarray, held_out: np.ndarray, test: np.ndarray) -> "Material":
        """The material of these rows alone, which are numbered anew."""
        rows = np.concatenate([training, held_out, test])
        dataset, digests = self.dataset.take(rows), tuple(self.digests[row] for row in rows)
        parts = np.split(np.arange(len(rows)), np.cumsum([len(training), len(held_out)]))
        return replace(self, dataset=dataset, digests=digests, training=parts[0], held_out=parts[1], test=parts[2])


def refuse_fraction(share: float) -> None:
    """Raise InvalidInput for what is no share of the images to train on."""
    if not 0 < share <= 1:
        raise InvalidInput(f"--fraction is {share}; allowed is above 0, up to 1, which is all images to train on")


def read_material(
    recipe: Recipe, folder: Path, skip_bad_images: bool, cache: Path, fold: tuple[Path, int] | None = None
) -> Material:
    """Read, check and split the data set in `folder`, by a `fold` of a folds.csv if one is given; print what is there.

    Raises InvalidInput for labels or images that cannot be used, too few images to hold any out, and folds of other
    images.
    """
    dataset, digests, skipped = read_images(recipe, folder, skip_bad_images, cache)
    if fold:
        folds = read_folds(fold[0]).of(dataset)
        dataset, rows = replace(dataset, group=folds.group), (*folds.split(fold[1]), folds.test)
    else:
        rows = *split(dataset, recipe), np.arange(0)
    return Material(dataset, digests, *rows, skipped)


def read_images(
    recipe: Recipe, folder: Path, skip_bad_images: bool, cache: Path = CACHE
) -> tuple[Dataset, tuple[str, ...], tuple[Problem, ...]]:
    """The good labelled images of `folder`, the digests of their files, and what was skipped; prints what is there.

    Files with the same bytes and other labels are a warning that lists them.

    Raises InvalidInput for labels or images that cannot be used.
    """
    dataset = reader_of(recipe).read_labels(folder, recipe.tasks)
    inspection = inspect(dataset, cache)
    dataset, digests = drop_bad_images(dataset, inspection, skip_bad_images)
    if found := contradictions(dataset):
        what = f"{len(found):,} labels contradict those of another file with the same bytes, and both are trained on"
        warnings.warn(listed(f"{what}; correct or delete one of the two:", found), stacklevel=2)
    print(f"{folder}: {len(dataset):,} images\n{describe(dataset)}")
    return dataset, tuple(digests), tuple(sorted(inspection.problems.values()))


def split(dataset: Dataset, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and to validate on, (rows,) int, ascending; none to validate on if the recipe says so.

    If the files themselves hold images out, those are held out, whatever the recipe's share; else that share is. Raises
    InvalidInput if images of one group are on both sides of the files' own split, and if there are too few images.
    """
    if recipe.validation == 0:
        print("validation 0: every image is trained on, and there will be no score")
        return np.arange(len(dataset)), np.arange(0)
    if dataset.held_out.any():
        if dataset.held_out.all():
            raise InvalidInput("the data set holds out all of its images, so there is none to train on")
        _refuse_twins(dataset)
        print(f"held out by the data set itself: {dataset.held_out.sum():,} images")
        return np.flatnonzero(~dataset.held_out), np.flatnonzero(dataset.held_out)
    training, held_out = hold_out(dataset, recipe.validation, recipe.split_seed)
    if not len(held_out) or not len(training):
        raise InvalidInput(
            f"{len(dataset)} images are too few to hold out a share of {recipe.validation}, which needs a class that "
            "several images have; give more images, another --validation, or --validation 0 to train on all"
        )
    return training, held_out


def _refuse_twins(dataset: Dataset) -> None:
    """Raises InvalidInput if an image that the data set holds out has the same bytes as one to train on."""
    training = {group: row for row, group in enumerate(dataset.group.tolist()) if not dataset.held_out[row]}
    twins = [row for row in np.flatnonzero(dataset.held_out) if dataset.group[row] in training]
    if twins:
        one, other = (
            f"{dataset.path(row)} ({dataset.place(row)})" for row in (twins[0], training[dataset.group[twins[0]]])
        )
        raise InvalidInput(
            f"{len(twins):,} of {dataset.held_out.sum():,} images that the data set holds out have the same bytes as "
            f"one to train on, which would make the score too good: {one} is {other}, for example; remove one of each, "
            "or make folds with `competition folds`, which keeps them together, and give them with --fold"
        )
