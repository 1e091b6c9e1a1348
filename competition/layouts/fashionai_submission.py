"""Write a submission, and check it against its questions: the organisers silently score a malformed one 0."""

import codecs
import csv
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from competition.dataset import Questions
from competition.errors import InvalidInput, Problem
from competition.files import whole_file
from competition.layouts.answers import Probabilities, Tasks
from competition.layouts.fashionai_rows import Rows, read_rows
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


def _values(questions: Questions, probabilities: Probabilities) -> np.ndarray:
    """The third column, (rows,) strings."""
    texts = np.empty(len(questions), object)
    for task, values in probabilities.items():
        asked = questions.tasks == task
        pattern = ";".join([f"%.{DECIMALS}f"] * values.shape[1])
        texts[asked] = [pattern % tuple(row) for row in values[questions.image[asked]].astype(float).tolist()]
    return texts


def check_submission(submission: Path, questions: Path, tasks: tuple[Task, ...] = ()) -> list[Problem]:
    """Everything that is wrong with the file, sorted by line; empty for a good one.

    The rows must be those of `questions`, in their order. All rows of a task must have the same number of values: one
    per class if the task is among `tasks`, else as many as most of its rows have. Values are numbers in [0, 1], and sum
    to 1 within 1e-6 except for multilabel tasks.
    Raises InvalidInput if a file cannot be read at all.
    """
    answers, asked = read_rows([submission]), read_rows([questions])
    problems = [*answers.problems, *asked.problems, *wrong_rows(answers, asked), *_wrong_values(answers, tasks)]
    if submission.read_bytes().startswith(codecs.BOM_UTF8):
        problems.append(Problem(submission, 1, "the file starts with a byte order mark; save it as UTF-8 without one"))
    for line, text in enumerate(submission.read_bytes().splitlines(), start=1):
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


def _wrong_values(answers: Rows, tasks: tuple[Task, ...]) -> Iterator[Problem]:
    known, found = {task.name: task for task in tasks}, defaultdict(Counter)
    for text, task in zip(answers.values, answers.tasks, strict=True):
        found[task][text.count(";") + 1] += 1
    for row, (text, task) in enumerate(zip(answers.values, answers.tasks, strict=True)):
        count = len(known[task]) if task in known else found[task].most_common(1)[0][0]
        sums_to_one = task not in known or known[task].kind == "multiclass"
        if problem := _value_problem(text, count, sums_to_one):
            yield answers.problem(row, f"{answers.names[row]},{answers.keys[row]}: {problem}")


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
