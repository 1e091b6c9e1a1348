"""What a data set holds before anything is trained on it: labels, files, duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.check_images import contradictions, inspect, readable
from competition.data.leakage import Images, Leak, find_leaks, hashed_images
from competition.dataset import MAYBE, YES, Dataset
from competition.errors import Problem
from competition.files import CACHE
from competition.images.header import Header, read_header
from competition.layouts.registry import reader_of
from competition.recipe import Recipe
from competition.threads import in_threads


@dataclass(frozen=True)
class Audit:
    """What reading all of a data set found.

    `dataset` has all labelled images, `readable` those that can be read, with their `headers`; `broken` says why others
    cannot. `contradictions` are the labels that differ from those of a file with the same bytes. `good` are the
    readable images and those of the question files; `leaks` are pairs of them that are equal or look alike.
    """

    dataset: Dataset
    readable: Dataset
    broken: tuple[Problem, ...]
    contradictions: tuple[Problem, ...]
    good: Images
    leaks: tuple[Leak, ...]
    headers: tuple[Header, ...]


def audit_data(recipe: Recipe, data: Path, cache: Path = CACHE) -> Audit:
    """Read all labels and images of a data set. Raises InvalidInput for labels that cannot be read."""
    dataset = reader_of(recipe).read_labels(data, recipe.tasks)
    inspection = inspect(dataset, cache)
    digests = inspection.good_digests
    good = readable(dataset, inspection.digests)
    images = hashed_images(good, digests, recipe, data, cache)
    paths = [good.path(row) for row in range(len(good))]
    return Audit(
        dataset,
        good,
        tuple(sorted(inspection.problems.values())),
        tuple(contradictions(good)),
        images,
        tuple(find_leaks(images)),
        tuple(in_threads(read_header, paths, "reading sizes")),
    )


def count_classes(dataset: Dataset) -> pd.DataFrame:
    """A row for each class: task, name, images (y), maybe (m), and share (of the images labelled for the task)."""
    rows = []
    for task in dataset.tasks:
        codes = dataset.codes[task.name][dataset.labelled[task.name]]
        for name, yes, maybe in zip(task.classes, (codes == YES).sum(0), (codes == MAYBE).sum(0), strict=True):
            rows.append((task.name, name, int(yes), int(maybe), yes / max(1, len(codes))))
    return pd.DataFrame(rows, columns=["task", "name", "images", "maybe", "share"])


def labelled_together(dataset: Dataset) -> np.ndarray:
    """How many images are labelled for both of two tasks, (tasks, tasks) int; for a task and itself, for that task."""
    labelled = np.stack([dataset.labelled[task.name] for task in dataset.tasks]).astype(np.int64)
    return labelled @ labelled.T


def labels_an_image(dataset: Dataset) -> np.ndarray:
    """How many images are labelled for 0, 1, … all tasks, (tasks + 1,) int."""
    counts = np.sum([dataset.labelled[task.name] for task in dataset.tasks], axis=0)
    return np.bincount(counts, minlength=len(dataset.tasks) + 1)


def count_formats(headers: Sequence[Header]) -> pd.DataFrame:
    """A row for each format, the most frequent first: format, images, and the smallest, median and largest sides."""
    table = pd.DataFrame(headers, columns=Header._fields)
    table["shorter"], table["longer"] = table[["height", "width"]].min(axis=1), table[["height", "width"]].max(axis=1)
    groups = table.groupby("format", sort=False)
    sides = {
        f"{how}_{side}": (side, what)
        for how, what in (("smallest", "min"), ("median", "median"), ("largest", "max"))
        for side in ("shorter", "longer")
    }
    return groups.agg(images=("height", "size"), **sides).reset_index().sort_values("images", ascending=False)
