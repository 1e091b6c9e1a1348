"""Arrays as a data set: train_images.npy and a train_<task>.npy for each task; val_ and test_ likewise.

Images are uint8 RGB (images, height, width, 3) and stay on the disk; labels are class numbers (images,) or 0/1 columns
(images, classes). What is in val_ is held out; test_ asks, and its labels, where there are any, are the answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from competition.dataset import NO, YES, Dataset, Questions, ask_everything, joined, one_row_an_image
from competition.errors import InvalidInput, no_such
from competition.files import whole_file
from competition.images.arrays import open_array, open_pictures
from competition.layouts.answers import Probabilities, Tasks, answers, write_with_probabilities
from competition.layouts.classes import agree, find_classes
from competition.task import Task

ENDING = ".npz"

TRAIN, VAL, TEST = "train", "val", "test"
IMAGES = "_images.npy"


@dataclass(frozen=True)
class Part:
    """The files of one part of a data set, memory-mapped: its images, and the labels of each task."""

    file: Path
    images: np.ndarray
    labels: Mapping[str, np.ndarray]

    @property
    def name(self) -> str:
        return self.file.name.removesuffix(IMAGES)

    def label_file(self, task: str) -> Path:
        return self.file.with_name(f"{self.name}_{task}.npy")


def read_labels(data: Path, tasks: tuple[Task, ...]) -> Dataset:
    """The images of train_ and, held out, those of val_, with the tasks of `tasks`, of classes.csv, or of the files.

    Raises InvalidInput with all problems: files that are missing or no such arrays, of different length or shape, and
    labels that are no class.
    """
    parts = [read_part(data / f"{name}{IMAGES}") for name in (TRAIN, VAL) if name == TRAIN or _there(data, name)]
    _refuse([*_unlike(parts)], data)
    tasks = agree(tasks, find_classes(data)) or _numbered(parts)
    datasets, problems = [], []
    for part in parts:
        problems += _missing(part, tasks)
        dataset, wrong = _encode(part, tasks)
        datasets.append(dataset)
        problems += wrong
    _refuse(problems, data)
    every = joined(datasets)
    return replace(every, held_out=every.source_of > 0)


def question_files(data: Path) -> list[Path]:
    """test_images.npy, if it is there."""
    return [file for file in [data / f"{TEST}{IMAGES}"] if file.is_file()]


def read_questions(file: Path, tasks: tuple[Task, ...]) -> Questions:
    """Every task of every image of an array, and the codes of the tasks whose labels lie beside it.

    Raises InvalidInput with all problems, labels of a task that is not asked for included, and where a classes.csv
    beside it names other classes.
    """
    part = read_part(file)
    tasks = agree(tasks, find_classes(file.parent))
    dataset, problems = _encode(part, tasks)
    _refuse(problems, file)
    return ask_everything(file, dataset if part.labels else replace(dataset, codes={}, labelled={}))


def read_part(file: Path) -> Part:
    """Open an array of images, whose name ends in _images.npy, and the labels beside it.

    Raises InvalidInput where a file is missing or no such array, or the labels are not as many as the images.
    """
    if not file.name.endswith(IMAGES):
        raise InvalidInput(f"{file} is not named like an array of images, for example test{IMAGES}; rename it")
    prefix = file.name.removesuffix("images.npy")
    found = sorted(path for path in file.parent.glob(f"{prefix}*.npy") if path != file)
    arrays, problems = {}, []
    for path in [file, *found]:
        try:
            arrays[path] = open_pictures(path) if path == file else open_array(path)
        except InvalidInput as error:
            problems.append(str(error))
    _refuse(problems, file)
    labels = {path.stem.removeprefix(prefix): arrays[path] for path in found}
    part = Part(file, arrays[file], labels)
    _refuse([*_misshapen(part)], file)
    return part


def _misshapen(part: Part) -> Iterator[str]:
    count = len(part.images)
    for task, labels in part.labels.items():
        numbers = labels.dtype.kind in "iu" and (labels.ndim == 1 or labels.shape[1:] == (1,))
        columns = labels.dtype.kind in "biuf" and labels.ndim == 2 and labels.shape[1] > 1
        if not (numbers or columns):
            yield (
                f"{part.label_file(task)}: {labels.dtype} of shape {labels.shape}; labels are whole numbers (images,) "
                "or 0/1 (images, classes)"
            )
        elif len(labels) != count:
            yield f"{part.label_file(task)}: {len(labels):,} labels, but {part.file.name} has {count:,} images"


def _unlike(parts: Sequence[Part]) -> Iterator[str]:
    """In what the later parts differ from the first, though they must not."""
    first = parts[0]
    if not first.labels:
        yield f"{first.label_file('<task>')}: there is not a single file of labels; give one for each task"
    for part in parts[1:]:
        if part.images.shape[1:] != first.images.shape[1:]:
            here, there = part.images.shape[1:], first.images.shape[1:]
            yield f"{part.file}: images of shape {here}, but those of {first.file.name} are {there}"
        for task in sorted(part.labels.keys() ^ first.labels.keys()):
            one, other = (part, first) if task in first.labels else (first, part)
            yield f"{one.label_file(task)} is missing, but there is {other.label_file(task).name}; give both or none"


def _missing(part: Part, tasks: tuple[Task, ...]) -> Iterator[str]:
    for task in tasks:
        if task.name not in part.labels:
            yield f"{part.label_file(task.name)} is missing: it holds the labels of the task {task.name}"


def _numbered(parts: Sequence[Part]) -> tuple[Task, ...]:
    """A task for each file of labels, by name; as many classes as columns, or as the largest number says."""
    tasks = []
    for name in parts[0].labels:
        arrays = [part.labels[name] for part in parts]
        one_hot = [array for array in arrays if _columns(array)]
        count = one_hot[0].shape[1] if one_hot else 1 + max(int(array.max()) for array in arrays)
        tasks.append(Task(name, tuple(str(number) for number in range(count))))
    return tuple(tasks)


def _columns(labels: np.ndarray) -> bool:
    return labels.ndim == 2 and labels.shape[1] > 1


def _encode(part: Part, tasks: tuple[Task, ...]) -> tuple[Dataset, list[str]]:
    """The dataset of a part, and what is wrong with its labels; a task without any is absent."""
    count, known = len(part.images), {task.name: task for task in tasks}
    problems = [f"{part.label_file(name)}: {no_such('task', name, known)}" for name in part.labels if name not in known]
    codes = {name: np.full((count, len(task)), NO, np.uint8) for name, task in known.items()}
    for name in part.labels.keys() & known.keys():
        true, wrong = _true(part.labels[name], known[name])
        problems += [f"{part.label_file(name)}{text}" for text in wrong]
        codes[name][true] = YES
    labelled = {name: np.full(count, name in part.labels) for name in known}
    names = [f"{part.file.name}[{row}]" for row in range(count)]
    return one_row_an_image(tasks, part.file, part.file.parent, names, codes, labelled=labelled), problems


def _true(labels: np.ndarray, task: Task) -> tuple[tuple[np.ndarray, np.ndarray], list[str]]:
    """Rows and classes that are true, and what is wrong, each text to stand behind the file's name."""
    if not _columns(labels):
        numbers = np.ravel(labels)
        bad = np.flatnonzero((numbers < 0) | (numbers >= len(task)))
        allowed = f"{task.name} has the classes 0 to {len(task) - 1}"
        if task.kind == "multilabel":
            return _none(), [f": one number an image, but {task.name} takes 0/1 columns: several may be true"]
        good = (numbers >= 0) & (numbers < len(task))
        return (np.flatnonzero(good), numbers[good]), [f"[{row}]: class {numbers[row]}; {allowed}" for row in bad]
    if labels.shape[1] != len(task):
        return _none(), [f": {labels.shape[1]} columns, but {task.name} has {len(task)} classes"]
    odd = ~np.isin(labels, (0, 1)).all(axis=1)
    if task.kind == "multiclass":
        odd |= np.count_nonzero(labels, axis=1) != 1
    rule = "0 or 1 each" if task.kind == "multilabel" else "a single 1, else 0"
    wrong = [f"[{row}]: {_shown(labels[row])}; allowed is {rule}" for row in np.flatnonzero(odd)]
    return np.nonzero(np.where(odd[:, None], 0, labels)), wrong


def _none() -> tuple[np.ndarray, np.ndarray]:
    return np.arange(0), np.arange(0)


def _shown(row: np.ndarray) -> str:
    """What is not 0 in a row, so that a long one stays readable."""
    places = np.flatnonzero(row)
    return ", ".join(f"{row[place]:g} in column {place}" for place in places[:4]) or "only 0"


def _there(data: Path, part: str) -> bool:
    return any(data.glob(f"{part}_*.npy"))


def _refuse(problems: Sequence[str], place: Path) -> None:
    if problems:
        raise InvalidInput(f"{place} cannot be used:", problems)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """In one .npz: for each task the answers as a one-hot array, as labels are, and <task>_probabilities."""
    given = {task.name: answers(probabilities[task.name], task).astype(np.uint8) for task in tasks}
    given |= {f"{task.name}_probabilities": probabilities[task.name].astype(np.float32) for task in tasks}

    def write() -> None:
        with whole_file(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **given)

    return write_with_probabilities(write, path, questions, probabilities, tasks)
