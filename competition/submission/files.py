"""Prediction files by layout: answers in the layout's own kind of file, probabilities beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.fgo import CHARACTER, IMAGE, merged_columns
from competition.data.flowers import write_lines
from competition.data.labels import Questions
from competition.errors import InvalidInput
from competition.recipe import Layout
from competition.run import whole_file
from competition.scoring.fashionai import DECIMALS
from competition.scoring.multilabel import HALF
from competition.submission.table import answer_table
from competition.submission.write import write_submission
from competition.task import Task

Probabilities = Mapping[str, np.ndarray]
Tasks = tuple[Task, ...]


@dataclass(frozen=True)
class Writer:
    """How answers are written: `write(path, questions, probabilities, tasks)` returns the files, `path` first.

    The name of `path` ends in `ending`. The layouts table, fgo, cifar10 and flowers read what was written as labels or
    known answers of their own; that of folder is read as a table. That of fashionai holds probabilities in place of
    letters, for `competition check` and `score`; that of arrays is for numpy.load.
    """

    ending: str
    write: Callable[[Path, Questions, Probabilities, Tasks], list[Path]]


def _write_fashionai(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    return [path, write_submission(path, questions, probabilities, tasks)]


def _write_cifar10(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> None:
    """A line an image with the class that each task answers."""
    columns = {"image": questions.images.names}
    for task in tasks:
        columns[task.name] = np.array(task.classes, object)[probabilities[task.name].argmax(axis=1)]
    with whole_file(path) as temporary:
        pd.DataFrame(columns).to_csv(temporary, index=False, lineterminator="\n")


def _write_flowers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> None:
    indices = np.column_stack([probabilities[task.name].argmax(axis=1) for task in tasks])
    write_lines(path, questions.images.names, indices)


def _write_arrays(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> None:
    """In one .npz: for each task the answers as a one-hot array, as labels are, and <task>_probabilities."""
    arrays = {}
    for task in tasks:
        arrays[task.name] = answers(probabilities[task.name], task).astype(np.uint8)
        arrays[f"{task.name}_probabilities"] = probabilities[task.name].astype(np.float32)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _write_table(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> None:
    given = {task.name: answers(probabilities[task.name], task) for task in tasks}
    rows = answer_table(questions, given, tasks)
    with whole_file(path) as temporary:
        rows.to_csv(temporary, index=False, lineterminator="\n")


def _write_fgo(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> None:
    """The merged file of 0/1 columns; who is on the picture is not known, and the column `name` empty."""
    columns = {IMAGE: questions.images.names, CHARACTER: ""}
    for task in sorted(tasks, key=lambda task: task.kind == "multiclass"):  # the labels first, as in the published file
        true = answers(probabilities[task.name], task).astype(int)
        columns |= dict(zip(merged_columns(task), true.T, strict=True))
    with whole_file(path) as temporary:
        pd.DataFrame(columns).to_csv(temporary, index=False, lineterminator="\n")


def _and_probabilities(write: Callable[[Path, Questions, Probabilities, Tasks], None]) -> Callable[..., list[Path]]:
    """A writer of the answers, and of <name>-probabilities.csv beside them; it writes nothing where it cannot."""

    def both(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
        columns, beside = probability_columns(probabilities, tasks), path.with_name(f"{path.stem}-probabilities.csv")
        write(path, questions, probabilities, tasks)
        rows = pd.DataFrame({"image": questions.images.names} | columns)
        with whole_file(beside) as temporary:
            rows.to_csv(temporary, index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")
        return [path, beside]

    return both


def probability_columns(probabilities: Probabilities, tasks: Tasks) -> dict[str, np.ndarray]:
    """A column task_class for each class, (images,). Raises InvalidInput where two would have one name."""
    columns, meant = {}, {}
    for task in tasks:
        for place, name in enumerate(task.classes):
            column, here = f"{task.name}_{name}", f"class {name} of {task.name}"
            if column in columns:
                raise InvalidInput(f"the column {column} would be both {meant[column]} and {here}; rename one of them")
            columns[column], meant[column] = probabilities[task.name][:, place], here
    return columns


def answers(probabilities: np.ndarray, task: Task) -> np.ndarray:
    """What probabilities (n, classes) answer, (n, classes) bool: the likeliest class, or all labels above one half."""
    if task.kind == "multilabel":
        return probabilities > HALF
    return probabilities.argmax(axis=1)[:, None] == np.arange(len(task))


WRITERS: dict[Layout, Writer] = {
    "fashionai": Writer(".csv", _write_fashionai),
    "table": Writer(".csv", _and_probabilities(_write_table)),
    "folder": Writer(".csv", _and_probabilities(_write_table)),
    "fgo": Writer(".csv", _and_probabilities(_write_fgo)),
    "cifar10": Writer(".csv", _and_probabilities(_write_cifar10)),
    "flowers": Writer(".txt", _and_probabilities(_write_flowers)),
    "arrays": Writer(".npz", _and_probabilities(_write_arrays)),
}
