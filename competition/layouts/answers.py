"""From probabilities to answers, and how both are written: an answer file, and the probabilities in a CSV beside it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import Questions
from competition.errors import InvalidInput
from competition.files import whole_file
from competition.task import DECIMALS, HALF, Task

Probabilities = Mapping[str, np.ndarray]
Tasks = tuple[Task, ...]

COMPUTED = frozenset("=+-@\t\r")  # begin a formula; a number does not
NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?%?")
CHUNK = 1_000  # rows of a CSV that are written at once


def answers(probabilities: np.ndarray, task: Task) -> np.ndarray:
    """The answers to probabilities (n, classes), as (n, classes) bool: the likeliest class, or all labels above 0.5."""
    if task.kind == "multilabel":
        return probabilities > HALF
    return probabilities.argmax(axis=1)[:, None] == np.arange(len(task))


def write_csv(file: Path, columns: Mapping[str, np.ndarray], **options) -> None:
    """Write columns, each (rows,), as a CSV; `options` are those of `DataFrame.to_csv`.

    Some rows at a time, because a table of thousands of columns is large, and pandas makes a copy of it.
    """
    rows = len(columns[next(iter(columns))])
    with file.open("w", encoding="utf-8", newline="") as opened:
        for start in range(0, max(rows, 1), CHUNK):
            part = pd.DataFrame({name: columns[name][start : start + CHUNK] for name in columns})
            part.to_csv(opened, index=False, header=start == 0, lineterminator="\n", **options)


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """A table to be looked at, with ' before all texts, names of columns and of rows that a spreadsheet would compute.

    Answers are written letter for letter instead.
    """
    texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
    safe = table.assign(**{name: table[name].astype(object).map(_uncomputed) for name in texts})
    return safe.rename(columns=_uncomputed, index=_uncomputed)


def _uncomputed(value: object) -> object:
    computed = isinstance(value, str) and value[:1] in COMPUTED and not NUMBER.fullmatch(value)
    return f"'{value}" if computed else value


def write_with_probabilities(
    path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks, write: Callable[[Path], None]
) -> list[Path]:
    """Let `write` write `path`, and put <name>-probabilities.csv beside it: a row per image, a column task_class.

    `probabilities[task]` is (images, classes). Both files are written completely, or neither is; return both.
    Raises InvalidInput if two columns would have the same name.
    """
    columns, meant = {"image": questions.images.names}, {}
    for task in tasks:
        for place, name in enumerate(task.classes):
            column, here = f"{task.name}_{name}", f"class {name} of {task.name}"
            if column in meant:
                raise InvalidInput(f"the column {column} would be both {meant[column]} and {here}; rename one of them")
            columns[column], meant[column] = probabilities[task.name][:, place], here
    beside = path.with_name(f"{path.stem}-probabilities.csv")
    with whole_file(beside) as other, whole_file(path) as file:
        write(file)
        write_csv(other, columns, float_format=f"%.{DECIMALS}f")
    return [path, beside]
