"""Score answers, from a file or in memory, against known ones, row by row as the organisers do."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from competition.dataset import Dataset, Questions
from competition.errors import InvalidInput
from competition.layouts.csv_lines import csv_rows
from competition.layouts.fashionai import read_label_files
from competition.layouts.fashionai_rows import read_rows
from competition.layouts.fashionai_submission import check_submission, parse_values, wrong_rows
from competition.scoring.fashionai import as_submitted
from competition.scoring.scores import Report, score
from competition.task import Task


def score_file(submission: Path, answers: Path, tasks: tuple[Task, ...] = ()) -> Report:
    """Score rows ImageName,AttrKey,p;p;… against the same rows with letters; `tasks` if they are known.

    Raises InvalidInput if the submission does not answer exactly the rows of `answers`, or if two of these contradict
    each other.
    """
    truth = read_label_files([answers], tasks)
    if problems := check_submission(submission, answers, truth.tasks):
        raise InvalidInput(f"{submission} cannot be scored against {answers}:", problems)
    rows, place = read_rows([answers], with_values=False), _place(truth)
    image = np.array([place[name] for name in rows.names], int)
    asked = Questions(answers, truth, image, rows.tasks, rows.keys)
    given = {task.name: np.empty((np.sum(rows.tasks == task.name), len(task))) for task in truth.tasks}
    left = {name: iter(values) for name, values in given.items()}
    for task, (_, cells) in zip(rows.tasks, csv_rows(submission), strict=True):  # both have the same order
        next(left[task])[:] = parse_values(cells[-1])
    return score_rows(asked, given, truth)


def known_answers(asked: Questions, tasks: tuple[Task, ...]) -> Dataset:
    """The images of the questions, with codes from the answers.csv beside the question file if there is one.

    Raises InvalidInput if it answers other questions, or if two of its rows contradict each other.
    """
    file = asked.file.with_name("answers.csv")
    if not file.is_file():
        return asked.images
    truth, rows, questions = read_label_files([file], tasks), read_rows([file]), read_rows([asked.file])
    known, wanted = ({*zip(some.names, some.keys, strict=True)} for some in (rows, questions))
    if known != wanted:  # a question that is asked twice needs no second answer
        problems = [*wrong_rows(rows, questions)]
        raise InvalidInput(f"{file} answers other questions than {asked.file}; move it away, or fix it:", problems)
    place = _place(truth)
    return truth.take(np.array([place[name] for name in asked.images.names], int))


def _place(images: Dataset) -> dict[str, int]:
    """{name of an image: its row}."""
    return {name: row for row, name in enumerate(images.names)}


def submitted_rows(asked: Questions, probabilities: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """{task: (rows that ask it, classes) float64}, rounded like a submission, from probabilities (images, classes)."""
    return {name: as_submitted(values[asked.image[asked.tasks == name]]) for name, values in probabilities.items()}


def score_rows(asked: Questions, given: Mapping[str, np.ndarray], truth: Dataset) -> Report:
    """The score of `given[task]` (rows that ask the task, classes); a question that is asked twice counts twice.

    `truth` holds the codes of the questions' images, in their order.
    """
    image = {task.name: asked.image[asked.tasks == task.name] for task in truth.tasks}
    codes, labelled = ({n: values[n][rows] for n, rows in image.items()} for values in (truth.codes, truth.labelled))
    return score(truth.tasks, given, codes, labelled)
