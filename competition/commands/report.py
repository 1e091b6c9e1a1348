"""Explain a finished run on one page, and make the pictures and tables that it lacks."""

import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import tyro

from competition.errors import InvalidInput
from competition.files import try_out
from competition.layouts.registry import reader_of
from competition.run import BLEND, CROSS_VALIDATION, FOLD, LOCK, RECIPE, REPORT, Run
from competition.scoring.predictions import HELD_OUT, Predictions, read_predictions


def report(run: Annotated[Path, tyro.conf.arg(metavar="RUN")], /, *, output: Path | None = None) -> Path:
    """Explain a finished run, cross-validation or blend on one page, and make the pictures and tables that it lacks.

    The page needs no network and no other file. Returns where it is. Raises InvalidInput for a run that has not
    finished, where Jinja2 is not installed, and, once the page is written, if something still cannot be made.

    Args:
        run: the folder of a run, a cross-validation or a blend.
        output: the page to write; by default, report.html in that folder.
    """
    page = output or run / REPORT
    lacking = [] if (run / BLEND).is_file() else make_what_it_lacks(run)
    try:
        write_report_page(run, page)
    except InvalidInput as error:
        if not lacking:
            raise
        lacking = [*lacking, f"{page}: {error}"]
    if lacking:
        raise InvalidInput(
            f"{run} still lacks files that could not be made; fix what the warnings say, and try again:",
            map(str, lacking),
        )
    return page


def write_report_page(run: Path, page: Path) -> None:
    from competition.pages.render import write_page
    from competition.pages.report import make_report  # with all that it shows, which takes a while to import

    try_out(page)
    write_page(page, make_report(run))
    print(f"wrote {page}")


def how_to_report(run: Path) -> str:
    """The line with which commands that finish a run name this one."""
    return f"a page that explains it: competition report {shlex.quote(str(run))}"


def make_what_it_lacks(run: Path) -> list[Path]:
    """Make the pictures and tables that a finished run lacks; returns those that could not be made."""
    folder = Run(run)
    if not folder.file(RECIPE).is_file():
        raise InvalidInput(f"{run} holds no {RECIPE}; name the folder of a run, a cross-validation or a blend")
    if not folder.finished:
        raise InvalidInput(f"{run} has not finished; train it to the end first (`competition list` shows it)")
    shutil.rmtree(folder.checkpoints, ignore_errors=True)  # of a training that was killed once it had its scores
    (run / LOCK).unlink(missing_ok=True)
    before = set(run.rglob("*"))
    runs = dict.fromkeys([folder, *folder.trainings])
    for one in runs:
        predictions = read_predictions(one) if one.file(HELD_OUT).exists() else None
        write_all(one, predictions, lambda predictions=predictions: images_of(folder, predictions))
    made = sorted(str(path) for path in set(run.rglob("*")) - before if path.is_file())
    print("\n".join(made) or f"{run}/ lacks nothing that can be made")
    return [path for one in runs for path in _lacking(one)]


def _lacking(run: Run) -> list[Path]:
    """The curves, and the reports on predictions, that a run should have, but lacks."""
    from competition.scoring.reports import report_files

    made = run.read_made()
    wanted = [] if CROSS_VALIDATION in made else [run.folder / "curves.png"]
    if run.file(HELD_OUT).is_file() and FOLD not in made:
        wanted += report_files(run, run.read_recipe().tasks).values()
    return [path for path in wanted if not path.exists()]


def write_all(run: Run, predictions: Predictions | None, find_images: Callable[[], Mapping[str, Path]]) -> None:
    """Write what a finished run lacks. A single fold gets no reports: its cross-validation has them for all folds."""
    from competition.scoring.reports import write_confusion, write_report, write_reports
    from competition.training.plots import curves

    made = run.read_made()
    if CROSS_VALIDATION not in made:
        write_report(run, "curves.png", lambda: curves(run))
        if predictions:
            write_confusion(run, predictions)
    if predictions and FOLD not in made:
        write_reports(run, predictions, find_images)


def images_of(run: Run, predictions: Predictions) -> dict[str, Path]:
    """The path of each image, in the data set that a run was trained on. Raises InvalidInput if images are missing."""
    recipe, data = run.read_recipe(), Path(run.read_made()["data"])
    paths = reader_of(recipe).read_labels(data, recipe.tasks).path_of
    if lost := sorted(set(predictions.images.tolist()) - paths.keys()):
        raise InvalidInput(f"{data} lacks {len(lost):,} of the images that {run.folder} predicted:", lost)
    return paths
