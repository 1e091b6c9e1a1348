"""The organisers' sample of a submission: what it asks, answers in exactly its shape, and whether a file has that."""

import csv
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import Questions, one_row_an_image
from competition.errors import InvalidInput, Problem
from competition.files import whole_file
from competition.layouts.answers import Probabilities, Tasks, write_csv
from competition.layouts.imports.cells import clean
from competition.layouts.imports.containers import text_in
from competition.layouts.imports.delimited import find_separator, read_delimited
from competition.layouts.imports.folders import is_sample_name
from competition.layouts.imports.images import Images, find_images
from competition.layouts.imports.sheet import LOOKING, TEST, Sheet
from competition.layouts.table_cells import QUESTIONS, answering, by_task_name, columns_of, placeholders, task_of
from competition.layouts.table_tasks import is_number
from competition.task import DECIMALS, HALF, Task

POSITIVE = ("1", "yes", "true", "positive")  # the class whose probability a column of fractions asks for
BETWEEN = r"[ ,;|]+"  # several values
BLANK = " "  # joins several labels, where the sample shows none


def is_sample(file: Path, tasks: Tasks) -> bool:
    """Whether a file of questions is a sample: called so, or it answers tasks with one value in every row.

    questions.csv is the project's own file, which is answered in the project's own form.
    """
    if file.suffix.lower() != ".csv" or not file.is_file() or file.name == QUESTIONS:
        return False
    if is_sample_name(file):
        return True
    try:
        sheet = read_sample(file)
    except InvalidInput:  # the layout's own reader says what is wrong
        return False
    answers = answering(tasks, sheet.labels)
    return bool(answers) and len(placeholders(answers)) == len(answers)


def read_sample(file: Path) -> Sheet:
    """The rows of a sample, whose first column names the images. Raises InvalidInput where it is no table."""
    sheet = read_delimited(file, text_in(file))
    return clean(replace(sheet, image=next(iter(sheet.cells))))


def _as_written(file: Path) -> tuple[list[str], np.ndarray, str]:
    """The header and the ids of a sample, letter for letter, and what separates its columns."""
    text = text_in(file)
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("sep=")]
    ids, separator = next(iter(read_delimited(file, text).cells.values())), find_separator(lines)
    return next(csv.reader(lines, delimiter=separator)), ids, separator


@dataclass(frozen=True)
class Shape:
    """How the columns of a sample answer tasks: by their class, or by a probability for each class.

    `values[column]` is the task whose class, or classes, a column holds; `classes[column]` are the task and the place
    of the class whose probability it holds; `between` joins several values. `several[column]` is how many classes of a
    multiclass task a column holds, the likeliest first; those in `sure` each hold a class and its probability. `signed`
    are tasks whose columns hold 1 and -1, for no.
    """

    values: Mapping[str, Task]
    classes: Mapping[str, tuple[Task, int]]
    between: Mapping[str, str]
    several: Mapping[str, int]
    sure: frozenset[str]
    signed: frozenset[str]

    @classmethod
    def of(cls, sheet: Sheet, tasks: Tasks, probabilities: bool = False) -> "Shape":
        """With `probabilities`, a column of a task with two classes asks for one, also where the sample has none.

        Raises InvalidInput for a column that answers no task, or where only ids are asked.
        """
        columns, values, classes = by_task_name(sheet.labels), {}, {}
        for task in tasks:
            found = columns_of(task, columns) or _in_other_capitals(task, columns)
            if taken := [column for column in found if column in values or column in classes]:
                raise InvalidInput(f"{sheet.file}: column {taken[0]!r} answers several tasks; rename a task or a class")
            if len(found) == 1:
                values[found[0]] = task
            classes |= {column: (task, place) for place, column in enumerate(found)} if len(found) > 1 else {}
        rest = [column for column in sheet.labels if column not in values and column not in classes]
        if len(rest) == 1 and len(tasks) == 1 and not values and not classes:
            values[rest.pop()] = tasks[0]
        if rest or not sheet.labels:
            known = ", ".join(f"{task.name} ({', '.join(task.classes[:4])}, …)" for task in tasks)
            found = f"no task of the run answers {', '.join(map(repr, rest))}" if rest else "there is nothing but ids"
            raise InvalidInput(
                f"{sheet.file}: {found}; a column is called like a task, or there is one for each of its classes: "
                f"{known}"
            )
        for column, task in list(values.items()):
            words = not all(map(is_number, task.classes)) and _numbers(sheet.cells[column]).all()  # so 0 is no class
            asked = probabilities or words or _fractions(sheet.cells[column])
            if task.kind == "multiclass" and len(task) == 2 and asked:
                classes[column] = (values.pop(column), _positive(task, column))
        several = {column: _count(sheet, column, task) for column, task in values.items()}
        between = {column: _between(sheet.cells[column]) for column in values}
        sure = frozenset(column for column in values if _with_chances(sheet.cells[column]))
        return cls(values, classes, between, several, sure, _signed(sheet, classes))

    def meanings(self, threshold: float | None) -> list[str]:
        """What each column holds, in words; columns of the classes of one task together."""
        said = {f"column {column!r}": self._holds(column) for column in self.values}
        count = Counter(task.name for task, _ in self.classes.values())
        for column, (task, place) in self.classes.items():
            alone = count[task.name] == 1
            chance = f"the probability of {task.classes[place]!r}" if alone else "the probability of each class"
            columns = f"column {column!r}" if alone else f"the columns of {task.name}"
            said[columns] = chance + self._as_flag(task, threshold)
        return [f"{columns}: {what}" for columns, what in said.items()]

    def _holds(self, column: str) -> str:
        if self.values[column].kind == "multilabel":
            return "the classes"
        if column in self.sure:
            return "the class and its probability"
        if self.several[column] > 1:
            return f"the {self.several[column]} likeliest classes"
        task = self.values[column]
        chance = f" (with --probabilities, that of {task.classes[_positive(task, column)]!r})" if len(task) == 2 else ""
        return f"the class{chance}"

    def _as_flag(self, task: Task, threshold: float | None) -> str:
        """How a probability becomes a flag, in words; empty if it stays as it is."""
        no = self.no_of(task)
        if threshold is None:
            return f", as 1 above {HALF:g} and as {no} below" if no else ""
        return f", as 1 from {threshold:g} on and as {no} below"

    def no_of(self, task: Task) -> int:
        """What stands for no in the columns of a task."""
        return -1 if task.name in self.signed else 0

    @cached_property
    def tasks(self) -> list[str]:
        return list(
            dict.fromkeys([*(task.name for task in self.values.values()), *(t.name for t, _ in self.classes.values())])
        )


