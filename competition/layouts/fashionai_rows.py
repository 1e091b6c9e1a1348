"""The rows of label, question and answer files of the layout `fashionai`, not yet encoded."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from competition.errors import InvalidInput, Problem
from competition.layouts.classes import task_name
from competition.layouts.csv_lines import csv_rows, name_problem

COLUMNS = ("ImageName", "AttrKey", "AttrValues")


@dataclass(frozen=True)
class Rows:
    """The rows of one or several files, column by column, as arrays of strings (rows,).

    Row i is in line `line[i]` of `sources[source_of[i]]`; `tasks` are the keys without their ending.
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


def read_rows(files: Sequence[Path], *, with_values: bool = True) -> Rows:
    """Read the three columns of label, question or answer files, whatever the third column holds.

    Without values, which with thousands of classes are most of a file, these stay empty.
    Raises InvalidInput for a file that is missing, empty, not UTF-8, or starts with a header. Lines with another
    number of columns, or an image path that leaves its root, become `problems`.
    """
    good, problems = [], []
    for number, file in enumerate(files):
        rows = csv_rows(file)
        if (first := next(rows, None)) is None:
            raise InvalidInput(f"{file} is empty; expected are rows {','.join(COLUMNS)}")
        line, cells = first
        if [cell.strip().lower() for cell in cells] == [column.lower() for column in COLUMNS]:
            raise InvalidInput(f"{file}:{line}: {','.join(cells)!r} is a header line; these files have none")
        for line, row in chain([first], rows):
            if text := _row_problem(row):
                problems.append(Problem(file, line, text))
            else:
                good.append((number, line, *row) if with_values else (number, line, *row[:2], ""))
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


def _row_problem(row: list[str]) -> str | None:
    if len(row) != len(COLUMNS):
        return f"{len(row)} columns in {','.join(row)[:80]!r}; allowed are 3: {','.join(COLUMNS)}"
    return name_problem(row[0])
