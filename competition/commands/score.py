"""Score a submission against known answers."""

from pathlib import Path
from typing import Annotated

import tyro

from competition.commands.arguments import Submission
from competition.run import to_text
from competition.scoring.scores import Report, table
from competition.scoring.submission_file import score_file

Answers = Annotated[Path, tyro.conf.arg(metavar="ANSWERS")]
AsJson = Annotated[bool, tyro.conf.arg(name="json")]


def score(submission: Submission, answers: Answers, /, as_json: AsJson = False) -> Report:
    """Score by the official rule: AP of each task, mAP, BasicPrecision; and accuracy, with chance beside it.

    Raises InvalidInput if the submission does not answer exactly the rows of `answers`.

    Args:
        submission: a file of rows ImageName,AttrKey,p;p;…
        answers: a file of the same rows with letters y, m and n.
        as_json: print JSON instead of a table.
    """
    report = score_file(submission, answers)
    print(to_text(report.to_json()) if as_json else table(report))
    return report
