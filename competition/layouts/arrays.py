"""The layout `arrays`: train_images.npy and a train_<task>.npy for each task; val_ and test_ likewise.

Images are uint8 RGB (images, height, width, 3) and stay on the disk; labels are class numbers (images,) or 0/1 columns
(images, classes). The images of val_ are held out; those of test_ are the questions, and their labels the answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from competition.dataset import NO, Dataset, Questions, ask_everything, codes_of, codes_of_one, joined, one_row_an_image
from competition.errors import InvalidInput, no_such
from competition.images.arrays import open_array, open_pictures
from competition.layouts.answers import Probabilities, Tasks, answers, write_with_probabilities
from competition.layouts.classes import agree, find_classes
from competition.task import Task, composed

ENDING = ".npz"

TRAIN, VAL, TEST = "train", "val", "test"
IMAGES = "_images.npy"
MOST_CLASSES = 20_000  # of a task whose classes are only numbers


@dataclass(frozen=True)
class Part:
    """The files of one part of a data set, memory-mapped: its images, and the labels of each task."""

    file: Path
    images: np.ndarray
    labels: Mapping[str, np.ndarray]

    def label_file(self, task: str) -> Path:
        return self.file.with_name(f"{self.file.name.removesuffix(IMAGES)}_{task}.npy")


def read_labels(data: Path, tasks: tuple[Task, ...]) -> Dataset:
    """The images of train_ and, held out, those of val_; without `tasks`, these come from classes.csv or the labels.

    Raises InvalidInput with all problems: missing files, files that hold no such array, lengths and shapes that do not
    match, and labels that are no class.
    """
    there = [name for name in (TRAIN, VAL) if name == TRAIN or any(data.glob(f"{name}_*.npy"))]
    parts = [read_part(data / f"{name}{IMAGES}") for name in there]
    tasks = agree(tasks, find_classes(data)) or _numbered(parts)
    lacking = [part.label_file(task.name) for part in parts for task in tasks if task.name not in part.labels]
    lacking = [f"{file} is missing; each part (train, val) needs the labels of every task" for file in lacking]
    datasets, wrong = zip(*(_encode(part, tasks) for part in parts), strict=True)
    _refuse([*_unlike(parts), *lacking, *chain(*wrong)], data)
    every = joined(datasets)
    return replace(every, held_out=every.source_of > 0)


def question_files(data: Path) -> list[Path]:
    """test_images.npy, if it is there."""
    return [file for file in [data / f"{TEST}{IMAGES}"] if file.is_file()]


def read_questions(file: Path, tasks: tuple[Task, ...]) -> Questions:
    """Every task of every image in an array, with the answers to those tasks whose labels lie beside it.

    Raises InvalidInput with all problems, including labels of other tasks and a classes.csv that names other classes.
    """
    part = read_part(file)
    tasks = agree(tasks, find_classes(file.parent))
    dataset, problems = _encode(part, tasks)
    _refuse(problems, file)
    return ask_everything(file, dataset if part.labels else replace(dataset, codes={}, labelled={}))


def read_part(file: Path) -> Part:
    """Open an array of images, whose name ends in _images.npy, and the labels beside it.

    Raises InvalidInput if a file is missing or no such array, or if there are more or fewer labels than images.
    """
    if not file.name.endswith(IMAGES):
        raise InvalidInput(f"{file} cannot be an array of images: the name has to end in {IMAGES}, as in test{IMAGES}")
    prefix = file.name.removesuffix("images.npy")
    found = sorted(path for path in file.parent.glob(f"{prefix}*.npy") if path != file)
    arrays, problems = {}, []
    for path in [file, *found]:
        try:
            arrays[path] = open_pictures(path) if path == file else open_array(path)
        except InvalidInput as error:
            problems.append(str(error))
    _refuse(problems, file)
    part = Part(file, arrays[file], {composed(path.stem.removeprefix(prefix)): arrays[path] for path in found})
    _refuse([*_misshapen(part)], file)
    return part


def _misshapen(part: Part) -> Iterator[str]:
    count = len(part.images)
    for task, labels in part.labels.items():
        file, kind = part.label_file(task), labels.dtype.kind
        numbers = kind in "iu" and (labels.ndim == 1 or labels.shape[1:] == (1,))
        if not (numbers or (kind in "biuf" and _columns(labels))):
            allowed = "allowed are whole numbers of shape (images,), or 0/1 of shape (images, classes)"
            yield f"{file}: {labels.dtype} of shape {labels.shape}; {allowed}"
        elif len(labels) != count:
            yield f"{file}: {len(labels):,} labels, but {part.file.name} has {count:,} images"


def _unlike(parts: Sequence[Part]) -> Iterator[str]:
    """Whether the parts have no labels at all, and whether images of a later part differ in shape from the first's."""
    first, *others = parts
    if not any(part.labels for part in parts):
        yield f"{first.label_file('<task>')}: there is no file of labels at all; each task needs one"
    for part in others:
        if (here := part.images.shape[1:]) != (there := first.images.shape[1:]):
            yield f"{part.file}: images of shape {here}, but those of {first.file.name} are {there}"


