"""A dataset: images with their codes and masks for each task; one row per image."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from pathlib import Path

import numpy as np

from competition.errors import Problem
from competition.task import Task

NO, MAYBE, YES = range(3)
LETTERS = "nmy"


@dataclass(frozen=True)
class Dataset:
    """Images with their labels, which may be incomplete.

    `names` (n,) object are relative to the folder `roots[source_of[i]]`; the image first appears in line `line[i]` of
    the file `sources[source_of[i]]`. A name may be a row of an array: train_images.npy[17]. `codes[task]` (n, classes)
    uint8 of NO, MAYBE and YES, all NO where the task is absent; `labelled[task]` (n,) bool says where it is present,
    and is the only thing that masks a loss or a metric. `group` (n,) int: images of one group stay on one side of a
    split. `held_out` (n,) bool: images that the data set itself defines as validation images.
    """

    tasks: tuple[Task, ...]
    sources: tuple[Path, ...]
    roots: tuple[Path, ...]
    source_of: np.ndarray
    line: np.ndarray
    names: np.ndarray
    codes: Mapping[str, np.ndarray]
    labelled: Mapping[str, np.ndarray]
    group: np.ndarray
    held_out: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def path(self, row: int) -> Path:
        return self.roots[self.source_of[row]] / self.names[row]

    @property
    def ids(self) -> np.ndarray:
        """A unique name for each image, (n,) str: base/Images/a.jpg."""
        return np.char.add(np.char.add(self.root_names, "/")[self.source_of], self.names.astype(str))

    @cached_property
    def root_names(self) -> list[str]:
        """The name of each root's folder; with a number if another folder has it already: base, base-2."""
        folders = [Path(os.path.normpath(root.absolute())) for root in self.roots]
        names: dict[Path, str] = {}
        for folder in dict.fromkeys(folders):
            numbered = chain([folder.name], (f"{folder.name}-{number}" for number in count(2)))
            names[folder] = next(name for name in numbered if name not in names.values())
        return [names[folder] for folder in folders]

    @property
    def path_of(self) -> dict[str, Path]:
        """The path of each image by its id."""
        return {image: self.path(row) for row, image in enumerate(self.ids.tolist())}

    def problem(self, row: int, text: str) -> Problem:
        """A problem in the line that names the image."""
        return Problem(self.sources[self.source_of[row]], int(self.line[row]), text)

    def place(self, row: int) -> str:
        """The line that names the image, as file:line."""
        return f"{self.sources[self.source_of[row]]}:{self.line[row]}"

    def targets(self, maybe: float = 0.0, rows: np.ndarray | slice = slice(None)) -> dict[str, np.ndarray]:
        """Arrays (n, classes) float32 for each task, of n `rows`: one-hot, or 1 - `maybe` at y and `maybe` shared by
        the classes marked m; **zeros where the task is absent**. A multilabel task has 1 at each y and `maybe` at each
        m."""
        return {task.name: _targets(self.codes[task.name][rows], task, maybe) for task in self.tasks}

    def take(self, rows: np.ndarray) -> "Dataset":
        """A dataset of these rows (indices (k,) int or a mask (n,) bool), in their order."""
        return replace(
            self,
            source_of=self.source_of[rows],
            line=self.line[rows],
            names=self.names[rows],
            codes={name: values[rows] for name, values in self.codes.items()},
            labelled={name: values[rows] for name, values in self.labelled.items()},
            group=self.group[rows],
            held_out=self.held_out[rows],
        )


def codes_of(true: np.ndarray) -> np.ndarray:
    """YES where a class is true, else NO, uint8 of the same shape."""
    return np.where(true, np.uint8(YES), np.uint8(NO))


def codes_of_one(place: Sequence[int], task: Task) -> np.ndarray:
    """Codes (n, classes) uint8 from the place of each image's one true class, (n,) int."""
    return codes_of(np.asarray(place, int)[:, None] == np.arange(len(task)))


