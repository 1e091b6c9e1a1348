"""The layout `folder`: a folder per class, `<class>/*.jpg`, or `train/<class>/*.jpg` with `val/` and `test/` beside."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.dataset import Dataset, Questions, ask_everything, codes_of_one, joined, one_row_an_image
from competition.errors import InvalidInput, Problem, is_utf8, no_such
from competition.images.decode import ENDINGS, is_image
from competition.layouts.table import ENDING, write_answers  # noqa: F401  a folder is answered by a table
from competition.task import Task

TRAIN, TEST = ("train", "training"), ("test", "testing")  # in capitals or not
ACTIVITIES = ("training", "testing")
HELD_OUT = ("val", "valid", "validation")
OUTSIDE = (".", "..")
TASK = "class"  # the name of the task if the recipe has none
# Images that are not read here: a message is better than leaving them out silently.
OTHER_PICTURES = (".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jfif")


def read_labels(data: Path, tasks: tuple[Task, ...] = ()) -> Dataset:
    """Every image of the class folders; those of `val/` are held out.

    Without `tasks` there is one, its classes the folders sorted by name. Raises InvalidInput with all problems.
    """
    if not data.is_dir():
        raise InvalidInput(f"{data} is not a folder; name the one that holds a folder for each class")
    train = part(data, TRAIN) or data
    held_out = parts(data, HELD_OUT)
    task = _task(data, train, tasks)
    problems = [problem for part in (train, *held_out) for problem in problems_of(part, task.classes)]
    problems += [*_beside_train(data)] if train != data else []
    if problems:
        raise InvalidInput(f"{data} cannot be used as a folder of classes:", sorted(problems))
    return joined([*_classes(train, task), *(one for part in held_out for one in _classes(part, task, held_out=True))])


def question_files(data: Path) -> list[Path]:
    """The folder `test/`, if it is there."""
    return parts(data, TEST)


def read_questions(folder: Path, tasks: tuple[Task, ...]) -> Questions:
    """The images of a folder, or of class folders in it, which then are the known answers."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name one that holds images, or a folder for each class")
    task = _task(folder, folder, tasks)
    if not class_folders(folder):
        return ask_everything(folder, one_row_an_image(tasks, folder, folder, unlabelled_images(folder), {}))
    if problems := [*problems_of(folder, task.classes)]:
        raise InvalidInput(f"{folder} cannot be answered:", sorted(problems))
    return ask_everything(folder, joined([*_classes(folder, task)]))


def unlabelled_images(folder: Path) -> list[str]:
    """The names of the images in a folder that has no class folders. Raises InvalidInput if there are none."""
    if problems := [*_other_pictures(folder)]:
        raise InvalidInput(f"{folder} cannot be answered:", problems)
    if not (names := image_files(folder)):
        raise InvalidInput(f"{folder} holds no image ({', '.join(ENDINGS)})")
    return names


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted by name, that are not hidden and have no other meaning."""
    others = {*TRAIN, *TEST, *HELD_OUT, "__macosx"}
    folders = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(path for path in folders if path.name.casefold() not in others or _is_class(path))


def parts(data: Path, names: Sequence[str]) -> list[Path]:
    """The folders in a data set that have one of these names, in capitals or not."""
    there = data.iterdir() if data.is_dir() else ()
    return sorted(path for path in there if path.is_dir() and path.name.casefold() in names and not _is_class(path))


def _is_class(path: Path) -> bool:
    """Whether a folder is called training or testing, as a part may be, and holds images, as a class does."""
    return path.name.casefold() in ACTIVITIES and bool(image_files(path))


def part(data: Path, names: Sequence[str]) -> Path | None:
    """The folder in a data set that has one of these names. Raises InvalidInput if there are several."""
    found = parts(data, names)
    if len(found) > 1:
        raise InvalidInput(f"{data} holds {' and '.join(path.name for path in found)}; keep one of them")
    return found[0] if found else None


def image_files(folder: Path) -> list[str]:
    """The names of the images in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir() if is_image(path.name) and not path.name.startswith("."))


def _task(data: Path, folder: Path, tasks: tuple[Task, ...]) -> Task:
    if tasks:
        if len(tasks) > 1 or tasks[0].kind != "multiclass":
            found = ", ".join(f"{task.name} ({task.kind})" for task in tasks)
            raise InvalidInput(f"{data} has a folder per class, so it answers one multiclass task, and not {found}")
        if odd := [name for name in tasks[0].classes if not name or name in OUTSIDE or "/" in name]:
            raise InvalidInput(
                f"{data}: no folder can be called {odd[0]!r}, like a class of the recipe; rename it there"
            )
        return tasks[0]
    names = tuple(path.name for path in class_folders(folder))
    if len(names) < 2:
        found = f"one folder of images, {names[0]}" if names else "no folders of images"
        raise InvalidInput(
            f"{folder} holds {found}; it has to hold a folder for each class, at least two, or there has to be a table "
            "that says what each image shows"
        )
    return Task(TASK, names)


def problems_of(folder: Path, classes: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with the class folders in a folder; a folder has no lines, so every Problem is in line 1."""
    folders = class_folders(folder)
    for path in folders:
        if path.name not in classes:
            yield Problem(path, 1, no_such("class", path.name, classes))
        elif not image_files(path):
            yield Problem(path, 1, f"holds no image ({', '.join(ENDINGS)}); add some, or remove the folder")
        for inner in class_folders(path):
            yield Problem(path, 1, f"holds a folder, {inner.name}; images have to lie directly in their class folder")
        yield from _other_pictures(path)
    if not folders:
        yield Problem(folder, 1, "holds no folder of images")
    yield from _stray(folder)


def _beside_train(data: Path) -> Iterator[Problem]:
    """What lies beside `train/` and would not be read."""
    for path in class_folders(data):
        yield Problem(path, 1, "lies beside train/, where only val/ and test/ are read; move it into one of these")
    yield from _stray(data)


def _stray(folder: Path) -> Iterator[Problem]:
    """The images beside the class folders, of which each image should be in one."""
    if names := image_files(folder):
        text = f"images outside the class folders: {len(names):,}, {names[0]} for example; move each into its own"
        yield Problem(folder, 1, text)
    yield from _other_pictures(folder)


def _other_pictures(folder: Path) -> Iterator[Problem]:
    for path in sorted(folder.iterdir()):
        if path.name.lower().endswith(OTHER_PICTURES):
            yield Problem(folder, 1, f"{path.name} is not read; allowed are {', '.join(ENDINGS)}: convert it")
        elif is_image(path.name) and not is_utf8(path.name):
            yield Problem(folder, 1, f"the name of {path.name} is not UTF-8, so no answer can name it; rename it")


def _classes(folder: Path, task: Task, held_out: bool = False) -> Iterator[Dataset]:
    """A dataset for each class folder, in the order of the task's classes."""
    for place, name in enumerate(task.classes):
        if (folder / name).is_dir():
            images = [f"{name}/{image}" for image in image_files(folder / name)]
            codes = {task.name: codes_of_one([place] * len(images), task)}
            part = one_row_an_image((task,), folder / name, folder, images, codes)
            yield replace(part, held_out=np.full(len(images), held_out))