def _numbered(parts: Sequence[Part]) -> tuple[Task, ...]:
    """A task for each file of labels, sorted by name; its classes are the columns, or 0 up to the largest number."""
    tasks = []
    for name in sorted({name for part in parts for name in part.labels}):
        arrays = [part.labels[name] for part in parts if name in part.labels]
        one_hot = [array for array in arrays if _columns(array)]
        count = one_hot[0].shape[1] if one_hot else 1 + max(int(array.max()) for array in arrays)
        if count > MOST_CLASSES:
            raise InvalidInput(
                f"{parts[0].label_file(name)}: the largest label makes {count:,} classes, and {MOST_CLASSES:,} are "
                "allowed; number them from 0 without gaps, or name them in classes.csv"
            )
        tasks.append(Task(name, tuple(str(number) for number in range(count))))
    return tuple(tasks)


def _columns(labels: np.ndarray) -> bool:
    return labels.ndim == 2 and labels.shape[1] > 1


def _encode(part: Part, tasks: tuple[Task, ...]) -> tuple[Dataset, list[str]]:
    """The dataset of a part, and what is wrong with its labels; a task without a file of labels is absent."""
    count, known = len(part.images), {task.name: task for task in tasks}
    problems = [f"{part.label_file(name)}: {no_such('task', name, known)}" for name in part.labels if name not in known]
    codes = {name: np.full((count, len(task)), NO, np.uint8) for name, task in known.items()}
    for name in part.labels.keys() & known.keys():
        wrong = _problems(part.labels[name], known[name])
        problems += [f"{part.label_file(name)}{text}" for text in wrong]
        if not wrong:
            labels = part.labels[name]
            codes[name] = codes_of(labels == 1) if _columns(labels) else codes_of_one(np.ravel(labels), known[name])
    labelled = {name: np.full(count, name in part.labels) for name in known}
    names = [f"{part.file.name}[{row}]" for row in range(count)]
    return one_row_an_image(tasks, part.file, part.file.parent, names, codes, labelled=labelled), problems


def _problems(labels: np.ndarray, task: Task) -> list[str]:
    """What is wrong with the labels of a task, as texts to be appended to the name of the file."""
    if not _columns(labels):
        if task.kind == "multilabel":
            return [f": one number per image, but {task.name} is multilabel; allowed is a 0/1 column per class"]
        numbers = np.ravel(labels)
        odd = (numbers < 0) | (numbers >= len(task))
        allowed = f"{task.name} has the classes 0 to {len(task) - 1}"
        return [f"[{row}]: class {numbers[row]}; {allowed}" for row in np.flatnonzero(odd)]
    if labels.shape[1] != len(task):
        return [f": {labels.shape[1]} columns, but {task.name} has {len(task)} classes"]
    odd, rule = ~np.isin(labels, (0, 1)).all(axis=1), "0 or 1 in each column"
    if task.kind == "multiclass":
        odd, rule = odd | (np.count_nonzero(labels, axis=1) != 1), "a single 1, and 0 in all other columns"
    return [f"[{row}]: {_shown(labels[row])}; allowed is {rule}" for row in np.flatnonzero(odd)]


def _shown(row: np.ndarray) -> str:
    """The first values of a row (classes,) that are not 0, so that the message stays short."""
    places = np.flatnonzero(row)
    return ", ".join(f"{row[place]:g} in column {place}" for place in places[:4]) or "only 0"


def _refuse(problems: Sequence[str], place: Path) -> None:
    if problems:
        raise InvalidInput(f"{place} cannot be used:", problems)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write an .npz: for each task the answers as 0/1 (images, classes) uint8, and <task>_probabilities float32."""
    given = {task.name: answers(probabilities[task.name], task).astype(np.uint8) for task in tasks}
    given |= {f"{task.name}_probabilities": probabilities[task.name].astype(np.float32) for task in tasks}

    def write(file: Path) -> None:
        with file.open("wb") as opened:  # to a path, NumPy would add .npz
            np.savez_compressed(opened, **given)

    return write_with_probabilities(path, questions, probabilities, tasks, write)
