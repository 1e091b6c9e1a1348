"""The layout `table`: a CSV with a line per image, and a column per task or a 0/1 column per class."""

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import Dataset, Questions, ask_everything, one_row_an_image
from competition.errors import InvalidInput, Problem, no_such
from competition.layouts.answers import Probabilities, Tasks, answers, write_csv, write_with_probabilities
from competition.layouts.csv_lines import csv_rows
from competition.layouts.imports.cells import spelt_alike
from competition.layouts.imports.sheet import TRAIN, VALIDATION
from competition.layouts.notes import Note, in_words
from competition.layouts.table_cells import (
    QUESTIONS,
    SEPARATOR,
    Table,
    answering,
    by_task_name,
    columns_of,
    encode,
    placeholders,
    read_table,
)
from competition.layouts.table_tasks import infer_tasks
from competition.layouts.words import MISSING
from competition.task import Task

ENDING = ".csv"

LABELS, ANSWERS = "labels.csv", "answers.csv"


def label_file(data: Path) -> Path:
    """The table of a data set: `data` itself, or labels.csv in it, or the only CSV there that is not its questions.

    Raises InvalidInput if there is none, or if there are several.
    """
    if data.is_file():
        return data
    if not data.is_dir():
        raise InvalidInput(f"{data}: there is no such file or folder; name the table, or the folder that holds it")
    named = data / LABELS
    found = [file for file in sorted(data.glob("[!.]*.csv")) if file.name not in {QUESTIONS, ANSWERS}]
    if named in found or len(found) == 1:
        return named if named in found else found[0]
    if found:
        raise InvalidInput(f"{data} holds several tables; name one of them, or call it {LABELS}:", map(str, found))
    raise InvalidInput(f"{data} holds no table; looked for {named} and any other .csv")


def question_files(data: Path) -> list[Path]:
    """questions.csv beside the table, if it is there."""
    file = label_file(data).with_name(QUESTIONS)
    return [file] if file.is_file() else []


def read_labels(
    data: Path, tasks: tuple[Task, ...] = (), images: Path | None = None, split_column: str = ""
) -> Dataset:
    """Every image of a table that has a label; without `tasks`, these are inferred from the columns.

    Image names are relative to `images`, or else to the folder of the table; `split_column` says which images are held
    out. Columns that belong to no task are not read. Raises InvalidInput with every problem of the file.
    """
    table = read_table(label_file(data), images)
    if not images:  # of imported labels it is decided
        _warn_of_classes(tasks, table.file)
    tasks, _, wrong = (tasks, [], []) if tasks else infer_tasks(_without(table, split_column))
    held_out, odd = _held_out(table, split_column)
    return labels_of(replace(table, problems=(*table.problems, *odd)), tasks, wrong, held_out)


def _warn_of_classes(tasks: Sequence[Task], file: Path) -> None:
    """Warn of classes that are called like a missing value, and of two that are spellings of one."""
    notes, advice = [], "only an empty cell is absent, so empty those cells if they say that"
    for task in tasks:
        if words := [name for name in task.classes if name.casefold() in MISSING]:
            text = f"{task.name} has a class {words[0]!r}, which usually means that nothing is known; {advice}"
            notes.append(Note(text, task.name, "classes that usually mean that nothing is known"))
        for names in spelt_alike(task.classes):
            text = f"{task.name} has the classes {', '.join(map(repr, names))}, which look like one; spell it alike"
            notes.append(Note(text, task.name, "classes that look like one"))
    for text in in_words(notes):
        warnings.warn(f"{file}: {text}", stacklevel=3)


def _without(table: Table, column: str) -> Table:
    return replace(table, cells={name: cells for name, cells in table.cells.items() if name != column})


def _held_out(table: Table, column: str) -> tuple[np.ndarray, list[Problem]]:
    """The rows (rows,) bool that a column says are for validation, and what is wrong with its cells."""
    if not column:
        return np.zeros(len(table), bool), []
    if column not in table.cells:
        return np.zeros(len(table), bool), [Problem(table.file, 1, no_such("column", column, table.cells))]
    cells = table.cells[column]
    odd = np.flatnonzero(~np.isin(cells, (TRAIN, VALIDATION)))
    text = f"allowed in column {column!r} are {TRAIN} and {VALIDATION}"
    return cells == VALIDATION, [table.problem(row, f"{cells[row]!r}: {text}") for row in odd]


