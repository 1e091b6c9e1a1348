"""CIFAR-10 as two tasks, from an image folder or from arrays; deer and horse are left out.

train/<class>/*.jpg    test/<class>/*.jpg, or test/*.jpg where the answers are not known
x_train.npy y_train.npy x_test.npy y_test.npy      as keras.datasets gives them; y_test.npy may be absent
answers in a CSV: image,object,kind                as a submission has them
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from competition.dataset import NO, YES, Dataset, Questions, ask_everything, one_row_an_image
from competition.errors import InvalidInput, Problem
from competition.images.arrays import open_array, open_pictures
from competition.images.decode import ENDINGS, is_image
from competition.layouts.answers import Probabilities, Tasks, likeliest, write_csv, write_with_probabilities
from competition.layouts.csv_lines import csv_rows, name_problem
from competition.recipes.cifar10_tasks import CLASSES, REMOVED, TASKS, kind_of
from competition.task import Task

ENDING = ".csv"

TRAIN, TEST = "train", "test"
COLUMNS = ("image", *(task.name for task in TASKS))


def read_labels(data: Path, tasks: tuple[Task, ...] = ()) -> Dataset:
    """The labelled images of the folder `data`, class by class, or in the order of the arrays.

    Raises InvalidInput with all that is wrong with the folder or the arrays.
    """
    _agree(tasks)
    if not data.is_dir():
        raise InvalidInput(f"{data} is not a folder; name the one that holds train/, or x_train.npy and y_train.npy")
    folder, array = data / TRAIN, data / "x_train.npy"
    if folder.exists() == array.exists():
        found = "both" if folder.exists() else "none of them"
        raise InvalidInput(f"{data} takes either train/ with a folder a class, or x_train.npy and y_train.npy: {found}")
    if folder.exists():
        return _of_folder(folder)
    if not _labels_beside(array).is_file():
        raise InvalidInput(f"{array} has no labels: {_labels_beside(array)} is missing")
    return _of_array(array)


def question_files(data: Path) -> list[Path]:
    """What there is to be answered: test/ or x_test.npy, if it is there."""
    return [path for path in (data / TEST, data / "x_test.npy") if path.exists()]


def read_questions(file: Path, tasks: tuple[Task, ...] = ()) -> Questions:
    """The images of a folder, of an array, or of a CSV with answers; both tasks are asked of each.

    Answers are known where the folder has one folder a class, the array its labels beside it, and in a CSV.
    Raises InvalidInput with all that is wrong.
    """
    _agree(tasks)
    if file.suffix == ".csv":
        return ask_everything(file, _of_csv(file))
    if file.suffix == ".npy":
        return ask_everything(file, _of_array(file))
    if file.is_dir() and not any(path.is_dir() for path in _visible(file)):
        return ask_everything(file, _of_flat_folder(file))
    return ask_everything(file, _of_folder(file))


def _agree(tasks: tuple[Task, ...]) -> None:
    if tasks and tasks != TASKS:
        names = "; ".join(f"{task.name}: {', '.join(task.classes)}" for task in TASKS)
        raise InvalidInput(f"the layout cifar10 has tasks of its own ({names}); a recipe cannot have others")


def _of_folder(folder: Path) -> Dataset:
    """The images of a folder with one folder a class."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; expected is one with a folder for each of {', '.join(CLASSES)}")
    problems = [
        f"{path}: {'there is no such class' if path.is_dir() else 'lies in no folder of a class'}; "
        f"allowed are {', '.join(CLASSES)}"
        for path in _visible(folder)
        if not path.is_dir() or path.name not in CLASSES
    ]
    names, classes = [], []
    for name in TASKS[0].classes:
        files = _visible(folder / name) if (folder / name).is_dir() else []
        problems += [_not_an_image(path) for path in files if not is_image(path)]
        problems += [] if files else [f"{folder / name}: no image of this class; each of the eight has to have some"]
        names += [f"{folder.name}/{name}/{path.name}" for path in files]
        classes += [name] * len(files)
    if problems:
        raise InvalidInput(f"{folder} cannot be used:", problems)
    return one_row_an_image(TASKS, folder, folder.parent, names, _codes(classes))


def _of_flat_folder(folder: Path) -> Dataset:
    """The images of a folder, without answers."""
    files = _visible(folder)
    if problems := [_not_an_image(path) for path in files if not is_image(path)]:
        raise InvalidInput(f"{folder} cannot be answered:", problems)
    if not files:
        raise InvalidInput(f"{folder} holds no image to be answered")
    return one_row_an_image(TASKS, folder, folder.parent, [f"{folder.name}/{path.name}" for path in files], {})


