"""Predict the questions with one run or the mean of several, and write a checked submission."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from competition.commands.arguments import Cache, Runs
from competition.data.check_images import inspect
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.images.warp import View
from competition.layouts.registry import LAYOUTS
from competition.run import Run, newest_finished_run
from competition.scoring.blend import Blend, Mean, blend_of
from competition.scoring.scores import table
from competition.scoring.submission_file import known_answers, score_rows, submitted_rows

SUBMISSIONS = Path("submissions")


def submit(
    runs: Runs = (),
    *,
    questions: Path | None = None,
    output: Path | None = None,
    views: tuple[View, ...] = ("plain",),
    mean: Mean = "arithmetic",
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> Path:
    """Predict the questions of the data the first run was trained on, check, write the answers; return their file.

    Raises InvalidInput where runs differ in tasks, classes or their order, where an image cannot be read, or where
    the file would be refused; nothing is written then.

    Args:
        runs: folders of runs and of cross-validations (all their networks), or of one blend; else the newest run.
        questions: a question file, where the data has several or none.
        output: the file to write; without it submissions/<run>.csv, or the ending of the layout.
        views: how every image is looked at, for example plain flip; a blend has its own.
        mean: of views, folds, seeds and runs; a blend has its own.
        skip_bad_images: answer rows whose image cannot be read with the shares of the classes in training.
        cache: where checked images are remembered.
    """
    blend = blend_of(runs or [newest_finished_run().folder], views, mean)
    first = blend.runs[0]
    layout = first.read_recipe().layout
    questions = questions or questions_of(first, layout)
    reader = LAYOUTS[layout]
    output = output or SUBMISSIONS / f"{name_of(blend)}{reader.ENDING}"
    if output.suffix != reader.ENDING:
        raise InvalidInput(f"--output is {output}; the name of a file of answers ends in {reader.ENDING} here")
    line = log_line(blend, output)  # all is read before anything is written
    asked = reader.read_questions(questions, blend.tasks)
    truth = known_answers(asked, blend.tasks) if layout == "fashionai" else asked.images
    inspection = inspect(asked.images, cache)
    bad = sorted(inspection.problems.values())
    if bad and not skip_bad_images:
        raise InvalidInput(
            f"{len(bad)} of {len(asked.images)} images cannot be read; mend them, or answer their rows with the shares "
            "of the classes in training by --skip-bad-images:",
            bad,
        )
    from competition.model.answer import answer  # Keras, from here on

    probabilities = answer(blend, asked, inspection, cache)
    written = reader.write_answers(output, asked, probabilities, blend.tasks)
    for problem in bad:
        print(f"answered with the shares in training: {problem}")
    names = " and ".join([str(written[0]), *(path.name for path in written[1:])])
    print(f"{names}: {len(asked):,} answers over {len(asked.images):,} images, checked")
    print(f"for the log, submissions/README.md:\n{line}")
    if truth.codes:
        known = f"the answers of {asked.file}" if truth is asked.images else truth.sources[0]
        print(f"\nscore by {known}:\n{table(score_rows(asked, submitted_rows(asked, probabilities), truth))}")
    return output


def name_of(blend: Blend) -> str:
    """What a submission is called: after its blend, or its runs and the views other than the plain one."""
    if blend.folder:
        return blend.folder.name
    views = dict.fromkeys(view for _, view in blend.members)
    return "-".join(["+".join(run.name for run in blend.runs), *(view for view in views if view != "plain")])


def questions_of(run: Run, layout: str) -> Path:
    """The question file of the data that a run was trained on. Raises InvalidInput where there is not one."""
    data = Path(run.read_made()["data"])
    found = LAYOUTS[layout].question_files(data)
    if len(found) != 1:
        what = "several question files" if found else "no questions"
        raise InvalidInput(f"{data} holds {what}; name one with --questions:", [str(path) for path in found])
    return found[0]


def log_line(blend: Blend, output: Path) -> str:
    """A row of the log: date, command, commit, recipe, local score; the public score and the lesson are to be added.

    Of a blend it names the folder too, and its score beside those of its runs.
    """
    made = [run.read_made() for run in blend.runs]
    commands = "; ".join(f"`{one['command']}`" for one in made)
    local = ", ".join(local_score(run.read_scores()) for run in blend.runs)
    if blend.folder:
        commands = f"blend {blend.folder} of {commands}"
        local = f"{local_score(blend.scores)} on images its weights were not found on; alone {local}"
    views = list(dict.fromkeys(view for _, view in blend.members))
    if views != ["plain"]:
        commands += f"; {', '.join(views)}"
    if blend.mean != "arithmetic":
        commands += f"; {blend.mean}"
    commits = ", ".join(dict.fromkeys(str(one["commit"]) for one in made))
    recipes = ", ".join(sorted({run.read_recipe().name for run in blend.runs}))
    return f"| {date.today()} | {commands} | {commits} | {recipes} | {local} | | {output.name}: |"


def local_score(scores: Mapping) -> str:
    """mAP with its interval, where it has one, and accuracy; none where nothing was held out."""
    best = scores.get("best")
    if not best or best["map"] is None:
        return "none"
    low, high = scores.get("interval", {}).get("map") or (None, None)
    between = "" if low is None or high is None else f" (95 % {low:.4f} to {high:.4f})"
    return f"mAP {best['map']:.4f}{between} accuracy {best['accuracy']:.4f}"
