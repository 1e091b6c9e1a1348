"""Predictions of images with known answers: the file from which scores, blends and reports are made."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from competition import renamed
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.images.arrays import PACKED_ERRORS, open_arrays
from competition.run import Run
from competition.scoring.fashionai import as_submitted
from competition.scoring.scores import Report, score
from competition.task import Task

HELD_OUT, TEST = "probabilities.npz", "test.npz"
PLAIN = "plain"
PARTS = 5
Probabilities = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Predictions:
    """The predictions of a run, or of the folds of a cross-validation, for images that they were not trained on.

    `images` (n,) str are names as in `Dataset.ids`; `probabilities[task]` is (n, classes) float64; `codes[task]`
    (n, classes) uint8 and `labelled[task]` (n,) bool are those of a Dataset; images of one `group`, (n,) int, are
    near-duplicates, so not independent; `fold` (n,) int is the fold in which an image was held out.
    """

    source: str
    tasks: tuple[Task, ...]
    images: np.ndarray
    probabilities: Probabilities
    codes: Mapping[str, np.ndarray]
    labelled: Mapping[str, np.ndarray]
    group: np.ndarray
    fold: np.ndarray

    @classmethod
    def of(cls, source: str, dataset: Dataset, probabilities: Probabilities, fold: np.ndarray | int = 0) -> Self:
        """The predictions of `source` for the images of a dataset, rounded like a submission."""
        given = {task.name: as_submitted(probabilities[task.name]) for task in dataset.tasks}
        by_image = {"group": dataset.group, "fold": np.broadcast_to(fold, len(dataset))}
        return cls(source, dataset.tasks, dataset.ids, given, dataset.codes, dataset.labelled, **by_image)

    def __len__(self) -> int:
        return len(self.images)

    def answers_differ(self, task: str, codes: np.ndarray, labelled: np.ndarray) -> bool:
        """Whether the codes (n, classes) uint8 of a task, or the mask (n,) bool of its labelled images, differ."""
        return bool((self.codes[task] != codes).any() or (self.labelled[task] != labelled).any())

    def take(self, rows: np.ndarray) -> "Predictions":
        """The predictions of some rows, (m,) int numbers or an (n,) bool mask, in their order."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in BY_IMAGE},
            **{name: {task: values[rows] for task, values in getattr(self, name).items()} for name in BY_TASK},
        )

    def labelled_tasks(self) -> Iterator[tuple[Task, np.ndarray, np.ndarray, np.ndarray]]:
        """For each task that has labelled rows: the task, their numbers (m,), and their probabilities and codes."""
        for task in self.tasks:
            rows = np.flatnonzero(self.labelled[task.name])
            if len(rows):
                yield task, rows, self.probabilities[task.name][rows], self.codes[task.name][rows]

    def score(self) -> Report:
        return score(self.tasks, self.probabilities, self.codes, self.labelled)

    def write(self, run: Run, name: str = HELD_OUT, views: Mapping[str, Probabilities] | None = None) -> None:
        """Write the file `name` with these as the plain view, and `views` of the same images beside it."""
        views = {**(views or {}), PLAIN: self.probabilities}
        arrays = {part: getattr(self, part) for part in BY_IMAGE}
        for task in self.tasks:
            arrays |= {f"classes/{task.name}": np.array(task.classes), f"kind/{task.name}": np.array(task.kind)}
            arrays |= {f"{part}/{task.name}": getattr(self, part)[task.name] for part in ("codes", "labelled")}
            arrays |= {f"probabilities/{view}/{task.name}": values[task.name] for view, values in views.items()}
        run.write_arrays(name, arrays)


BY_IMAGE = ("images", "group", "fold")
KINDS = {"images": "U", "group": "iu", "fold": "iu"}  # of NumPy's types
BY_TASK = ("probabilities", "codes", "labelled")


def parts_of(group: np.ndarray) -> np.ndarray:
    """Masks (PARTS, n) bool of the images in each part, for fitting on the other parts and scoring on this one.

    Near-duplicates, of one `group` (n,) int, stay together. The numbers of groups differ by at most one, so if there
    are fewer groups than parts, some parts are empty.
    """
    groups, number = np.unique(group, return_inverse=True)
    return np.random.default_rng(0).permutation(len(groups))[number] % PARTS == np.arange(PARTS)[:, None]


def views_of(run: Run, name: str = HELD_OUT) -> tuple[str, ...]:
    """The views that a run has predicted, the plain one first."""
    return _read(run, name, view="")[0]


def read_predictions(run: Run, view: str = PLAIN, name: str = HELD_OUT) -> Predictions:
    """The predictions of a run or cross-validation in one view.

    Raises InvalidInput if there are none, or if the file is damaged.
    """
    views, arrays = _read(run, name, view)
    if view not in views:
        raise InvalidInput(f"{run.folder} has no view {view!r}; it has {', '.join(views)}")
    names, file = [key.removeprefix("classes/") for key in arrays if key.startswith("classes/")], run.file(name)
    try:
        tasks = tuple(Task(n, tuple(arrays[f"classes/{n}"].tolist()), arrays[f"kind/{n}"].item()) for n in names)
        parts = {part: {n: arrays[f"{part}/{n}"] for n in names} for part in ("codes", "labelled")}
        given = {n: arrays[f"probabilities/{view}/{n}"] for n in names}
        by_image = {part: arrays[part] for part in BY_IMAGE}
    except KeyError as error:
        raise InvalidInput(f"{file} lacks {error}; the run has to be made again") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{file} holds tasks that cannot be read ({error}); the run has to be made again") from None
    if problem := next(_problems(tasks, given, by_image, **parts), ""):
        raise InvalidInput(f"{file} holds {problem}; the run has to be made again")
    given = {name: as_submitted(values) for name, values in given.items()}
    return Predictions(run.name, tasks, probabilities=given, **by_image, **parts)


