"""The layout `flowers`: text files of paths and indices, `/data/img1.jpg, 0, 1`.

train.txt and val.txt are labelled, and the images of val.txt are held out; test.txt holds the questions, with their
answers where these are known. Paths are relative to the folder of the files, even with a slash in front.
"""

import csv
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from competition.dataset import Dataset, Questions, ask_everything, codes_of_one, joined, one_row_an_image
from competition.errors import InvalidInput, Problem
from competition.layouts.answers import Probabilities, Tasks, write_with_probabilities
from competition.layouts.csv_lines import csv_rows
from competition.task import Task

ENDING = ".txt"

TRAIN, VALIDATION, TEST = "train.txt", "val.txt", "test.txt"
ABSENT = -1
BREAKS = "\n\r"


class Line(NamedTuple):
    """One image: where it is named, its name relative to the folder, and its class for each task, or no class."""

    file: Path
    line: int
    name: str
    classes: tuple[int, ...]


def read_labels(data: Path, tasks: tuple[Task, ...]) -> Dataset:
    """The images of train.txt and of val.txt, the latter held out.

    Raises InvalidInput for missing files and with every problem of their lines, images that test.txt names as well
    included.
    """
    files = [data / TRAIN, data / VALIDATION]
    if missing := [file.name for file in files if not file.is_file()]:
        raise InvalidInput(
            f"{data} holds no {' and no '.join(missing)}; images to train on and to validate on are expected in "
            "train.txt and val.txt, which `competition lists` writes for a folder of labelled images"
        )
    lines = read_lines([*files, *question_files(data)], tasks)
    training, held_out = (_dataset(file, [line for line in lines if line.file == file], tasks) for file in files)
    return joined([training, replace(held_out, held_out=np.ones(len(held_out), bool))])


def question_files(data: Path) -> list[Path]:
    """test.txt, if it is there."""
    return [path for path in [data / TEST] if path.is_file()]


def read_questions(file: Path, tasks: tuple[Task, ...]) -> Questions:
    """The images of a file, with the answers of those that have any. Raises InvalidInput with every problem."""
    return ask_everything(file, _dataset(file, read_lines([file], tasks), tasks))


def _dataset(file: Path, lines: Sequence[Line], tasks: tuple[Task, ...]) -> Dataset:
    _, numbers, names, given = zip(*lines, strict=True)
    labelled = np.array([*map(bool, given)])
    classes = np.array([indices or [ABSENT] * len(tasks) for indices in given]).reshape(len(lines), len(tasks))
    answered = zip(tasks, classes.T, strict=True) if labelled.any() else ()
    codes = {task.name: codes_of_one(column, task) for task, column in answered}
    masks = dict.fromkeys(codes, labelled)
    return one_row_an_image(tasks, file, file.parent, names, codes, line=numbers, labelled=masks)


def read_lines(files: Sequence[Path], tasks: tuple[Task, ...]) -> list[Line]:
    """The lines of text files; only those of test.txt, or of another file of questions, may lack their classes.

    Raises InvalidInput with every problem of all files, each with file and line: a wrong number of columns, an index
    of no class, a path that leaves the folder, and an image that is listed twice.
    """
    good, problems, first = [], [], {}
    for file in files:
        rows = list(csv_rows(file, strip=True))
        if not rows:
            raise InvalidInput(f"{file} is empty; expected are lines {_expected(tasks)}")
        for number, cells in rows:
            name, here = _name(cells[0]), f"{file.name}:{number}"
            text = _problem(cells, tasks, answers=file.name in {TRAIN, VALIDATION})
            if not text and (before := first.setdefault(name, here)) != here:
                text = f"{name} is already in {before}; keep one of the two"
            if text:
                problems.append(Problem(file, number, text))
            else:
                good.append(Line(file, number, name, tuple(map(int, cells[1:]))))
    if problems:
        raise InvalidInput(f"{', '.join(map(str, files))} cannot be used:", sorted(problems))
    return good


def _expected(tasks: tuple[Task, ...]) -> str:
    return ", ".join(["/data/img1.jpg", *(f"index of {task.name}" for task in tasks)])


def _name(path: str) -> str:
    """The name of an image relative to the folder: data/img1.jpg, also for /data/img1.jpg and data/./img1.jpg."""
    return posixpath.normpath(path.lstrip("/"))


def _problem(cells: list[str], tasks: tuple[Task, ...], answers: bool) -> str | None:
    """What is wrong with the cells of one line."""
    if len(cells) != 1 + len(tasks) and (answers or len(cells) != 1):
        allowed = f"{1 + len(tasks)}: {_expected(tasks)}" + ("" if answers else "; or the path alone")
        return f"{len(cells)} columns in {', '.join(cells)[:80]!r}; allowed are {allowed}"
    name = _name(cells[0])
    if name == ".":
        return f"{cells[0]!r} names no image"
    if any(sign in name for sign in BREAKS):
        return f"image {cells[0]!r} has a line break in its name; rename it, or close the quotation marks"
    if name.split("/")[0] == "..":
        return f"image {cells[0]!r} lies outside the folder of the file; allowed are paths below it"
    wrong = [_index_problem(cell, task) for task, cell in zip(tasks, cells[1:], strict=False)]
    return "; ".join(filter(None, wrong)) or None


def _index_problem(cell: str, task: Task) -> str | None:
    if cell in map(str, range(len(task))):
        return None
    allowed = ", ".join(f"{index} ({name})" for index, name in enumerate(task.classes))
    return f"the index of {task.name} is {cell!r}; allowed are {allowed}"


def write_lines(file: Path, names: Iterable[str], classes: Iterable[Sequence[int]]) -> None:
    """Write a text file, a line per image: its name below the folder, and the index of its class for each task.

    A name with a comma or a quotation mark is quoted, as in any CSV.
    """
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = ([f"/{name}", *(f" {index}" for index in indices)] for name, indices in zip(names, classes, strict=True))
        csv.writer(lines, lineterminator="\n").writerows(rows)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write the lines of test.txt with the index of the class for each task, and the probabilities beside the file."""
    indices = np.column_stack([probabilities[task.name].argmax(axis=1) for task in tasks])
    return write_with_probabilities(
        path, questions, probabilities, tasks, lambda file: write_lines(file, questions.images.names, indices)
    )