def one_row_an_image(
    tasks: tuple[Task, ...],
    source: Path,
    root: Path,
    names: Sequence[str],
    codes: Mapping[str, np.ndarray],
    *,
    line: Sequence[int] | None = None,
    labelled: Mapping[str, np.ndarray] | None = None,
) -> Dataset:
    """The dataset of one file with a row for each image, numbered from line 1 unless `line` (n,) int is given.

    Every task in `codes` is present in every row unless `labelled` is given; questions have no codes.
    """
    count = len(names)
    return Dataset(
        tasks,
        sources=(source,),
        roots=(root,),
        source_of=np.zeros(count, int),
        line=np.arange(1, count + 1) if line is None else np.asarray(line, int),
        names=np.array(names, object),
        codes=codes,
        labelled={name: np.ones(count, bool) for name in codes} if labelled is None else labelled,
        group=np.arange(count),
        held_out=np.zeros(count, bool),
    )


def joined(datasets: Sequence[Dataset]) -> Dataset:
    """Concatenate datasets of the same tasks."""
    first, together = datasets[0], np.concatenate
    sources = np.cumsum([0, *(len(one.sources) for one in datasets)])
    groups = np.cumsum([0, *(len(one) for one in datasets)])
    return Dataset(
        first.tasks,
        sum((one.sources for one in datasets), ()),
        sum((one.roots for one in datasets), ()),
        source_of=together([one.source_of + before for one, before in zip(datasets, sources, strict=False)]),
        line=together([one.line for one in datasets]),
        names=together([one.names for one in datasets]),
        codes={task: together([one.codes[task] for one in datasets]) for task in first.codes},
        labelled={task: together([one.labelled[task] for one in datasets]) for task in first.labelled},
        group=together([one.group + before for one, before in zip(datasets, groups, strict=False)]),
        held_out=together([one.held_out for one in datasets]),
    )


def _targets(codes: np.ndarray, task: Task, maybe: float) -> np.ndarray:
    yes, marked = (codes == YES).astype(np.float32), (codes == MAYBE).astype(np.float32)
    if task.kind == "multilabel":
        return yes + marked * np.float32(maybe)
    marks = marked.sum(axis=1, keepdims=True)
    share = np.where(marks > 0, np.float32(maybe), np.float32(0))
    return yes * (1 - share) + marked * share / np.maximum(marks, 1)


def class_prior(dataset: Dataset) -> dict[str, np.ndarray]:
    """The share of each class among the images labelled for the task, (classes,) float64; uniform if there are none."""
    prior = {}
    for task in dataset.tasks:
        count = dataset.labelled[task.name].sum()
        true = (dataset.codes[task.name] == YES).sum(axis=0)
        prior[task.name] = true / count if count else np.full(len(task), 1 / len(task))
    return prior


def describe(dataset: Dataset) -> str:
    """One line per task: classes, labelled images, and the share of the most frequent class."""
    width, prior, lines = max(len(task.name) for task in dataset.tasks), class_prior(dataset), []
    for task in dataset.tasks:
        count, top = int(dataset.labelled[task.name].sum()), prior[task.name].max()
        lines.append(f"  {task.name:{width}}  {len(task):2d} classes  {count:7,d} labelled  largest {top:.2f}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Questions:
    """The rows of a question file: row i asks for `tasks[i]` (written `keys[i]` there) of image number `image[i]`.

    `image` (q,) int; `tasks` and `keys` (q,) object. `images` have codes if the file contains the answers as well.
    """

    file: Path
    images: Dataset
    image: np.ndarray
    tasks: np.ndarray
    keys: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def names(self) -> np.ndarray:
        return self.images.names[self.image]


def ask_everything(file: Path, images: Dataset) -> Questions:
    """Questions for every task of every image, for layouts whose question files list images alone."""
    image = np.repeat(np.arange(len(images)), len(images.tasks))
    keys = np.tile(np.array([task.name for task in images.tasks], object), len(images))
    return Questions(file, images, image, keys, keys)