def _problems(
    tasks: tuple[Task, ...],
    given: Probabilities,
    by_image: Mapping[str, np.ndarray],
    codes: Mapping[str, np.ndarray],
    labelled: Mapping[str, np.ndarray],
) -> Iterator[str]:
    """What the arrays of a file are that those of predictions cannot be."""
    expected = [(by_image[part], (), KINDS[part]) for part in BY_IMAGE]
    for task in tasks:
        expected.append((labelled.get(task.name), (), "b"))
        expected += [(codes.get(task.name), (len(task),), "iu"), (given.get(task.name), (len(task),), "f")]
    rows = by_image["images"].shape[:1]
    for values, shape, kinds in expected:
        if values is None or values.shape != rows + shape:
            yield "arrays of different lengths"
        elif values.dtype.kind not in kinds:
            yield f"numbers of another type ({values.dtype})"
    for values in given.values():
        if not np.isfinite(values).all():
            yield "probabilities that are not finite numbers"
        elif values.size and (values.min() < 0 or values.max() > 1):
            yield "probabilities that are not from 0 to 1"


def _read(run: Run, name: str, view: str) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """The views in a file of predictions, and its arrays; of the probabilities, most of the file, only one view's."""
    path: Path = run.file(name)
    if not path.is_file():
        raise InvalidInput(
            f"{path}: there is no such file, so {run.folder} holds no predictions of images with known answers; "
            "name a finished training that held images out, or a finished `competition cv`"
        )
    try:
        with open_arrays(path) as file:
            found = {key.split("/")[1] for key in file.files if key.startswith("probabilities/")}
            others = tuple(f"probabilities/{other}/" for other in found - {view})
            arrays = {_current(key): _readable(file[key]) for key in file.files if not key.startswith(others)}
    except InvalidInput:
        raise
    except (OSError, *PACKED_ERRORS):
        raise InvalidInput(f"{path} is damaged, or not a file of predictions; the run has to be made again") from None
    if not any(key.startswith("classes/") for key in arrays):
        raise InvalidInput(f"{path} names no classes, so another version wrote it; the run has to be made again")
    return tuple(sorted(found, key=lambda view: (view != PLAIN, view))), arrays


def _readable(array: np.ndarray) -> np.ndarray:
    """The array. Raises ValueError for texts of numbers that are no characters, which NumPy only notices in use."""
    if array.dtype.kind == "U":
        numbers = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if numbers.max(initial=0) > sys.maxunicode:
            raise ValueError("it holds numbers that are no characters")
    return array


def _current(key: str) -> str:
    """The current name of an array: codes/colour for letters/colour."""
    part, slash, rest = key.partition("/")
    return f"{renamed.ARRAYS.get(part, part)}{slash}{rest}"


def joined(several: Sequence[Predictions]) -> Predictions:
    """Predictions of different images, such as the folds of one seed, joined.

    Raises InvalidInput if tasks, classes or their order differ.
    """
    first = several[0]
    for other in several[1:]:
        _refuse_other_tasks(first, other)
    by_image = {name: np.concatenate([getattr(one, name) for one in several]) for name in BY_IMAGE}
    by_task = {
        name: {task: np.concatenate([getattr(one, name)[task] for one in several]) for task in first.codes}
        for name in BY_TASK
    }
    return replace(first, **by_image, **by_task)


def _refuse_other_tasks(first: Predictions, other: Predictions) -> None:
    if other.tasks != first.tasks:
        raise InvalidInput(
            f"{other.source} and {first.source} cannot be put together: tasks, classes or their order differ:",
            [f"{one.source}: {one.tasks}" for one in (first, other)],
        )


def aligned(several: Sequence[Predictions]) -> list[Predictions]:
    """All predictions in the order of the first one's images.

    Raises InvalidInput if tasks, classes, their order, images, folds or answers differ.
    """
    first, result = several[0], [several[0]]
    for one in several[1:]:
        _refuse_other_tasks(first, one)
        place = {image: row for row, image in enumerate(one.images.tolist())}
        if extra := sorted(set(first.images.tolist()) ^ place.keys()):
            raise InvalidInput(
                f"{one.source} and {first.source} predicted different images ({len(one):,} and {len(first):,}, "
                f"{len(extra):,} in only one); use runs with the same folds or the same split; for example:",
                extra[:3],
            )
        other = one.take(np.array([place[image] for image in first.images.tolist()], int))
        if (other.fold != first.fold).any():
            raise InvalidInput(
                f"{other.source} and {first.source} have different folds, so their scores cannot be compared; "
                "train both with the same --folds-file"
            )
        for task in first.tasks:
            if other.answers_differ(task.name, first.codes[task.name], first.labelled[task.name]):
                raise InvalidInput(f"{other.source} and {first.source} have other labels of {task.name}; train again")
        result.append(other)
    return result
