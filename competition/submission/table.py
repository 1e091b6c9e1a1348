"""Answers as a table: the columns of the labels, filled in."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.cells import SEPARATOR, columns_of
from competition.data.labels import Questions
from competition.data.rows import csv_rows
from competition.data.table import label_file
from competition.errors import InvalidInput
from competition.task import Task


def answer_table(questions: Questions, answers: Mapping[str, np.ndarray], tasks: tuple[Task, ...]) -> pd.DataFrame:
    """A row for each image; `answers[task]` (images, classes) bool.

    The columns are called as in the questions or in the labels beside them. A task that has none there gets one of its
    own: the class, or those of a multilabel task joined by `|`, which alone says that none is true.
    """
    headers = known_headers(questions.file)
    columns = {headers[0][0] if headers else "image": questions.images.names}
    for task in tasks:
        found = next(filter(None, (columns_of(task, header[1:]) for header in headers)), (task.name,))
        yes = answers[task.name]
        if len(found) == 1:
            columns[found[0]] = [_joined(task, row) for row in yes]
        else:
            columns |= {column: yes[:, place].astype(int) for place, column in enumerate(found)}
    return pd.DataFrame(columns)


def known_headers(questions: Path) -> list[list[str]]:
    """The header of a table of questions, and that of the labels beside it; none for a folder of images."""
    if questions.is_dir():
        return []
    files = [questions]
    with suppress(InvalidInput):  # the labels may lie elsewhere
        files.append(label_file(questions.parent))
    return [[cell.strip() for cell in next(csv_rows(file), (1, [""]))[1]] for file in files]


def _joined(task: Task, yes: np.ndarray) -> str:
    names = [name for name, true in zip(task.classes, yes, strict=True) if true]
    return SEPARATOR.join(names) or SEPARATOR
