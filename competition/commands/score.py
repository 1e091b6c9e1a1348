"""Score a submission against known answers."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.data.labels import read_labels
from competition.data.rows import read_rows
from competition.errors import InvalidInput
from competition.scoring.report import Report, table
from competition.scoring.report import score as score_tasks
from competition.submission.check import check_submission, parse_values

Submission = Annotated[Path, tyro.conf.arg(metavar="SUBMISSION")]
Answers = Annotated[Path, tyro.conf.arg(metavar="ANSWERS")]
AsJson = Annotated[bool, tyro.conf.arg(name="json")]


def score(submission: Submission, answers: Answers, /, as_json: AsJson = False) -> Report:
    """Score by the official rule: AP a task, mAP, BasicPrecision; and accuracy, with chance beside it.

    Raises InvalidInput where the submission does not answer exactly the rows of `answers`.

    Args:
        submission: rows ImageName,AttrKey,p;p;…
        answers: the same rows with letters y, m and n.
        as_json: print JSON instead of a table.
    """
    truth = read_labels([answers])
    if problems := check_submission(submission, answers, truth.tasks):
        raise InvalidInput(f"{submission} cannot be scored against {answers}:", problems)
    rows = read_rows([submission])
    row_of = {name: row for row, name in enumerate(truth.names)}
    probabilities = {}
    for task in truth.tasks:
        asked = rows.tasks == task.name
        values = np.zeros((len(truth), len(task)))
        values[[row_of[name] for name in rows.names[asked]]] = [parse_values(text) for text in rows.values[asked]]
        probabilities[task.name] = values
    report = score_tasks(truth.tasks, probabilities, truth.letters, truth.labelled)
    print(strict_json(report) if as_json else table(report))
    return report


def strict_json(report: Report) -> str:
    """JSON knows no nan: where there is no score stands null."""
    values = json.loads(json.dumps(report.to_json()), parse_constant=lambda _: None)
    return json.dumps(values, indent=1)
