"""Reading the cells of a table, a line per image, and encoding them for the tasks that its columns answer."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import codes_of
from competition.errors import InvalidInput, Problem, no_such
from competition.files import is_file
from competition.images.decode import ENDINGS, is_image
from competition.layouts.csv_lines import csv_rows, name_problem, rows_below
from competition.task import Task, composed, may_be_in_a_name

QUESTIONS = "questions.csv"
SEPARATOR = "|"
LOOKED_AT = 20  # names that are tried to find the folder they are relative to
# How spreadsheets and pandas write 0 and 1, and people no and yes; in capitals or not.
FLAGS = {"0": False, "0.0": False, "false": False, "1": True, "1.0": True, "true": True}
WORDS = {"no": False, "yes": True}
UNKNOWN = -1


@dataclass(frozen=True)
class Table:
    """The cells of a CSV below its header, as stripped text.

    Row i is about image `names[i]` and is in line `line[i]`; `image` is the header of the first column, and
    `cells[column]` (rows,) holds the others. `problems` are the lines that could not become rows. `images` is the
    folder that names are relative to, where that is known. Where rows come from several files, `files` (rows,) are
    these.
    """

    file: Path
    image: str
    names: np.ndarray
    line: np.ndarray
    cells: dict[str, np.ndarray]
    problems: tuple[Problem, ...]
    images: Path | None = None
    files: Sequence[Path] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def columns(self) -> dict[str, str]:
        return by_task_name(self.cells)

    def problem(self, row: int, text: str) -> Problem:
        return Problem(self.files[row] if len(self.files) else self.file, int(self.line[row]), text)

    @property
    def root(self) -> Path:
        """The folder that image names are relative to: that of the file, or `images` in it where they lie there."""
        if self.images:
            return self.images
        folder = self.file.parent
        for place in (folder, folder / "images", folder / "Images"):
            if any(is_file(place / name) for name in self.names[:LOOKED_AT]):
                return place
        return folder


def read_table(file: Path, images: Path | None = None) -> Table:
    """Read a CSV whose first line names its columns, and whose first column names the images.

    Raises InvalidInput if the header is missing or names columns that cannot be told apart. Lines with another number
    of cells, with a name that is no image's, or with an image of a line above, become `problems`.
    """
    lines = csv_rows(file, strip=True)
    line, header = next(lines, (1, []))
    if problems := [Problem(file, line, text) for text in _header_problems(header)]:
        raise InvalidInput(f"{file} cannot be read as a table:", problems)
    rows, problems = rows_below(file, lines, header, 0, lambda cells: _row_problem(cells, header))
    columns = list(zip(*((line, *cells) for line, cells in rows), strict=True)) or [()] * (1 + len(header))
    arrays = [np.array(column, object) for column in columns[1:]]
    cells = dict(zip(header[1:], arrays[1:], strict=True))
    return Table(file, header[0], arrays[0], np.array(columns[0], int), cells, tuple(problems), images)


@lru_cache(maxsize=100_000)
def task_of(column: str) -> str:
    """A column's name as the name of a task: 'hair colour' becomes hair_colour, and '/m/01' m_01."""
    return "".join(letter if may_be_in_a_name(letter) else "_" for letter in composed(column)).lstrip("_.-")


def _header_problems(header: list[str]) -> Iterable[str]:
    if not header:
        yield "the file is empty; a table's first line names its columns: image,colour,size"
        return
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            yield f"the columns are separated by {word}; save the file with commas"
    if is_image(header[0]):
        yield f"the first line is about an image, {header[0]}, but has to name the columns: image,colour,size"
        return
    for place, column in enumerate(header, start=1):
        if not column:
            yield f"column {place} has no name; name it, or delete it (pandas: to_csv(…, index=False))"
    known: dict[str, str] = {}
    for column in filter(None, header):
        other = known.setdefault(task_of(column), column)
        if other is not column:
            yield f"columns {other!r} and {column!r} cannot be told apart; rename or delete one"


def _row_problem(cells: list[str], header: list[str]) -> str | None:
    name = cells[0]
    if is_image(name) or name_problem(name):
        return name_problem(name)
    others = [column for column, cell in zip(header[1:], cells[1:], strict=True) if is_image(cell)]
    what = f"put column {others[0]!r} first" if others else f"allowed are names that end in {', '.join(ENDINGS)}"
    return f"{name!r} in the first column, {header[0]!r}, names no image; {what}"


def by_task_name(columns: Iterable[str]) -> dict[str, str]:
    """Each column by the name that it has as a task, and by the one that it had when names were in ASCII alone."""
    columns = tuple(columns)
    earlier = {re.sub(r"[^A-Za-z0-9_.-]", "_", column): column for column in columns}
    return earlier | {task_of(column): column for column in columns}