def labels_of(
    table: Table, tasks: tuple[Task, ...], problems: Sequence[Problem], held_out: np.ndarray | None = None
) -> Dataset:
    """The rows that have a label. Raises InvalidInput with `problems` and those of every line and cell."""
    if table.problems and not len(table):  # all else follows from them
        raise InvalidInput(f"{table.file} cannot be used as labels:", table.problems)
    dataset, wrong = _encoded(table, tasks)
    if problems := [*table.problems, *problems, *wrong]:
        raise InvalidInput(f"{table.file} cannot be used as labels:", sorted(problems))
    labelled = np.any([dataset.labelled[task.name] for task in tasks], axis=0)
    if not labelled.any():
        raise InvalidInput(f"{table.file} has not a single label for {', '.join(task.name for task in tasks)}")
    return (dataset if held_out is None else replace(dataset, held_out=held_out)).take(labelled)


def read_questions(file: Path, tasks: tuple[Task, ...], images: Path | None = None) -> Questions:
    """Every task of every image of a table, with the answers that are known.

    Those are the filled cells of the table, which may have the columns of the labels or only the names of the images,
    and of answers.csv beside it. Columns with one value in every row are placeholders, of which it warns. Raises
    InvalidInput with every problem of a file.
    """
    table, answers = _without_placeholders(read_table(file, images), tasks), file.with_name(ANSWERS)
    asked, problems = _encoded(table, tuple(task for task in tasks if columns_of(task, table.columns)))
    if problems := [*table.problems, *problems]:
        raise InvalidInput(f"{file} cannot be answered:", sorted(problems))
    if not len(table):
        raise InvalidInput(f"{file} asks nothing: there is no line below the header")
    known = read_labels(answers, tasks) if answers.is_file() and answers != file else None
    return ask_everything(file, _with_answers(asked, tasks, known))


def _without_placeholders(table: Table, tasks: tuple[Task, ...]) -> Table:
    """The table with empty cells for the placeholders among its answers, and a warning that names them."""
    if not (found := placeholders(answering(tasks, table.cells))):
        return table
    text = f"{', '.join(found)}: one value in every row is a placeholder, so it is not scored as an answer"
    warnings.warn(f"{table.file}: {text}", stacklevel=3)
    empty = np.full(len(table), "", object)
    return replace(table, cells={name: empty if name in found else cells for name, cells in table.cells.items()})


def _encoded(table: Table, tasks: tuple[Task, ...]) -> tuple[Dataset, list[Problem]]:
    """Every row of the table, and what is wrong with its cells."""
    codes, labelled, problems = {}, {}, []
    for task in tasks:
        codes[task.name], labelled[task.name], wrong = encode(table, task)
        problems += wrong
    images = one_row_an_image(tasks, table.file, table.root, table.names, codes, line=table.line, labelled=labelled)
    return images, problems


def _with_answers(images: Dataset, tasks: tuple[Task, ...], known: Dataset | None) -> Dataset:
    """The images with codes for all tasks, or without codes if no answer at all is known."""
    codes = {task.name: np.zeros((len(images), len(task)), np.uint8) for task in tasks} | dict(images.codes)
    labelled = {task.name: np.zeros(len(images), bool) for task in tasks} | dict(images.labelled)
    row_of = pd.Index(known.names if known else []).get_indexer(images.names)
    for task in tasks if known else ():
        answered = (row_of >= 0) & known.labelled[task.name][row_of]
        codes[task.name][answered] = known.codes[task.name][row_of[answered]]
        labelled[task.name] |= answered
    if not any(values.any() for values in labelled.values()):
        codes, labelled = {}, {}
    return replace(images, tasks=tasks, codes=codes, labelled=labelled)


def known_headers(questions: Path) -> list[list[str]]:
    """The header of a table of questions, and that of the labels beside it; none for a folder of images."""
    if questions.is_dir():
        return []
    files = [questions]
    with suppress(InvalidInput):  # the labels may lie elsewhere
        files.append(label_file(questions.parent))
    return [next(csv_rows(file, strip=True), (1, [""]))[1] for file in files]


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write a row per image, and the probabilities beside the file.

    Columns have the names that they have in the questions, or in the labels beside these. A task without any there gets
    a column of its own with the class, or with those of a multilabel task joined by `|`; a lone `|` means none.
    """
    headers = known_headers(questions.file)
    known = [by_task_name(header[1:]) for header in headers]
    columns = {headers[0][0] if headers else "image": questions.images.names}
    for task in tasks:
        found = next(filter(None, (columns_of(task, names) for names in known)), (task.name,))
        yes = answers(probabilities[task.name], task)
        if len(found) == 1:
            names = np.array(task.classes, object)
            columns[found[0]] = [SEPARATOR.join(names[row]) or SEPARATOR for row in yes]
        else:
            columns |= dict(zip(found, yes.T.astype(int), strict=True))
    return write_with_probabilities(path, questions, probabilities, tasks, lambda file: write_csv(file, columns))
