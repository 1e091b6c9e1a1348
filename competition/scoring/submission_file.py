"""Score a submission file against known answers, as the organisers do."""

from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.fashionai import read_label_files
from competition.layouts.fashionai_rows import read_rows
from competition.layouts.fashionai_submission import check_submission, parse_values
from competition.scoring.scores import Report, score
from competition.task import Task


def score_file(submission: Path, answers: Path, tasks: tuple[Task, ...] = ()) -> Report:
    """Score rows ImageName,AttrKey,p;p;… against the same rows with codes; `tasks` where they are known.

    Raises InvalidInput where the submission does not answer exactly the rows of `answers`.
    """
    truth = read_label_files([answers], tasks)
    if problems := check_submission(submission, answers, truth.tasks):
        raise InvalidInput(f"{submission} cannot be scored against {answers}:", problems)
    rows = read_rows([submission])
    row_of = {name: row for row, name in enumerate(truth.names)}
    probabilities = {}
    for task in truth.tasks:
        asked = rows.tasks == task.name
        values = np.zeros((len(truth), len(task)))
        if asked.any():
            images = [row_of[name] for name in rows.names[asked]]
            values[images] = [parse_values(text) for text in rows.values[asked]]
        probabilities[task.name] = values
    return score(truth.tasks, probabilities, truth.codes, truth.labelled)
