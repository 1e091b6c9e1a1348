"""The layout `fashionai`: a line per image and task, with a letter y, m or n for each class."""

import difflib
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import LETTERS, YES, Dataset, Questions
from competition.errors import InvalidInput, Problem, listed, no_such
from competition.layouts.answers import Tasks
from competition.layouts.classes import agree, find_classes
from competition.layouts.fashionai_rows import Rows, read_rows
from competition.layouts.fashionai_submission import write_answers  # noqa: F401  of the same layout
from competition.task import Task

ENDING = ".csv"
UNKNOWN = 255  # the code of what is no letter
# A key on at most so many rows, and on no larger share than this of those of the largest task, may be a typing error:
# one row shows beside fifty, and a rare task of more than twenty, which can be learned and held out, never does.
FEW_ROWS, SMALL_SHARE = 20, 1 / 50
SHOWN_LINES = 3  # of such a key

LABELS, QUESTIONS = "Annotations/*.csv", "Tests/question.csv"


def read_labels(data: Path, tasks: Tasks) -> Dataset:
    """Every Annotations/*.csv at `data` or one folder below it as one dataset; see `read_label_files`.

    `data` may also be one file of answers, such as Tests/answers.csv.
    """
    if data.is_file():
        return read_label_files([data], tasks, find_classes(image_root(data)) or find_classes(image_root(data).parent))
    return read_label_files(find_label_files(data), tasks, find_classes(data))


def read_label_files(files: Sequence[Path], tasks: tuple[Task, ...] = (), classes: Path | None = None) -> Dataset:
    """Read label files into one dataset, in the order in which images first appear.

    `tasks` fixes tasks and classes; without it they come from the file `classes`, else they are inferred:
    tasks sorted by name, classes numbered, and a warning names those with so few rows that they may be typing errors.
    Image names are relative to the folder that holds Annotations. The same image and task twice with the same letters
    is only a warning.

    Raises InvalidInput with every problem of the files, each with file and line.
    """
    rows, tasks = read_rows(files), agree(tasks, classes)
    tasks, wrong = (tasks, _unknown_tasks(rows, tasks)) if tasks else _infer_tasks(rows)
    problems, listed = [*rows.problems, *wrong], ", ".join(map(str, files))
    images, image = _images(rows, tasks)
    codes_of, labelled = {}, {}
    for task in tasks:
        where, codes, wrong = _encode(rows, task)
        problems += [*wrong, *_repeated(rows, where, codes, image)]
        codes_of[task.name] = np.zeros((len(images), len(task)), np.uint8)
        codes_of[task.name][image[where]] = codes
        labelled[task.name] = np.zeros(len(images), bool)
        labelled[task.name][image[where]] = True
    if problems:
        raise InvalidInput(f"{listed} cannot be used as labels:", sorted(problems))
    for task in tasks:
        if not labelled[task.name].any():
            warnings.warn(f"task {task.name} has not a single label in {listed}", stacklevel=2)
    return replace(images, codes=codes_of, labelled=labelled)


def read_questions(file: Path, tasks: tuple[Task, ...]) -> Questions:
    """Read a question file: the columns of a label file, the third ignored.

    Raises InvalidInput with every problem, including tasks that are not among `tasks`, and if a classes.csv of the data
    set names other classes.
    """
    rows, root = read_rows([file]), image_root(file)
    tasks = agree(tasks, find_classes(root) or find_classes(root.parent))
    if problems := [*rows.problems, *_unknown_tasks(rows, tasks)]:
        raise InvalidInput(f"{file} cannot be answered:", sorted(problems))
    images, image = _images(rows, tasks)
    return Questions(file, images, image, rows.tasks, rows.keys)


def _infer_tasks(rows: Rows) -> tuple[tuple[Task, ...], list[Problem]]:
    """Tasks sorted by name, with as many numbered classes as most of their rows have letters; and what is wrong."""
    tasks, problems = [], []
    if rare := _rare_tasks(rows):
        what = "so few rows have these keys that they may be typing errors, but each is trained as a task of its own"
        warnings.warn(listed(f"{what}; correct them, or name the tasks in classes.csv:", rare), stacklevel=4)
    for name in sorted(set(rows.tasks)):
        where = np.flatnonzero(rows.tasks == name)
        count = Counter(map(len, rows.values[where])).most_common(1)[0][0]
        try:
            if not count:
                raise InvalidInput(f"{name} has no letters; is this a question file?")
            tasks.append(Task(name, tuple(str(number) for number in range(count))))
        except InvalidInput as error:
            problems.append(rows.problem(where[0], str(error)))
    return tuple(tasks), problems