def _fractions(values: np.ndarray) -> bool:
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return bool(((numbers > 0) & (numbers < 1)).any())


def _chances(values: np.ndarray) -> np.ndarray:
    numbers = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy()
    return (numbers >= 0) & (numbers <= 1)


def _numbers(values: np.ndarray) -> np.ndarray:
    """The cells that hold one number or several, which are those of classes, (rows,) bool."""
    found = np.isfinite(pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float))
    for row in np.flatnonzero(~found):
        found[row] = bool(values[row]) and all(map(_is_finite, re.split(BETWEEN, values[row])))
    return found


def _is_finite(text: str) -> bool:
    return is_number(text) and math.isfinite(float(text))


def _positive(task: Task, column: str) -> int:
    """The class that a column of fractions asks for: one that says yes or is called so, else the second."""
    for place, name in enumerate(task.classes):
        if name.casefold() in POSITIVE or task_of(name) == task_of(column):
            return place
    return 1


def _signed(sheet: Sheet, classes: Mapping[str, tuple[Task, int]]) -> frozenset[str]:
    """The tasks whose columns of classes hold nothing but -1 and 1."""
    found: dict[str, set[str]] = {}
    for column, (task, _) in classes.items():
        found.setdefault(task.name, set()).update(sheet.cells[column])
    return frozenset(name for name, values in found.items() if "-1" in values and values <= {"-1", "1"})


