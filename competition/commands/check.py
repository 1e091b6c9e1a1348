"""Check a submission before it is uploaded."""

from pathlib import Path

from competition.commands.arguments import Questions, Submission
from competition.errors import InvalidInput
from competition.layouts.classes import read_classes
from competition.layouts.detect import layout_of
from competition.layouts.fashionai_submission import check_submission
from competition.layouts.sample import check_against


def check(submission: Submission, questions: Questions, /, classes: Path | None = None) -> None:
    """Check the rows, order, names and values of a submission, and list every problem with its line number.

    Raises InvalidInput with all problems.

    Args:
        submission: the file to check.
        questions: the question file that it answers, or the organisers' sample of a submission.
        classes: a classes.csv, which says how many values each task of a question file has.
    """
    if layout_of(questions) == "fashionai":
        problems = check_submission(submission, questions, read_classes(classes) if classes else ())
    elif classes:
        raise InvalidInput(f"--classes is for rows of image, task and letters, but {questions} is a table")
    else:
        problems = check_against(submission, questions)
    if problems:
        raise InvalidInput(f"{submission} would be refused, or scored 0:", problems)
    print(f"{submission} is complete and well formed")
