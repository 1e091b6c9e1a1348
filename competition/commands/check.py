"""Check a submission before it is uploaded."""

from pathlib import Path

from competition.commands.arguments import Questions, Submission
from competition.errors import InvalidInput
from competition.layouts.classes import read_classes
from competition.layouts.fashionai_submission import check_submission


def check(submission: Submission, questions: Questions, /, classes: Path | None = None) -> None:
    """Check the rows, order, names and values of a submission, and list every problem with its line number.

    Raises InvalidInput with all problems.

    Args:
        submission: the file to check.
        questions: the question file that it answers.
        classes: a classes.csv, which says how many values each task has.
    """
    tasks = read_classes(classes) if classes else ()
    if problems := check_submission(submission, questions, tasks):
        raise InvalidInput(f"{submission} would be refused, or scored 0:", problems)
    print(f"{submission} is complete and well formed")
