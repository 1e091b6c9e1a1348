"""The layout `fgo`: a profile per character and colours per image, in two files, or merged into one of 0/1 columns.

    profiles.csv  name,gender,region,…                a line per character, with the class of each multiclass task
    colors.csv    image_name,name,white,red,…         a line per image, 0 or 1 for each class of the multilabel task
    labels.csv    image_name,name,white,…,gender_Female,gender_Male,region_Asia,…        instead of both: 0 or 1
    questions.csv image_name                          what is asked; answers.csv beside it is laid out like labels.csv

Images lie in images/. A file has exactly these columns, in any order.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import Dataset, Questions, ask_everything, codes_of, one_row_an_image
from competition.errors import InvalidInput, Problem, no_such
from competition.layouts.answers import Probabilities, Tasks, answers, write_csv, write_with_probabilities
from competition.layouts.csv_lines import csv_rows, name_problem, rows_below
from competition.recipes.fgo import TASKS
from competition.task import Task

ENDING = ".csv"

PROFILES, COLOURS, MERGED = "profiles.csv", "colors.csv", "labels.csv"
QUESTIONS, ANSWERS = "questions.csv", "answers.csv"
IMAGES = "images"
IMAGE, CHARACTER = "image_name", "name"


def read_labels(data: Path, tasks: tuple[Task, ...] = ()) -> Dataset:
    """Every labelled image of the folder `data`, in the order of the file that names it."""
    tasks, files, problems = tasks or TASKS, label_files(data), []
    rows, codes = _merged(*files, tasks, problems) if len(files) == 1 else _two_files(*files, tasks, problems)
    if problems:
        raise InvalidInput(f"{', '.join(map(str, files))} cannot be used as labels:", sorted(problems))
    return _dataset(files[-1], rows, codes, tasks)


def label_files(data: Path) -> list[Path]:
    """The merged file, or profiles and colours. Raises InvalidInput unless there is exactly one of the two."""
    if not data.is_dir():
        raise InvalidInput(f"{data} is not a folder; name the one that holds {PROFILES} and {COLOURS}, or {MERGED}")
    pair, merged = [data / PROFILES, data / COLOURS], data / MERGED
    there = [path for path in (*pair, merged) if path.is_file()]
    if there in ([merged], pair):
        return there
    found = ", ".join(path.name for path in there) or "none of them"
    raise InvalidInput(f"{data} has to hold either {PROFILES} and {COLOURS}, or {MERGED} alone; found: {found}")


def question_files(data: Path) -> list[Path]:
    """What there is to be answered: questions.csv, if it is there."""
    return [path for path in [data / QUESTIONS] if path.is_file()]


def read_questions(file: Path, tasks: tuple[Task, ...] = ()) -> Questions:
    """Every task of every image of a question file; answers.csv beside it, if any, has to answer exactly these."""
    tasks, problems, codes = tasks or TASKS, [], {}
    rows, answers = _rows(file, [IMAGE], IMAGE, problems), file.with_name(ANSWERS)
    if answers.is_file():
        known, codes = _merged(answers, tasks, problems)
        row_of = pd.Index(known[IMAGE]).get_indexer(rows[IMAGE])
        for line, name in rows[IMAGE][row_of < 0].items() if len(known) else ():
            problems.append(Problem(file, line, f"{name!r} is not answered in {ANSWERS} beside this file"))
        for line, name in known[IMAGE][~known[IMAGE].isin(rows[IMAGE])].items():
            problems.append(Problem(answers, line, f"{name!r} is not asked in {QUESTIONS}; delete the line"))
    if problems:
        raise InvalidInput(f"{file} cannot be answered:", sorted(problems))
    codes = {name: values[row_of] for name, values in codes.items()}
    return ask_everything(file, _dataset(file, rows, codes, tasks))


def _two_files(
    profiles: Path, colours: Path, tasks: Tasks, problems: list[Problem]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The rows of colors.csv, and their codes: those of the image itself and those of its character's profile."""
    single = [task for task in tasks if task.kind == "multiclass"]
    several = [task for task in tasks if task.kind == "multilabel"]
    known = _rows(profiles, [CHARACTER, *(task.name for task in single)], CHARACTER, problems)
    rows = _rows(colours, [IMAGE, CHARACTER, *(name for task in several for name in task.classes)], IMAGE, problems)
    for task in single:
        for line, value in known[task.name][~known[task.name].isin(task.classes)].items():
            problems.append(Problem(profiles, line, no_such(task.name, value, task.classes)))
    row_of = pd.Index(known[CHARACTER]).get_indexer(rows[CHARACTER])
    for line, name in rows[CHARACTER][row_of < 0].items() if len(known) else ():
        problems.append(Problem(colours, line, f"character {name!r} has no profile in {profiles}"))
    codes = {task.name: _flags(colours, rows, task, problems) for task in several}
    for task in single if not problems else ():
        values = known[task.name].to_numpy()[row_of]
        codes[task.name] = codes_of(values[:, None] == np.array(task.classes, object))
    return rows, {task.name: codes[task.name] for task in tasks if task.name in codes}