def _in_other_capitals(task: Task, columns: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that answer a task but for capitals, where these tell nothing apart."""
    lower = {name.casefold(): column for name, column in columns.items()}
    classes = tuple(name.casefold() for name in task.classes)
    if len(lower) < len(columns) or len(set(classes)) < len(classes):
        return ()
    return columns_of(Task(task.name.casefold(), classes, task.kind), lower)


def _count(sheet: Sheet, column: str, task: Task) -> int:
    """How many classes of a multiclass task a cell of a sample holds."""
    known, count = set(task.classes), 1
    for value in set(sheet.cells[column]) - known if task.kind == "multiclass" else ():
        parts = re.split(BETWEEN, value)
        if all(part in known for part in parts):
            count = max(count, len(parts))
    return min(count, len(task))


def _with_chances(values: np.ndarray) -> bool:
    """Whether cells hold a class and its probability, as `137790 0.1` does."""
    filled = [value for value in set(values) if value]
    return bool(filled) and all(re.fullmatch(r"\S+ +(0?\.\d+|[01]\.\d*)", value) for value in filled)


def _between(values: np.ndarray) -> str:
    """What stands between the labels in the cells of a sample."""
    return next((one for one in ("|", ";", ",", " ") if any(one in value for value in values)), BLANK)


@dataclass(frozen=True)
class Sample:
    """A layout for one sample: its ids are looked for in `images`, and answered in its shape.

    With `threshold`, the columns of classes hold 0 and 1, and several labels are those from it on. With
    `probabilities`, the columns of tasks with two classes hold that of one of them.
    """

    images: Path
    threshold: float | None = None
    probabilities: bool = False
    ENDING = ".csv"

    def read_questions(self, file: Path, tasks: Tasks) -> Questions:
        """What the columns ask of every image. Raises InvalidInput for ids without an image, or twice, and columns
        that answer no task."""
        sheet = read_sample(file)
        shape = Shape.of(sheet, tasks, self.probabilities)
        if "" in (header := _as_written(file)[0])[1:]:
            raise InvalidInput(f"{file}:1: column {header.index('', 1) + 1} has no name; name it, or delete it")
        if twice := [f"{name}" for name, count in pd.Series(sheet.names).value_counts().items() if count > 1]:
            raise InvalidInput(f"{file} asks about {len(twice):,} images more than once:", twice)
        parts = replace(sheet, part=np.full(len(sheet), TEST, object))
        found = find_images(parts, LOOKING, Images.below(self.images))
        images = one_row_an_image(tasks, file, self.images, found.names, {}, line=sheet.line)
        names = np.array(shape.tasks, object)
        return Questions(
            file,
            images,
            np.repeat(np.arange(len(images)), len(names)),
            np.tile(names, len(images)),
            np.tile(names, len(images)),
        )

    def meanings(self, file: Path, tasks: Tasks) -> list[str]:
        """What each column of the answers will hold, in words."""
        return Shape.of(read_sample(file), tasks, self.probabilities).meanings(self.threshold)

    def write_answers(self, path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
        """Write the header, ids, order and columns of the sample, filled. Raises InvalidInput for a wrong file."""
        sheet, (header, names, separator) = read_sample(questions.file), _as_written(questions.file)
        shape, columns = Shape.of(sheet, tasks, self.probabilities), {header[0]: names}
        for column, title in zip(sheet.labels, header[1:], strict=False):  # empty columns at the end are no labels
            if column in shape.classes:
                task, place = shape.classes[column]
                columns[title] = self._flags(probabilities[task.name][:, place], shape.no_of(task))
            else:
                columns[title] = self._labels(probabilities[shape.values[column].name], shape, column)
        with whole_file(path) as file:
            write_csv(file, columns, float_format=f"%.{DECIMALS}f", sep=separator)
            if problems := check_against(file, questions.file):
                named = [problem._replace(file=path) if problem.file == file else problem for problem in problems]
                raise InvalidInput(f"{path} would be refused:", named)
        return [path]

    def _flags(self, chances: np.ndarray, no: int) -> np.ndarray:
        """Probabilities (rows,) as they are; with a threshold, or if `no` is -1, as 1 and `no`."""
        if self.threshold is None and not no:
            return chances
        return np.where(self._likely(chances), 1, no)

    def _likely(self, chances: np.ndarray) -> np.ndarray:
        return chances > HALF if self.threshold is None else chances >= self.threshold

    def _labels(self, probabilities: np.ndarray, shape: Shape, column: str) -> np.ndarray:
        task = shape.values[column]
        names = np.array(task.classes, object)
        if task.kind == "multiclass":
            order = np.argsort(-probabilities, axis=1, kind="stable")[:, : shape.several[column]]
            if column in shape.sure:
                chances = np.take_along_axis(probabilities, order[:, :1], axis=1)[:, 0]
                pairs = zip(names[order[:, 0]], chances, strict=True)
                return np.array([f"{name} {chance:.{DECIMALS}f}" for name, chance in pairs], object)
            return np.array([shape.between[column].join(names[row]) for row in order], object)
        return np.array([shape.between[column].join(names[row]) for row in self._likely(probabilities)], object)


def check_against(submission: Path, sample: Path) -> list[Problem]:
    """What differs between a submission and the sample, letter for letter: separator, header, rows, order and values.

    A cell is filled where no cell of the sample's column is empty, and holds a number where those do.
    """
    (header, names, separator), (known, ids, between) = _as_written(submission), _as_written(sample)
    if (separator, header) != (between, known):
        text = f"the header is {separator.join(header)[:200]!r}; that of {sample.name} is {between.join(known)[:200]!r}"
        return [Problem(submission, 1, text)]
    expected, found = read_sample(sample), read_sample(submission)
    problems = []
    if len(found) != len(expected):
        problems.append(Problem(submission, 1, f"{len(found):,} rows; {sample.name} has {len(expected):,}"))
    for row in np.flatnonzero(names[: len(ids)] != ids[: len(names)]):
        text = f"is about {names[row]!r}; {sample.name} has {ids[row]!r} in this place"
        problems.append(Problem(submission, int(found.line[row]), text))
    for column, values in expected.labels.items():
        right, allowed = _right(found.cells[column], values)
        for row in np.flatnonzero(~right):
            text = f"{found.cells[column][row]!r} in column {column!r}; allowed are {allowed}"
            problems.append(Problem(submission, int(found.line[row]), text))
    return sorted(problems)


def _right(cells: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, str]:
    """Which cells are of the kind that a column of the sample holds, (rows,) bool; and what is allowed, in words."""
    if not len(sample) or (sample == "").any():
        return np.ones(len(cells), bool), ""
    if not _numbers(sample).all():
        several = any(re.search(BETWEEN, value) for value in sample)  # of which there may be none
        return (cells != "") | several, "filled cells"
    if _fractions(sample):
        return _chances(cells), "numbers from 0 to 1"
    return _numbers(cells), "numbers"
