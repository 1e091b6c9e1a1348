"""The layout `cifar10`: CIFAR-10 as two tasks, from an image folder or from arrays, without deer and horse.

train/<class>/*.jpg    test/<class>/*.jpg, or test/*.jpg where the answers are not known
x_train.npy y_train.npy x_test.npy y_test.npy      as keras.datasets gives them; y_test.npy may be absent
answers in a CSV: image,object,kind                as a submission has them
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from competition.dataset import Dataset, Questions, ask_everything, codes_of_one, one_row_an_image
from competition.errors import InvalidInput, Problem, no_such
from competition.images.arrays import open_array, open_pictures
from competition.layouts.answers import Probabilities, Tasks, write_csv, write_with_probabilities
from competition.layouts.csv_lines import csv_rows, name_problem, rows_below
from competition.layouts.folder import class_folders, image_files, problems_of, unlabelled_images
from competition.recipes.cifar10 import CLASSES, KIND_OF, OBJECTS, REMOVED, TASKS
from competition.task import Task

ENDING = ".csv"

TRAIN, TEST = "train", "test"
COLUMNS = ("image", *(task.name for task in TASKS))


def read_labels(data: Path, tasks: tuple[Task, ...] = ()) -> Dataset:
    """The labelled images of the folder `data`, class by class, or in the order of the arrays."""
    _agree(tasks)
    if not data.is_dir():
        raise InvalidInput(f"{data} is not a folder; name the one that holds train/, or x_train.npy and y_train.npy")
    folder, array = data / TRAIN, data / "x_train.npy"
    if folder.exists() == array.exists():
        found = "both" if folder.exists() else "neither"
        allowed = "either train/ with a folder per class, or x_train.npy and y_train.npy"
        raise InvalidInput(f"{data} has to hold {allowed}; found: {found}")
    if folder.exists():
        return _of_folder(folder)
    if not _labels_beside(array).is_file():
        raise InvalidInput(f"{array} has no labels: {_labels_beside(array)} is missing")
    return _of_array(array)


def question_files(data: Path) -> list[Path]:
    """What there is to be answered: test/ and x_test.npy, as far as they exist."""
    return [path for path in (data / TEST, data / "x_test.npy") if path.exists()]


def read_questions(file: Path, tasks: tuple[Task, ...] = ()) -> Questions:
    """Both tasks of each image of a folder, of an array, or of a CSV with answers.

    The answers are known from a folder with a folder per class, an array with its labels beside it, and a CSV.
    """
    _agree(tasks)
    if file.is_dir() and not class_folders(file):
        names = [f"{file.name}/{name}" for name in unlabelled_images(file)]
        return ask_everything(file, one_row_an_image(TASKS, file, file.parent, names, {}))
    read = {".csv": _of_csv, ".npy": _of_array}.get(file.suffix, _of_folder)
    return ask_everything(file, read(file))


def _agree(tasks: tuple[Task, ...]) -> None:
    if tasks and tasks != TASKS:
        names = "; ".join(f"{task.name}: {', '.join(task.classes)}" for task in TASKS)
        raise InvalidInput(f"the layout cifar10 has tasks of its own ({names}); a recipe cannot have others")


def _of_folder(folder: Path) -> Dataset:
    """The images of a folder that holds a folder per class."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name one that holds a folder for each of {', '.join(CLASSES)}")
    lacking = [name for name in OBJECTS if not (folder / name).is_dir()]
    problems = [Problem(folder, 1, f"holds no folder {name}; each of the eight is needed") for name in lacking]
    if problems := [*problems, *problems_of(folder, CLASSES)]:
        raise InvalidInput(f"{folder} cannot be used:", sorted(problems))
    images = [(name, image) for name in OBJECTS for image in image_files(folder / name)]
    names = [f"{folder.name}/{name}/{image}" for name, image in images]
    return one_row_an_image(TASKS, folder, folder.parent, names, _codes([name for name, _ in images]))


