"""The rows of the competition's files as they stand there: label, question and answer files, classes.csv."""

import codecs
import csv
import io
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.errors import InvalidInput, Problem
from competition.task import Task

SUFFIX = "_labels"
COLUMNS = ("ImageName", "AttrKey", "AttrValues")


def task_name(key: str) -> str:
    """The task of an AttrKey: sleeve_length for sleeve_length_labels."""
    return key.removesuffix(SUFFIX)


@dataclass(frozen=True)
class Rows:
    """The rows of one or several files, column by column, as arrays of strings (rows,).

    Row i stands in line `line[i]` of `sources[source_of[i]]`; `tasks` are the keys without their ending.
    `problems` are the lines that could not become rows.
    """

    sources: tuple[Path, ...]
    source_of: np.ndarray
    line: np.ndarray
    names: np.ndarray
    keys: np.ndarray
    tasks: np.ndarray
    values: np.ndarray
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.names)

    def problem(self, row: int, text: str) -> Problem:
        return Problem(self.sources[self.source_of[row]], int(self.line[row]), text)

    def place(self, row: int) -> str:
        return f"{self.sources[self.source_of[row]]}:{self.line[row]}"


def read_rows(files: Sequence[Path]) -> Rows:
    """Read the three columns of label, question or answer files, whatever the third column holds.

    Raises InvalidInput for a file that is missing, empty, not UTF-8 or headed by column names. Lines of another
    number of columns, or with an image path that leaves its root, become `problems`.
    """
    good, problems = [], []
    for number, file in enumerate(files):
        for line, row in _rows_below_no_header(file):
            if text := _row_problem(row):
                problems.append(Problem(file, line, text))
            else:
                good.append((number, line, *row))
    frame = pd.DataFrame(good, columns=["source", "line", "name", "key", "value"])
    codes, keys = pd.factorize(frame["key"])
    return Rows(
        sources=tuple(files),
        source_of=frame["source"].to_numpy(int),
        line=frame["line"].to_numpy(int),
        names=frame["name"].to_numpy(object),
        keys=frame["key"].to_numpy(object),
        tasks=np.array([task_name(key) for key in keys], object)[codes],
        values=frame["value"].to_numpy(object),
        problems=tuple(problems),
    )


def read_classes(file: Path) -> tuple[Task, ...]:
    """Read class names: one line a task, its name first and then the classes in letter order.

    Raises InvalidInput with file and line.
    """
    tasks: dict[str, Task] = {}
    for line, row in csv_rows(file):
        try:
            task = Task(task_name(row[0]), tuple(row[1:]))
        except InvalidInput as error:
            raise InvalidInput(f"{file}:{line}: {error}") from None
        if "" in task.classes:
            raise InvalidInput(f"{file}:{line}: task {task.name} names an empty class; drop the comma too many")
        if task.name in tasks:
            raise InvalidInput(f"{file}:{line}: task {task.name} stands there twice; keep one line")
        tasks[task.name] = task
    return tuple(tasks.values())


def csv_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank.

    Raises InvalidInput for a file that is missing, not UTF-8 (a byte order mark is fine) or not CSV.
    """
    try:
        content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"{file}:{line}: byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise InvalidInput(f"{file}:{reader.line_num}: not comma separated ({error})") from None


def _rows_below_no_header(file: Path) -> Iterator[tuple[int, list[str]]]:
    rows = csv_rows(file)
    first = next(rows, None)
    if first is None:
        raise InvalidInput(f"{file} is empty; expected are rows {','.join(COLUMNS)}")
    line, cells = first
    if [cell.strip().lower() for cell in cells] == [column.lower() for column in COLUMNS]:
        raise InvalidInput(f"{file}:{line}: {','.join(cells)!r} is a header line; these files have none")
    yield first
    yield from rows


def _row_problem(row: list[str]) -> str | None:
    if len(row) != len(COLUMNS):
        return f"{len(row)} columns in {','.join(row)[:80]!r}; allowed are 3: {','.join(COLUMNS)}"
    return name_problem(row[0])


def name_problem(name: str) -> str | None:
    """Why a name cannot be that of an image below the folder of its file; None where it can."""
    if not name:
        return "the image name is empty"
    if name.startswith("/") or (".." in name and posixpath.normpath(name).split("/")[0] == ".."):
        return f"image {name!r} lies outside the folder of the file; allowed are paths below it"
    return None
