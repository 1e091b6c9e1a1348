"""The long format: a line per image and label, or per image, question and answer."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from competition.errors import InvalidInput, Problem
from competition.layouts.imports.sheet import Sheet
from competition.layouts.notes import some
from competition.layouts.table_cells import FLAGS, SEPARATOR, WORDS
from competition.layouts.table_tasks import is_number

MANY = 0.1  # of the images are repeated in the long format; fewer are a slip
QUESTIONS_AT_MOST = 100
# What columns of questions and of answers are called, in small letters.
QUESTION = (
    "question",
    "task",
    "attribute",
    "attr",
    "key",
    "property",
    "variable",
    "feature",
    "field",
    "attrkey",
    "aspect",
)
ANSWER = ("answer", "value", "values", "label", "attrvalue", "response", "result", "class", "choice")


def gather(sheet: Sheet, wanted: Sequence[str] = ()) -> Sheet:
    """The sheet with one row an image.

    Raises InvalidInput for a few images that contradict each other among many that are named once, and where several
    columns differ between the rows of an image, unless the user wants all of them.
    """
    image, names = pd.factorize(sheet.names)
    if len(names) == len(sheet):
        return sheet
    _refuse_two_parts(sheet, image, names)
    first = np.unique(image, return_index=True)[1]
    differ = [column for column, values in sheet.labels.items() if not _same_within(values, image, first)]
    if not differ:
        return sheet.take(first).say(f"rows that repeat another one count once: {len(sheet) - len(first):,}")
    repeated = np.bincount(image) > 1
    if repeated.sum() < 2 or repeated.mean() < MANY:
        raise InvalidInput(
            f"{sheet.file} names images more than once, with different labels:",
            _contradictions(sheet, image, first, differ),
        )
    if pivoted := _pivot(sheet, image, first, differ):
        return pivoted
    if len(differ) > 1 and not set(differ) <= set(wanted):
        raise InvalidInput(
            f"{sheet.file}: an image has several rows, which differ in {', '.join(map(repr, differ))}; leave out what "
            f"is no label (--leave-out), or gather the values of each, --class-columns {' '.join(differ)}"
        )
    cells = {column: _joined(values, image, len(first)) for column, values in sheet.labels.items() if column in differ}
    found = sheet.take(first).with_cells(cells)
    note = f"an image has several rows; the values of {some(differ)} were gathered"
    return replace(found, several=sheet.several | set(differ)).say(note)


def _same_within(values: np.ndarray, image: np.ndarray, first: np.ndarray) -> bool:
    return bool((values == values[first][image]).all())


def _refuse_two_parts(sheet: Sheet, image: np.ndarray, names: Sequence[str]) -> None:
    if not len(sheet.part):
        return
    first = np.unique(image, return_index=True)[1]
    odd = np.flatnonzero(sheet.part != sheet.part[first][image])
    if len(odd):
        problems = [
            sheet.problem(
                row, f"{sheet.names[row]} is in {sheet.part[row]} here, and also in {sheet.part[first[image[row]]]}"
            )
            for row in odd
        ]
        raise InvalidInput(f"{sheet.file} puts images into two parts:", problems)


def _contradictions(sheet: Sheet, image: np.ndarray, first: np.ndarray, differ: Sequence[str]) -> list[Problem]:
    problems = []
    for row in np.flatnonzero(first[image] != np.arange(len(sheet))):
        other = first[image[row]]
        for column in differ:
            here, there = sheet.cells[column][row], sheet.cells[column][other]
            if here != there:
                text = f"{sheet.names[row]} has {column} {here!r} here, but {there!r} in line {sheet.line[other]}"
                text += "" if sheet.file_of(row) == sheet.file_of(other) else f" of {sheet.file_of(other)}"
                problems.append(sheet.problem(row, f"{text}; keep one"))
    return problems


def _joined(values: np.ndarray, image: np.ndarray, count: int) -> np.ndarray:
    """The different values of each image, in their order, joined."""
    found: list[dict[str, None]] = [{} for _ in range(count)]
    for number, value in zip(image, values, strict=True):
        for one in value.split(SEPARATOR):
            if one:
                found[number][one] = None
    return np.array([SEPARATOR.join(one) for one in found], object)


def _pivot(sheet: Sheet, image: np.ndarray, first: np.ndarray, differ: Sequence[str]) -> Sheet | None:
    """Questions and answers in two columns as a column a question; None if these are no such rows.

    An image answers a question at most once. An answer belongs to one question, unless all of them are flags, or the
    columns are called so. Columns that do not differ between the rows of an image stay.
    """
    if len(differ) != 2:
        return None
    for key, value in (differ, differ[::-1]):
        questions, answers = sheet.cells[key], sheet.cells[value]
        frame = pd.DataFrame({"image": image, "question": questions, "answer": answers})
        count = frame["question"].nunique()
        called = key.casefold() in QUESTION and value.casefold() in ANSWER
        twice = frame.duplicated(["image", "question"])
        if called and 0 < twice.mean() < MANY:
            problems = [
                sheet.problem(row, f"{sheet.names[row]} has a second answer to {questions[row]}; keep one")
                for row in np.flatnonzero(twice)
            ]
            raise InvalidInput(f"{sheet.file} answers questions more than once:", problems)
        if not 1 < count <= min(QUESTIONS_AT_MOST, len(sheet) / 2) or twice.any():
            continue
        if set(questions) & {"", *sheet.cells}:
            continue
        homes = frame[frame["answer"] != ""].groupby("answer")["question"].nunique()
        flags = {answer.casefold() for answer in homes.index} <= {*FLAGS, *WORDS, "-1"}
        if not (flags or called or ((homes == 1).all() and not all(map(is_number, homes.index)))):
            continue
        cells = {column: cells[first] for column, cells in sheet.cells.items() if column not in differ}
        for question in dict.fromkeys(questions):
            rows = questions == question
            cells[question] = np.full(len(first), "", object)
            cells[question][image[rows]] = answers[rows]
        note = f"{key} names the questions, and {value} their answers: a column each was made"
        return replace(sheet.take(first), cells=cells).say(note)
    return None