def _of_array(file: Path) -> Dataset:
    """The images of x_….npy, of which only the header is read, with the labels of y_….npy if that exists."""
    labels, count = _labels_beside(file), len(open_pictures(file))
    if not labels.is_file():
        return one_row_an_image(TASKS, file, file.parent, [f"{file.name}[{row}]" for row in range(count)], {})
    numbers = _numbers(labels, count)
    kept = np.flatnonzero(~np.isin(np.array(CLASSES, object)[numbers], REMOVED))
    names, classes = [f"{file.name}[{row}]" for row in kept], [CLASSES[number] for number in numbers[kept]]
    return one_row_an_image(TASKS, labels, file.parent, names, _codes(classes), line=kept + 1)


def _labels_beside(file: Path) -> Path:
    """y_train.npy for x_train.npy. Raises InvalidInput for a name without x_."""
    if not file.name.startswith("x_"):
        raise InvalidInput(f"{file}: an array of images has to be named x_….npy, as in x_test.npy; its labels y_….npy")
    return file.with_name(f"y_{file.name[2:]}")


def _numbers(file: Path, count: int) -> np.ndarray:
    """The labels (count,) int from 0 to 9 of an array (count,) or (count, 1)."""
    array = np.asarray(open_array(file))
    if array.shape not in {(count,), (count, 1)} or array.dtype.kind not in "iu":
        allowed = f"for {count:,} images allowed are whole numbers of shape ({count},) or ({count}, 1)"
        raise InvalidInput(f"{file} holds {array.dtype} of shape {array.shape}; {allowed}")
    numbers = array.reshape(count).astype(int)
    wrong = np.flatnonzero((numbers < 0) | (numbers >= len(CLASSES)))
    if len(wrong):
        allowed = f"allowed are 0 to {len(CLASSES) - 1}: {', '.join(CLASSES)}"
        raise InvalidInput(f"{file}; {allowed}:", [f"row {row}: label {numbers[row]}" for row in wrong])
    return numbers


def _of_csv(file: Path) -> Dataset:
    """The images and answers of a file image,object,kind."""
    rows = csv_rows(file)
    _, header = next(rows, (1, ["nothing"]))
    if tuple(header) != COLUMNS:
        raise InvalidInput(f"{file}:1: the header is {','.join(header)!r}; allowed is {','.join(COLUMNS)}")
    good, problems = rows_below(file, rows, header, 0, _cell_problem)
    if problems:
        raise InvalidInput(f"{file} cannot be used:", problems)
    codes = {task.name: _one_hot(task, [cells[1 + place] for _, cells in good]) for place, task in enumerate(TASKS)}
    names, lines = [cells[0] for _, cells in good], [line for line, _ in good]
    return one_row_an_image(TASKS, file, file.parent, names, codes, line=lines)


def _cell_problem(cells: Sequence[str]) -> str | None:
    given = zip(TASKS, cells[1:], strict=True)
    wrong = [no_such(task.name, cell, task.classes) for task, cell in given if cell not in task.classes]
    return "; ".join(filter(None, [name_problem(cells[0]), *wrong])) or None


def _codes(classes: Sequence[str]) -> dict[str, np.ndarray]:
    """The codes of both tasks for the classes of some images."""
    what, kind = TASKS
    return {what.name: _one_hot(what, classes), kind.name: _one_hot(kind, [KIND_OF[name] for name in classes])}


def _one_hot(task: Task, classes: Sequence[str]) -> np.ndarray:
    return codes_of_one([task.classes.index(name) for name in classes], task)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write a line per image with its class for each task, and the probabilities beside the file."""
    columns = {"image": questions.images.names}
    for task in tasks:
        columns[task.name] = np.array(task.classes, object)[probabilities[task.name].argmax(axis=1)]
    return write_with_probabilities(path, questions, probabilities, tasks, lambda file: write_csv(file, columns))
