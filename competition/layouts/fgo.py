"""Game wallpapers: a profile a character and colours an image, in two files, or merged into one of 0/1 columns.

    profiles.csv  name,gender,region,…                one line a character, a value of each task with one true class
    colors.csv    image_name,name,white,red,…         one line an image, 0 or 1 for each class of the multi-label task
    labels.csv    image_name,name,white,…,gender_Female,gender_Male,region_Asia,…        instead of both: 0 or 1
    questions.csv image_name                          what is asked; answers.csv beside it is laid out like labels.csv

Images lie in images/. Columns may stand in any order, but none may lack and no other be there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from competition.dataset import Dataset, Questions, ask_everything, codes_of, one_row_an_image
from competition.errors import InvalidInput, Problem, no_such
from competition.layouts.answers import Probabilities, Tasks, answers, write_csv, write_with_probabilities
from competition.layouts.csv_lines import csv_rows, name_problem, rows_below, stripped
from competition.recipes.fgo_tasks import TASKS
from competition.task import Task

ENDING = ".csv"

PROFILES, COLOURS, MERGED = "profiles.csv", "colors.csv", "labels.csv"
QUESTIONS, ANSWERS = "questions.csv", "answers.csv"
IMAGES = "images"
IMAGE, CHARACTER = "image_name", "name"


def read_labels(data: Path, tasks: tuple[Task, ...] = ()) -> Dataset:
    """Every labelled image of the folder `data`, in the order of the file that names it.

    Raises InvalidInput with every problem of the files, each with file and line.
    """
    tasks, files = tasks or TASKS, label_files(data)
    reading = Reading(tasks)
    rows = reading.merged(files[0]) if len(files) == 1 else reading.two_files(*files)
    reading.refuse(f"{', '.join(map(str, files))} cannot be used as labels:")
    return dataset(files[-1], rows, tasks)


def label_files(data: Path) -> list[Path]:
    """The merged file, or profiles and colours. Raises InvalidInput where there is neither, a half, or both."""
    if not data.is_dir():
        raise InvalidInput(f"{data} is not a folder; name the one that holds {PROFILES} and {COLOURS}, or {MERGED}")
    pair, merged = [data / PROFILES, data / COLOURS], data / MERGED
    there = [path for path in (*pair, merged) if path.is_file()]
    if there in ([merged], pair):
        return there
    found = ", ".join(path.name for path in there) or "none of them"
    raise InvalidInput(f"{data} takes either {PROFILES} and {COLOURS}, or {MERGED} alone; found: {found}")


def question_files(data: Path) -> list[Path]:
    """What there is to be answered: questions.csv, if it is there."""
    path = data / QUESTIONS
    return [path] if path.is_file() else []


def read_questions(file: Path, tasks: tuple[Task, ...] = ()) -> Questions:
    """The images of a question file; every task is asked of each.

    Raises InvalidInput with every problem, also where answers.csv beside it answers other images.
    """
    tasks = tasks or TASKS
    reading = Reading(tasks)
    rows = reading.questions(file)
    answers = file.with_name(ANSWERS)
    if answers.is_file():
        known = {row.cells[IMAGE]: row for row in reading.merged(answers)}
        reading.matched(rows, known)
        for row in rows:
            row.answers = known[row.cells[IMAGE]].answers if row.cells[IMAGE] in known else {}
    reading.refuse(f"{file} cannot be answered:")
    return ask_everything(file, dataset(file, rows, tasks))


@dataclass
class Row:
    """One line of a file, its cells by column, and the classes that are true of each task: `answers[task]` (bool)."""

    file: Path
    line: int
    cells: dict[str, str]
    answers: dict[str, list[bool]] = field(default_factory=dict)

    def problem(self, text: str) -> Problem:
        return Problem(self.file, self.line, text)


class Reading:
    """Files read for some tasks, and all that was found wrong with them."""

    def __init__(self, tasks: Sequence[Task]):
        self.problems: list[Problem] = []
        self.single = [task for task in tasks if task.kind == "multiclass"]
        self.several = [task for task in tasks if task.kind == "multilabel"]
        self.flags = [label for task in self.several for label in task.classes]

    def refuse(self, message: str) -> None:
        """Raises InvalidInput where anything was wrong."""
        if self.problems:
            raise InvalidInput(message, sorted(self.problems))

    def two_files(self, profiles: Path, colours: Path) -> list[Row]:
        """The rows of colors.csv, with the answers that the profiles of their characters add."""
        known = {row.cells[CHARACTER]: row for row in self.profiles(profiles)}
        rows = self.rows(colours, [IMAGE, CHARACTER, *self.flags], once=IMAGE)
        for row in rows:
            name = row.cells[CHARACTER]
            if known and name not in known:
                self.problems.append(row.problem(f"character {name!r} has no profile in {profiles}"))
            row.answers = {**(known[name].answers if name in known else {}), **self.flagged(row)}
        return rows

    def profiles(self, file: Path) -> list[Row]:
        """A row a character, with the answer to each task that has one true class."""
        rows = self.rows(file, [CHARACTER, *(task.name for task in self.single)], once=CHARACTER)
        for row in rows:
            for task in self.single:
                value = row.cells[task.name]
                if value not in task.classes:
                    self.problems.append(row.problem(no_such(task.name, value, task.classes)))
                row.answers[task.name] = [value == known for known in task.classes]
        return rows

    def merged(self, file: Path) -> list[Row]:
        """The rows of a file that holds 0 or 1 for every class of every task."""
        groups = {task.name: merged_columns(task) for task in self.single}
        columns = [column for group in groups.values() for column in group]
        rows = self.rows(file, [IMAGE, CHARACTER, *self.flags, *columns], once=IMAGE)
        for row in rows:
            row.answers = self.flagged(row)
            for task, group in groups.items():
                row.answers[task] = self.zero_or_one(row, group)
                true = [column for column, cell in zip(group, row.answers[task], strict=True) if cell]
                if len(true) != 1 and all(row.cells[column] in ("0", "1") for column in group):
                    found = " and ".join(true) or f"none of {', '.join(group)}"
                    self.problems.append(row.problem(f"{found} is 1; of {task} exactly one is"))
        return rows

    def questions(self, file: Path) -> list[Row]:
        return self.rows(file, [IMAGE], once=IMAGE)

    def matched(self, rows: list[Row], known: dict[str, Row]) -> None:
        """Notes what is asked and not answered, and what is answered and not asked."""
        asked = {row.cells[IMAGE] for row in rows}
        for row in rows if known else ():
            if row.cells[IMAGE] not in known:
                self.problems.append(row.problem(f"{row.cells[IMAGE]!r} is not answered in {ANSWERS} beside this file"))
        for name, row in known.items():
            if name not in asked:
                self.problems.append(row.problem(f"{name!r} is not asked in {QUESTIONS}; drop the line"))

    def flagged(self, row: Row) -> dict[str, list[bool]]:
        return {task.name: self.zero_or_one(row, task.classes) for task in self.several}

    def zero_or_one(self, row: Row, columns: Sequence[str]) -> list[bool]:
        for column in columns:
            if (cell := row.cells[column]) not in ("0", "1"):
                self.problems.append(row.problem(f"{column} is {cell!r}; allowed are 0 and 1"))
        return [row.cells[column] == "1" for column in columns]

    def rows(self, file: Path, columns: list[str], once: str) -> list[Row]:
        """The rows of a file with these columns; no two have the same value in the column `once`."""
        lines = stripped(csv_rows(file))
        line, header = next(lines, (1, []))
        if wrong := list(header_problems(header, columns)):
            self.problems += [Problem(file, line, text) for text in wrong]
            return []
        name = header.index(once)
        rows, problems = rows_below(file, lines, header, name, lambda cells: value_problem(once, cells[name]))
        if not rows and not problems:
            problems = [Problem(file, line, "below the header stands no line")]
        self.problems += problems
        return [Row(file, number, dict(zip(header, cells, strict=True))) for number, cells in rows]


def merged_columns(task: Task) -> list[str]:
    """The columns of a task in the merged layout, in the order of its classes."""
    if task.kind == "multilabel":
        return list(task.classes)
    return [f"{task.name}_{value}" for value in task.classes]


def header_problems(header: list[str], columns: list[str]) -> Iterator[str]:
    """What is wrong with the names of the columns."""
    twice = [name for name, count in Counter(header).items() if count > 1]
    lacking = [name for name in columns if name not in header]
    extra = [name for name in dict.fromkeys(header) if name not in columns]
    for names, what in ((lacking, "lacks"), (extra, "has the unknown"), (twice, "has twice the")):
        if names:
            kind = "column" if len(names) == 1 else "columns"
            yield f"the header {what} {kind} {', '.join(names)}; expected are {','.join(columns)}"


def value_problem(column: str, value: str) -> str | None:
    """What is wrong with the value that names a row."""
    if column == IMAGE:
        return name_problem(value)
    return None if value else f"{column} is empty"


def dataset(file: Path, rows: list[Row], tasks: tuple[Task, ...]) -> Dataset:
    """The images that the rows of a file name, with the answers to all tasks; without any answers it has no codes."""
    codes = {}
    if all(row.answers for row in rows):
        for task in tasks:
            true = np.array([row.answers[task.name] for row in rows], bool).reshape(len(rows), len(task))
            codes[task.name] = codes_of(true)
    names, lines = [row.cells[IMAGE] for row in rows], [row.line for row in rows]
    return one_row_an_image(tasks, file, file.parent / IMAGES, names, codes, line=lines)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """The merged file of 0/1 columns; who is on the picture is not known, and the column `name` empty."""
    columns = {IMAGE: questions.images.names, CHARACTER: ""}
    for task in sorted(tasks, key=lambda task: task.kind == "multiclass"):  # the labels first, as in the published file
        true = answers(probabilities[task.name], task).astype(int)
        columns |= dict(zip(merged_columns(task), true.T, strict=True))
    return write_with_probabilities(path, questions, probabilities, tasks, lambda file: write_csv(file, columns))
