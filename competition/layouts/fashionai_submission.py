"""Write a submission, and check it against its questions: the organisers silently score a malformed one 0."""

import codecs
import csv
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from competition.dataset import Questions
from competition.errors import InvalidInput, Problem
from competition.files import open_file, whole_file
from competition.layouts.answers import Probabilities, Tasks
from competition.layouts.classes import task_name
from competition.layouts.csv_lines import csv_rows
from competition.layouts.fashionai_rows import COLUMNS, Rows, read_rows
from competition.task import DECIMALS, Task

SUM_TOLERANCE = 1e-6
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(nan|inf)", re.IGNORECASE)


def write_answers(path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
    """Write a line `ImageName,AttrKey,p;p;…` per question to `path`, check it, and put a zip beside it; return both.

    The rows have the order, the names and the keys of the questions.
    `probabilities[task]` (images, classes) has a row for each image of `questions.images`.
    Raises InvalidInput, and leaves no file, if the result does not pass the check.
    """
    if path.suffix != ".csv":
        raise InvalidInput(f"{path} cannot be a submission: its name has to end in .csv; the zip beside it gets .zip")
    zipped = path.with_suffix(".zip")
    with whole_file(zipped) as temporary_zip, whole_file(path) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            rows = zip(questions.names, questions.keys, _values(questions, probabilities), strict=True)
            csv.writer(file, lineterminator="\n").writerows(rows)
        if problems := check_submission(temporary, questions.file, tasks):
            shown = [p._replace(file=path) if p.file == temporary else p for p in problems]
            raise InvalidInput(f"{path} was not written, because it would be refused:", shown)
        with zipfile.ZipFile(temporary_zip, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(temporary, path.name)
    return [path, zipped]


def _values(questions: Questions, probabilities: Probabilities) -> Iterator[str]:
    """The third column, row by row: with thousands of classes all of it would be a gigabyte."""
    patterns = {task: ";".join([f"%.{DECIMALS}f"] * values.shape[1]) for task, values in probabilities.items()}
    for task, image in zip(questions.tasks, questions.image, strict=True):
        # Without probabilities the cell is empty, which the check then refuses.
        yield patterns[task] % tuple(probabilities[task][image].tolist()) if task in patterns else ""


def check_submission(submission: Path, questions: Path, tasks: tuple[Task, ...] = ()) -> list[Problem]:
    """Everything that is wrong with the file, sorted by line; empty for a good one.

    The rows must be those of `questions`, in their order. All rows of a task must have the same number of values: one
    per class if the task is among `tasks`, else as many as most of its rows have. Values are numbers in [0, 1], and sum
    to 1 within 1e-6 except for multilabel tasks.
    Raises InvalidInput if a file cannot be read at all.
    """
    answers, asked = (read_rows([file], with_values=False) for file in (submission, questions))
    problems = [*answers.problems, *asked.problems, *wrong_rows(answers, asked), *_wrong_values(submission, tasks)]
    with open_file(submission) as lines:
        for line, text in enumerate(chain.from_iterable(map(bytes.splitlines, lines)), start=1):
            if line == 1 and text.startswith(codecs.BOM_UTF8):
                problems.append(Problem(submission, 1, "the file starts with a byte order mark; save it without one"))
            if not text.strip():
                problems.append(Problem(submission, line, "a blank line; delete it"))
    return sorted(problems)


def parse_values(text: str) -> np.ndarray | None:
    """The numbers in `p;p;…`, (numbers,) float64; None if `text` is anything else."""
    parts = text.split(";")
    if not all(map(NUMBER.fullmatch, parts)):
        return None
    return np.array([float(part) for part in parts])


def wrong_rows(answers: Rows, asked: Rows) -> Iterator[Problem]:
    """Rows that are not asked, questions that are not answered, or else the first row that is out of order."""
    given, wanted = ([*zip(rows.names, rows.keys, strict=True)] for rows in (answers, asked))
    if given == wanted:
        return
    left, unanswered = Counter(wanted), Counter(given)
    problems = []
    for row, pair in enumerate(given):
        if not left[pair]:
            why = "is answered already" if pair in left else f"is not asked in {asked.sources[0]}"
            problems.append(answers.problem(row, f"{','.join(pair)} {why}; delete the row"))
        else:
            left[pair] -= 1
    for row, pair in enumerate(wanted):
        if not unanswered[pair]:
            problems.append(asked.problem(row, f"{','.join(pair)} has no answer in {answers.sources[0]}"))
        else:
            unanswered[pair] -= 1
    if not problems:
        row = next(row for row, pair in enumerate(given) if pair != wanted[row])
        expected = f"expected {','.join(wanted[row])} as at {asked.place(row)}"
        problems.append(answers.problem(row, f"out of order: found {','.join(given[row])}, {expected}"))
    yield from problems


def _wrong_values(submission: Path, tasks: tuple[Task, ...]) -> Iterator[Problem]:
    known, found = {task.name: task for task in tasks}, defaultdict(Counter)
    for _, _, key, text in _rows_of_three(submission):
        found[task_name(key)][text.count(";") + 1] += 1
    for line, name, key, text in _rows_of_three(submission):
        task = known.get(task_name(key))
        count = len(task) if task else found[task_name(key)].most_common(1)[0][0]
        if problem := _value_problem(text, count, sums_to_one=not task or task.kind == "multiclass"):
            yield Problem(submission, line, f"{name},{key}: {problem}")


def _rows_of_three(file: Path) -> Iterator[tuple[int, str, str, str]]:
    """Line, name, key and values; `read_rows` reports lines with other numbers of columns."""
    return ((line, *cells) for line, cells in csv_rows(file) if len(cells) == len(COLUMNS))


def _value_problem(text: str, count: int, sums_to_one: bool) -> str | None:
    values = parse_values(text)
    if values is None:
        return f"{text[:60]!r} is not a list of numbers; allowed is p;p;… with {count} numbers"
    if len(values) != count:
        return f"{len(values)} values, but the task has {count} classes"
    if not np.isfinite(values).all():
        return f"{text[:60]!r} holds a value that is not finite"
    if values.min() < 0 or values.max() > 1:
        return f"value {values[(values < 0) | (values > 1)][0]:g} is outside 0 … 1"
    if sums_to_one and abs(values.sum() - 1) > SUM_TOLERANCE:
        return f"the values sum to {values.sum():.8f}; allowed is 1 ± {SUM_TOLERANCE:g}"
    return None