def columns_of(task: Task, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Of `by_task_name`, the columns that answer a task: its own, or one per class (`gender_Female`, or `Female`)."""
    if task.name in columns:
        return (columns[task.name],)
    for prefix in (f"{task.name}_", ""):
        found = tuple(columns.get(task_of(prefix + name)) for name in task.classes)
        if None not in found:
            return found
    return ()


def answering(tasks: Iterable[Task], cells: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of the columns of questions, those that answer tasks, and are not empty."""
    columns = by_task_name(cells)
    found = dict.fromkeys(column for task in tasks for column in columns_of(task, columns))
    return {column: cells[column] for column in found if (cells[column] != "").any()}


def placeholders(answers: Mapping[str, np.ndarray]) -> list[str]:
    """Of the columns that answer questions, those with one value in every row; 0/1 columns only if all of them are."""
    same = [column for column, cells in answers.items() if len(cells) > 1 and len(set(cells)) == 1]
    flags = [column for column, cells in answers.items() if {cell.casefold() for cell in set(cells)} <= {*FLAGS, ""}]
    return [column for column in same if column not in flags or set(flags) <= set(same)]


def flags_of(cells: np.ndarray, meanings: Mapping[str, bool]) -> np.ndarray:
    """1 for each cell that `meanings` calls true, 0 for a false one, else UNKNOWN: int of the shape of `cells`."""
    codes, texts = pd.factorize(cells.ravel())
    return np.array([meanings.get(text.casefold(), UNKNOWN) for text in texts], int)[codes].reshape(cells.shape)


def encode(table: Table, task: Task) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """Codes (rows, classes) uint8 and labelled (rows,) bool of a task, and what is wrong with its cells."""
    columns = columns_of(task, table.columns)
    if not columns:
        text = f"no column {task.name!r}, and no 0/1 columns {task.name}_{task.classes[0]} and so on"
        wrong = [Problem(table.file, 1, f"{text}; found are {', '.join(table.cells) or 'none'}")]
        return np.zeros((len(table), len(task)), np.uint8), np.zeros(len(table), bool), wrong
    yes, labelled, wrong = _by_value(table, task, *columns) if len(columns) == 1 else _by_flags(table, task, columns)
    return codes_of(yes), labelled, wrong


def _by_value(table: Table, task: Task, column: str) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """One column with the class, or with several joined by `|`; an empty cell is absent, a lone `|` means none."""
    place_of = {name: place for place, name in enumerate(task.classes)}
    number_of = {cell: number for number, cell in enumerate(dict.fromkeys(table.cells[column]))}
    codes = np.fromiter(map(number_of.__getitem__, table.cells[column]), int, len(table))
    vectors, texts = np.zeros((len(number_of), len(task)), bool), {}
    for cell, number in number_of.items():
        values = split_values(cell) if task.kind == "multilabel" else [cell]
        if text := _values_problem(values, task, place_of, column) if cell else None:
            texts[number] = text
        elif cell:
            vectors[number, [place_of[value] for value in values]] = True
    wrong = [table.problem(row, texts[code]) for row, code in enumerate(codes) if code in texts] if texts else []
    return vectors[codes], table.cells[column] != "", wrong


def split_values(cell: str) -> list[str]:
    return [value for value in map(str.strip, cell.split(SEPARATOR)) if value]


def _values_problem(values: list[str], task: Task, known: Collection[str], column: str) -> str | None:
    if len(set(values)) < len(values):
        return f"{SEPARATOR.join(values)!r} in column {column!r} names a value twice"
    for value in values:
        if value not in known:
            if SEPARATOR in value:
                return f"{value!r} in column {column!r}: several values, but {task.name} is multiclass: one is allowed"
            return f"column {column!r}: {no_such('value', value, task.classes)}"
    return None


def _by_flags(table: Table, task: Task, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """A 0/1 column per class. Rows of empty cells are absent, and so are rows of zeros of a multiclass task."""
    cells = np.column_stack([table.cells[column] for column in columns])
    empty, flags = cells == "", flags_of(cells, FLAGS | WORDS)
    odd, yes = ~empty & (flags == UNKNOWN), flags == 1
    count, partly = yes.sum(axis=1), empty.any(axis=1) & ~empty.all(axis=1)
    several = (count > 1) & (task.kind == "multiclass")
    wrong = []
    for row in np.flatnonzero(odd.any(axis=1) | partly | several):
        found = ", ".join(f"{columns[place]}={cells[row, place]!r}" for place in np.flatnonzero(flags[row]))
        if odd[row].any():
            text = "allowed are 0 and 1, false and true, or no and yes"
        elif partly[row]:
            text = "either all cells of a task are empty, or none is"
        else:
            text = f"{count[row]} values are true, but {task.name} is multiclass: one is allowed"
        wrong.append(table.problem(row, f"{found}: {text}"))
    labelled = ~empty.any(axis=1) & ((count > 0) | (task.kind == "multilabel"))
    return yes, labelled, wrong