def _merged(file: Path, tasks: Tasks, problems: list[Problem]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """The rows of a file that holds 0 or 1 for every class of every task, and their codes."""
    columns = [column for task in labels_first(tasks) for column in merged_columns(task)]
    rows = _rows(file, [IMAGE, CHARACTER, *columns], IMAGE, problems)
    return rows, {task.name: _flags(file, rows, task, problems) for task in tasks}


def _flags(file: Path, rows: pd.DataFrame, task: Task, problems: list[Problem]) -> np.ndarray:
    """The codes (rows, classes) of a task with a column of 0 and 1 for each class."""
    columns = merged_columns(task)
    cells = rows[columns].to_numpy(object)
    true, odd = cells == "1", ~np.isin(cells, ["0", "1"])
    for row, place in np.argwhere(odd):
        text = f"{columns[place]} is {cells[row, place]!r}; allowed are 0 and 1"
        problems.append(Problem(file, rows.index[row], text))
    wrong = ~odd.any(axis=1) & (true.sum(axis=1) != 1) & (task.kind == "multiclass")
    for row in np.flatnonzero(wrong):
        ones = np.array(columns)[true[row]]
        found = f"{' and '.join(ones)} are 1" if len(ones) else f"none of {', '.join(columns)} is 1"
        problems.append(Problem(file, rows.index[row], f"{found}; exactly one column of {task.name} has to be 1"))
    return codes_of(true)


def _rows(file: Path, columns: list[str], once: str, problems: list[Problem]) -> pd.DataFrame:
    """The cells of a file with these columns, by line; a value of column `once` in two rows is a problem."""
    lines = csv_rows(file, strip=True)
    line, header = next(lines, (1, []))
    if wrong := [Problem(file, line, text) for text in header_problems(header, columns)]:
        problems += wrong
        return pd.DataFrame(columns=columns, dtype=object)
    name = header.index(once)

    def problem_of(cells: list[str]) -> str | None:
        if once == IMAGE:
            return name_problem(cells[name])
        return None if cells[name] else f"{once} is empty"

    rows, wrong = rows_below(file, lines, header, name, problem_of)
    problems += wrong
    if not rows and not wrong:
        problems.append(Problem(file, line, "there is no line below the header"))
    return pd.DataFrame([cells for _, cells in rows], [line for line, _ in rows], header, dtype=object)


def labels_first(tasks: Tasks) -> list[Task]:
    """The multilabel tasks before the others, as in the published file."""
    return sorted(tasks, key=lambda task: task.kind == "multiclass")


def merged_columns(task: Task) -> list[str]:
    """The columns of a task in the merged layout, in the order of its classes."""
    prefix = "" if task.kind == "multilabel" else f"{task.name}_"
    return [f"{prefix}{value}" for value in task.classes]


def header_problems(header: list[str], columns: list[str]) -> Iterator[str]:
    """What is wrong with the names of the columns."""
    twice = [name for name, count in Counter(header).items() if count > 1]
    lacking = [name for name in columns if name not in header]
    extra = [name for name in dict.fromkeys(header) if name not in columns]
    for names, what in ((lacking, "lacks"), (extra, "has the unknown"), (twice, "repeats the")):
        if names:
            kind = "column" if len(names) == 1 else "columns"
            yield f"the header {what} {kind} {', '.join(names)}; expected are {','.join(columns)}"


def _dataset(file: Path, rows: pd.DataFrame, codes: Mapping[str, np.ndarray], tasks: Tasks) -> Dataset:
    """The images that the rows of a file name, in images/ beside it."""
    return one_row_an_image(tasks, file, file.parent / IMAGES, rows[IMAGE].to_numpy(), codes, line=rows.index)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write the merged file of 0/1 columns; `name` stays empty, because the character is not known."""
    columns = {IMAGE: questions.images.names, CHARACTER: [""] * len(questions.images)}
    for task in labels_first(tasks):
        true = answers(probabilities[task.name], task).astype(int)
        columns |= dict(zip(merged_columns(task), true.T, strict=True))
    return write_with_probabilities(path, questions, probabilities, tasks, lambda file: write_csv(file, columns))
