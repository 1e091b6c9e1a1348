"""The layouts of label files, by name: each becomes a dataset, and what follows is the same for all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from competition.data import arrays, cifar10, fgo, flowers, folder, table
from competition.data.dataset import Dataset
from competition.data.files import find_classes, find_label_files, find_question_files
from competition.data.labels import Questions, read_labels, read_questions
from competition.recipe import Layout
from competition.task import Task


@dataclass(frozen=True)
class Reader:
    """How one layout is read; each function raises InvalidInput with every problem, file and line.

    `read_labels(data, tasks)` gives every labelled image, with the recipe's tasks or, where it has none, those found;
    `question_files(data)` finds what is to be answered; `read_questions(file, tasks)` reads that, with the letters
    where the same file knows them.
    """

    read_labels: Callable[[Path, tuple[Task, ...]], Dataset]
    question_files: Callable[[Path], list[Path]]
    read_questions: Callable[[Path, tuple[Task, ...]], Questions]


def _read_fashionai(data: Path, tasks: tuple[Task, ...]) -> Dataset:
    return read_labels(find_label_files(data), tasks, find_classes(data))


LAYOUTS: dict[Layout, Reader] = {
    "fashionai": Reader(_read_fashionai, find_question_files, read_questions),
    "table": Reader(table.read_labels, table.question_files, table.read_questions),
    "folder": Reader(folder.read_labels, folder.question_files, folder.read_questions),
    "fgo": Reader(fgo.read_labels, fgo.question_files, fgo.read_questions),
    "cifar10": Reader(cifar10.read_labels, cifar10.question_files, cifar10.read_questions),
    "flowers": Reader(flowers.read_labels, flowers.question_files, flowers.read_questions),
    "arrays": Reader(arrays.read_labels, arrays.question_files, arrays.read_questions),
}
