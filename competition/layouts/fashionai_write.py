"""Write a submission: the rows of the question file with the probabilities of their task."""

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from competition.dataset import Questions
from competition.errors import InvalidInput
from competition.files import whole_file
from competition.layouts.fashionai_check import check_submission
from competition.task import DECIMALS, Task


def write_submission(
    path: Path, questions: Questions, probabilities: Mapping[str, np.ndarray], tasks: tuple[Task, ...]
) -> Path:
    """Write `ImageName,AttrKey,p;p;…` a question to `path`, check it, and zip it beside; return the zip.

    The rows stand in the order of the questions, with names and keys as they stood there.
    `probabilities[task]` (images, classes) has a row for each image of `questions.images`.
    Raises InvalidInput, and leaves no file, where the result does not pass the check.
    """
    if path.suffix != ".csv":
        raise InvalidInput(f"{path} cannot be a submission: its name has to end in .csv, and the zip is put beside it")
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
    return zipped


def _values(questions: Questions, probabilities: Mapping[str, np.ndarray]) -> np.ndarray:
    """The third column, (rows,) strings."""
    texts = np.empty(len(questions), object)
    for task, values in probabilities.items():
        asked = questions.tasks == task
        pattern = ";".join([f"%.{DECIMALS}f"] * values.shape[1])
        texts[asked] = [pattern % tuple(row) for row in values[questions.image[asked]].astype(float).tolist()]
    return texts