def _rare_tasks(rows: Rows) -> list[Problem]:
    """A problem for each task of few rows beside a large one: its first lines, and the task whose name is nearest."""
    count = Counter(rows.tasks)
    most = max(count.values(), default=0)
    rare = {name for name in count if count[name] <= min(FEW_ROWS, SMALL_SHARE * most)}
    problems = []
    for name in rare:
        where = np.flatnonzero(rows.tasks == name)
        close = difflib.get_close_matches(name, count.keys() - rare, n=1)
        meant = f"; perhaps {close[0]} is meant" if close else ""
        also = f" (also {', '.join(map(rows.place, where[1:SHOWN_LINES]))})" if len(where) > 1 else ""
        text = f"{rows.keys[where[0]]} has {len(where)} of {len(rows):,} rows{also}{meant}"
        problems.append(rows.problem(where[0], text))
    return sorted(problems)


def _images(rows: Rows, tasks: tuple[Task, ...]) -> tuple[Dataset, np.ndarray]:
    """The images, in order of appearance, without codes; and the image of every row.

    Files of one folder name the same images; the same name below another folder is another image.
    """
    roots = tuple(map(image_root, rows.sources))
    root, _ = pd.factorize(np.array([*map(str, roots)], object))
    name, _ = pd.factorize(rows.names)
    image, _ = pd.factorize(root[rows.source_of] * (len(rows) + 1) + name)
    first = np.unique(image, return_index=True)[1]
    group, held_out = np.arange(len(first)), np.zeros(len(first), bool)
    images = Dataset(
        tasks, rows.sources, roots, rows.source_of[first], rows.line[first], rows.names[first], {}, {}, group, held_out
    )
    return images, image


def image_root(source: Path) -> Path:
    """The folder that image names are relative to: base/ for base/Annotations/label.csv."""
    return Path(os.path.normpath(source.parent / ".."))


def _unknown_tasks(rows: Rows, tasks: tuple[Task, ...]) -> Iterator[Problem]:
    known = [task.name for task in tasks]
    for row in np.flatnonzero(~np.isin(rows.tasks, known)):
        yield rows.problem(row, no_such("task", rows.tasks[row], known))


def _encode(rows: Rows, task: Task) -> tuple[np.ndarray, np.ndarray, list[Problem]]:
    """The good rows of a task, their letter codes (rows, classes) uint8, and what is wrong with the others."""
    where = np.flatnonzero(rows.tasks == task.name)
    fits = np.fromiter((len(value) == len(task) for value in rows.values[where]), bool, len(where))
    problems = []
    for row in where[~fits]:
        text = f"{len(rows.values[row])} letters in {rows.values[row]!r}; {task.name} has {len(task)} classes"
        problems.append(rows.problem(row, text))
    where = where[fits]
    code_of = np.full(256, UNKNOWN, np.uint8)
    code_of[list(LETTERS.encode())] = range(len(LETTERS))
    letters = "".join(rows.values[where]).encode("ascii", "replace")  # one byte for every letter
    codes = code_of[np.frombuffer(letters, np.uint8)].reshape(len(where), len(task))
    known = (codes != UNKNOWN).all(axis=1)
    # Of a multilabel task any number may be true.
    one_yes = ((codes == YES).sum(axis=1) == 1) | (task.kind == "multilabel")
    for row in where[~known]:
        odd = "".join(sorted(set(rows.values[row]) - set(LETTERS)))
        text = f"letter {odd!r} in {rows.values[row]!r}; allowed are y (yes), m (maybe) and n (no)"
        problems.append(rows.problem(row, text))
    for row in where[known & ~one_yes]:
        count = rows.values[row].count(LETTERS[YES])
        problems.append(rows.problem(row, f"{count} y in {rows.values[row]!r}; exactly one is allowed"))
    good = known & one_yes
    return where[good], codes[good], problems


def _repeated(rows: Rows, where: np.ndarray, codes: np.ndarray, image: np.ndarray) -> Iterator[Problem]:
    """The rows among `where`, all of one task, that repeat an image; with the same letters only a warning."""
    number = np.arange(len(where))
    first_of, same = pd.Series(number).groupby(image[where]).transform("first").to_numpy(), []
    for row in np.flatnonzero(first_of != number):
        first = first_of[row]
        if (codes[row] == codes[first]).all():
            same.append(rows.place(where[row]))
        else:
            here, there = rows.values[where[row]], rows.values[where[first]]
            yield rows.problem(
                where[row],
                f"{rows.names[where[row]]} is {here!r} here but {there!r} at {rows.place(where[first])}; keep one",
            )
    if same:
        warnings.warn(f"{len(same)} rows repeat an image and task with the same letters, first {same[0]}", stacklevel=3)


def find_label_files(folder: Path) -> list[Path]:
    """Every Annotations/*.csv at `folder` or one folder below it. Raises InvalidInput where there is none."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name the one that holds base/, rank/ and so on (train: --data)")
    if not (found := _matching(folder, LABELS)):
        raise InvalidInput(f"{folder} holds no label files; looked for {folder}/{LABELS} and {folder}/*/{LABELS}")
    return found


def question_files(data: Path) -> list[Path]:
    """Every Tests/question.csv at `data` or one folder below it; there may be none."""
    return _matching(data, QUESTIONS)


def _matching(folder: Path, pattern: str) -> list[Path]:
    return sorted({*folder.glob(pattern), *folder.glob(f"*/{pattern}")})
