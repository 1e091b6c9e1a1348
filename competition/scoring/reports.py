"""The reports of a run beside its scores: how far its answers can be trusted, and where they are wrong."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from competition.errors import InvalidInput
from competition.images.contact_sheet import BLUE, RED, Tile, sheet, write_sheet
from competition.layouts.answers import for_spreadsheets
from competition.run import Run, to_text
from competition.scoring import plots
from competition.scoring.calibration import calibrate
from competition.scoring.labels import score_labels
from competition.scoring.mistakes import confused, confusion, mistakes, samples
from competition.scoring.predictions import Predictions, read_predictions
from competition.scoring.promise import Promise, promise_in
from competition.task import Task

SHOWN, COLUMNS = 48, 8  # mistakes on their sheet, and columns of both sheets
COVERAGE = "coverage.png"
RANDOM = 24  # images on the sheet of samples
Report = str | Figure | np.ndarray  # a text, a plot, or a picture (height, width, 3) uint8


class Subject:
    """The predictions that reports are about, and results that several reports need, computed on first use."""

    def __init__(
        self,
        predictions: Predictions,
        find_images: Callable[[], Mapping[str, Path]],
        find_promise: Callable[[], Promise | None] = lambda: None,
    ):
        self.predictions = predictions
        self.promise = cache(find_promise)
        self.path_of = cache(find_images)
        self.calibrations = cache(partial(calibrate, predictions))
        self.mistakes = cache(partial(mistakes, predictions))


def draw_mistakes(subject: Subject) -> np.ndarray:
    """A sheet of the most confident mistakes with label and answer: these labels may be wrong."""
    wrong, tiles = subject.mistakes(), []
    for one in wrong.head(SHOWN).itertuples():
        lines = one.task, f"answer {one.answer} {one.probability:.2f}", f"label {one.truth}", Path(one.image).name
        tiles.append(Tile(subject.path_of()[one.image], lines, RED))
    title = [f"the {len(tiles)} most confident of {len(wrong):,} mistakes: is the answer wrong, or the label?"]
    return sheet(tiles, COLUMNS, title)


def draw_samples(subject: Subject) -> np.ndarray:
    """A sheet of random images, each with the truth and the answer of every task that it has a label of."""
    shown = samples(subject.predictions, RANDOM)
    tiles = [Tile(subject.path_of()[one.image], one.lines, BLUE if one.right else RED) for one in shown]
    title = [f"{len(shown)} random held-out images: truth → answer; red frame: an answer is wrong"]
    return sheet(tiles, COLUMNS, title)


def _calibration(subject: Subject) -> str:
    """{task: the fields of its Calibration}."""
    values = {
        one.task.name: {
            "rows": one.rows,
            "temperature": one.temperature,
            "calibration_error": {"before": one.before.error, "after": one.after.error},
            "ap": {"before": one.ap_before, "after": one.ap_after},
        }
        for one in subject.calibrations()
    }
    return to_text(values) + "\n"


def _csv(table: pd.DataFrame) -> str:
    return for_spreadsheets(table).to_csv(index=False, float_format="%.6g")


REPORTS: Mapping[str, Callable[[Subject], Report]] = {
    "calibration.json": _calibration,
    "reliability.png": lambda subject: plots.reliability(subject.calibrations()),
    COVERAGE: lambda subject: plots.coverage(subject.predictions, subject.promise()),
    "confused.csv": lambda subject: _csv(confused(subject.predictions)),
    "mistakes.csv": lambda subject: _csv(subject.mistakes()),
    "mistakes.png": draw_mistakes,
    "samples.png": draw_samples,
    "labels.csv": lambda subject: _csv(score_labels(subject.predictions)),  # of multi-label tasks
}


def report_files(run: Run, tasks: Sequence[Task]) -> dict[str, Path]:
    """{name: file} of the REPORTS on predictions of these tasks."""
    several = any(task.kind == "multilabel" for task in tasks)
    return {name: run.folder / name for name in REPORTS if several or name != "labels.csv"}


def write_reports(run: Run, predictions: Predictions, find_images: Callable[[], Mapping[str, Path]]) -> None:
    """Write those of REPORTS that a run lacks; `find_images` returns the path of each image."""
    subject = Subject(predictions, find_images, partial(promise_in, run.folder))
    for name in report_files(run, predictions.tasks):
        write_report(run, name, partial(REPORTS[name], subject))


def mark_promise(run: Run) -> None:
    """Draw coverage.png, where a run has one, again: with the promise that was made meanwhile."""
    if (run.folder / COVERAGE).is_file():
        with warned(run, COVERAGE, "promise"):
            plots.save(plots.coverage(read_predictions(run), promise_in(run.folder)), run, COVERAGE)


def write_confusion(run: Run, predictions: Predictions) -> None:
    """Write confusion/<task>.csv and .png of each multiclass task, unless they exist; labels.csv has the others."""
    for task, _, *given in predictions.labelled_tasks():
        if task.kind == "multiclass":
            counts, name = confusion(task, *given), f"confusion/{task.ascii_name}"
            write_report(run, f"{name}.csv", partial(for_spreadsheets(counts).to_csv, index_label="truth"))
            write_report(run, f"{name}.png", partial(plots.confusion_matrix, task, counts.to_numpy()))


def write_report(run: Run, name: str, make: Callable[[], Report]) -> None:
    """Write what `make` returns into the file `name` of a run, unless it exists; a failure is a warning."""
    if (run.folder / name).exists():
        return
    with warned(run, name):
        report = make()
        if isinstance(report, str):
            run.write_text(name, report)
        elif isinstance(report, Figure):
            plots.save(report, run, name)
        else:
            write_sheet(run.folder / name, report)


@contextmanager
def warned(run: Run, name: str, command: str = "report") -> Iterator[None]:
    """Turn a failure to make a report into a warning with its cause, because the run has finished without it.

    The warning names the command that makes the report again.
    """
    try:
        yield
    except Exception as error:
        cause = str(error) if isinstance(error, InvalidInput) else f"{type(error).__name__}: {error}"
        warnings.warn(
            f"{run.folder / name} could not be made ({cause}); all else is kept, and "
            f"`competition {command} {run.folder}` tries again",
            stacklevel=4,
        )