def _visible(folder: Path) -> list[Path]:
    """What lies in a folder, by name; hidden files are a desktop's own."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _not_an_image(path: Path) -> str:
    return f"{path}: no image by its ending; allowed are {', '.join(ENDINGS)}"


def _of_array(file: Path) -> Dataset:
    """The images of x_….npy, of which only the header is read, with the labels of y_….npy where it is there."""
    labels, count = _labels_beside(file), len(open_pictures(file))
    if not labels.is_file():
        return one_row_an_image(TASKS, file, file.parent, [f"{file.name}[{row}]" for row in range(count)], {})
    numbers = _numbers(labels, count)
    kept = np.flatnonzero(~np.isin(np.array(CLASSES, object)[numbers], REMOVED))
    names, classes = [f"{file.name}[{row}]" for row in kept], [CLASSES[number] for number in numbers[kept]]
    return one_row_an_image(TASKS, labels, file.parent, names, _codes(classes), line=kept + 1)


def _labels_beside(file: Path) -> Path:
    """y_train.npy of x_train.npy. Raises InvalidInput for another name, which would be its own labels."""
    if not file.name.startswith("x_"):
        raise InvalidInput(f"{file}: arrays of images are named x_….npy here, as x_test.npy; their labels y_….npy")
    return file.with_name(f"y_{file.name[2:]}")


def _numbers(file: Path, count: int) -> np.ndarray:
    """The labels (count,) int from 0 to 9 of an array (count,) or (count, 1)."""
    array = np.asarray(open_array(file))
    if array.shape not in {(count,), (count, 1)} or array.dtype.kind not in "iu":
        raise InvalidInput(
            f"{file} holds {array.dtype} of shape {array.shape}; for {count:,} images allowed are whole numbers "
            f"of shape ({count},) or ({count}, 1)"
        )
    numbers = array.reshape(count).astype(int)
    wrong = np.flatnonzero((numbers < 0) | (numbers >= len(CLASSES)))
    if len(wrong):
        allowed = f"allowed are 0 to {len(CLASSES) - 1}: {', '.join(CLASSES)}"
        raise InvalidInput(f"{file}; {allowed}:", [f"row {row}: label {numbers[row]}" for row in wrong])
    return numbers


def _of_csv(file: Path) -> Dataset:
    """The images and answers of a file image,object,kind."""
    rows = list(csv_rows(file))
    if not rows or tuple(rows[0][1]) != COLUMNS:
        found = ",".join(rows[0][1]) if rows else "nothing"
        raise InvalidInput(f"{file}:1: {found!r}; expected is the header {','.join(COLUMNS)}")
    if problems := [Problem(file, line, text) for line, cells in rows[1:] for text in _cell_problems(cells)]:
        raise InvalidInput(f"{file} cannot be used:", problems)
    lines, cells = [line for line, _ in rows[1:]], [cells for _, cells in rows[1:]]
    codes = {task.name: _one_hot(task, [c[1 + place] for c in cells]) for place, task in enumerate(TASKS)}
    return one_row_an_image(TASKS, file, file.parent, [c[0] for c in cells], codes, line=lines)


def _cell_problems(cells: Sequence[str]) -> list[str]:
    if len(cells) != len(COLUMNS):
        return [f"{len(cells)} columns; allowed are {len(COLUMNS)}: {','.join(COLUMNS)}"]
    wrong = [
        f"{task.name} is {cell!r}; allowed are {', '.join(task.classes)}"
        for task, cell in zip(TASKS, cells[1:], strict=True)
        if cell not in task.classes
    ]
    name = name_problem(cells[0])
    return [name, *wrong] if name else wrong


def _codes(classes: Sequence[str]) -> dict[str, np.ndarray]:
    """The codes of both tasks for the classes of some images."""
    what, kind = TASKS
    return {what.name: _one_hot(what, classes), kind.name: _one_hot(kind, [kind_of(name) for name in classes])}


def _one_hot(task: Task, classes: Sequence[str]) -> np.ndarray:
    places = np.array([task.classes.index(name) for name in classes], int)
    return np.where(places[:, None] == np.arange(len(task)), YES, NO).astype(np.uint8)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """A line an image with the class that each task answers, and its probabilities beside them."""
    given = {task.name: likeliest(probabilities[task.name], task) for task in tasks}
    return write_with_probabilities(
        lambda: write_csv(path, {"image": questions.images.names} | given), path, questions, probabilities, tasks
    )
