"""Predict the questions with one run or the mean of several, and write a checked submission."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.data.check_images import Inspection, inspect
from competition.dataset import Questions
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.images.cache import GIGABYTE, USUAL_ROOM, PictureCache, Pictures
from competition.images.warp import View
from competition.layouts.registry import LAYOUTS
from competition.quiet import quiet_start
from competition.run import Run, newest_finished_run
from competition.scoring.blend import BLEND, Blend, Mean, read_blend
from competition.scoring.fashionai import as_submitted
from competition.scoring.scores import score, table
from competition.scoring.submission_file import score_file
from competition.task import Task

SUBMISSIONS = Path("submissions")
Runs = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN"), tyro.conf.Positional]


def submit(
    runs: Runs = (),
    *,
    questions: Path | None = None,
    output: Path | None = None,
    views: tuple[View, ...] = ("plain",),
    mean: Mean = "arithmetic",
    skip_bad_images: bool = False,
    cache: Annotated[Path, tyro.conf.Suppress] = CACHE,
) -> Path:
    """Predict the questions of the data the first run was trained on, check, write a CSV and its zip; return the CSV.

    Raises InvalidInput where runs differ in tasks, classes or their order, where an image cannot be read, or where
    the file would be refused; nothing is written then.

    Args:
        runs: folders of runs and of cross-validations (all their networks), or of one blend; else the newest run.
        questions: a question file, where the data has several or none.
        output: the CSV to write; without it submissions/<run>.csv.
        views: how every image is looked at, for example plain flip; a blend has its own.
        mean: of views, folds, seeds and runs; a blend has its own.
        skip_bad_images: answer rows whose image cannot be read with the shares of the classes in training.
        cache: where checked images are remembered.
    """
    blend = blend_of(runs or [newest_finished_run().folder], views, mean)
    first = Run(blend.members[0][0])
    layout = first.read_recipe().layout
    questions = questions or questions_of(first, layout)
    asked = LAYOUTS[layout].read_questions(questions, blend.tasks)
    inspection = inspect(asked.images, cache)
    bad = sorted(inspection.problems.values())
    if bad and not skip_bad_images:
        raise InvalidInput(
            f"{len(bad)} of {len(asked.images)} images cannot be read; mend them, or answer their rows with the shares "
            "of the classes in training by --skip-bad-images:",
            bad,
        )
    probabilities = answer(blend, asked, inspection, cache)
    reader = LAYOUTS[layout]
    output = output or SUBMISSIONS / f"{name_of(runs, blend)}{reader.ENDING}"
    written = reader.write_answers(output, asked, probabilities, blend.tasks)
    for problem in bad:
        print(f"answered with the shares in training: {problem}")
    names = " and ".join([str(written[0]), *(path.name for path in written[1:])])
    print(f"{names}: {len(asked):,} answers over {len(asked.images):,} images, checked")
    print(f"for the log, submissions/README.md:\n{log_line(runs, blend, output)}")
    show_score(output, asked, probabilities, blend.tasks, layout)
    return output


def blend_of(folders: Sequence[Path], views: Sequence[View], mean: Mean) -> Blend:
    """The blend in a folder, or the plain mean of some runs in some views.

    Raises InvalidInput where a run has not finished, or runs do not have the same tasks and classes in the same order.
    """
    if blends := [folder for folder in folders if (folder / BLEND).is_file()]:
        if len(folders) > 1:
            raise InvalidInput(f"{blends[0]} is a blend, which goes alone; `competition blend` takes all runs of one")
        if tuple(views) != ("plain",) or mean != "arithmetic":
            raise InvalidInput(
                f"{folders[0]} is a blend with views and a mean of its own; leave out --views and --mean"
            )
        blend = read_blend(folders[0])
    else:
        blend = Blend.plain([(folder, view) for folder in folders for view in dict.fromkeys(views)], mean)
    runs = runs_of(blend)
    if unfinished := [str(run.folder) for run in runs if not run.finished]:
        raise InvalidInput("runs that did not finish, or no runs at all; train them to the end first:", unfinished)
    agree(runs)
    if blend.tasks and blend.tasks != runs[0].read_recipe().tasks:
        raise InvalidInput(f"{folders[0]} blends other tasks or classes than {runs[0].folder} has; make it again")
    return blend if blend.tasks else Blend.plain(blend.members, mean, runs[0].read_recipe().tasks)


def runs_of(blend: Blend) -> list[Run]:
    """Those of a blend's members, each once."""
    return [Run(folder) for folder in dict.fromkeys(folder for folder, _ in blend.members)]


def name_of(folders: Sequence[Path], blend: Blend) -> str:
    """What a submission is called: after its runs, and after views other than the plain one."""
    names = [folder.name for folder in folders] or [run.name for run in runs_of(blend)]
    views = dict.fromkeys(view for _, view in blend.members)
    added = [] if any((folder / BLEND).is_file() for folder in folders) else [view for view in views if view != "plain"]
    return "-".join(["+".join(names), *added])


def questions_of(run: Run, layout: str) -> Path:
    """The question file of the data that a run was trained on. Raises InvalidInput where there is not one."""
    data = Path(run.read_made()["data"])
    found = LAYOUTS[layout].question_files(data)
    if len(found) != 1:
        what = "several question files" if found else "no questions"
        raise InvalidInput(f"{data} holds {what}; name one with --questions:", [str(path) for path in found])
    return found[0]


def agree(runs: Sequence[Run]) -> None:
    """Raises InvalidInput where runs do not have the same tasks and classes in the same order."""
    tasks = runs[0].read_recipe().tasks
    for run in runs[1:]:
        if (others := run.read_recipe().tasks) != tasks:
            raise InvalidInput(
                f"{run.folder} and {runs[0].folder} cannot be averaged: tasks, classes or their order differ:",
                [f"{runs[0].name}: {tasks}", f"{run.name}: {others}"],
            )


def answer(blend: Blend, asked: Questions, inspection: Inspection, cache: Path) -> dict[str, np.ndarray]:
    """The probabilities (images, classes) that a blend gives; where an image is not good, the priors of training."""
    views: dict[Path, list[View]] = {}
    for folder, view in blend.members:
        views.setdefault(folder, []).append(view)
    given = {folder: answer_of(Run(folder), asked, inspection, views[folder], blend, cache) for folder in views}
    return blend.apply([given[folder][view] for folder, view in blend.members])


def answer_of(
    run: Run, asked: Questions, inspection: Inspection, views: Sequence[View], blend: Blend, cache: Path
) -> dict[View, dict[str, np.ndarray]]:
    """In each view, the mean of what the networks behind a run give: one, or all of a cross-validation."""
    with quiet_start():
        from competition.model.devices import memory_explained
        from competition.model.predict import predict_views
        from competition.model.restore import restore

    good, parts, answers = inspection.good, run.trainings, []
    digests = [digest for digest in inspection.digests if digest is not None]
    for part in parts:
        recipe, prior = part.read_recipe(), part.read_json("prior.json")
        values = {view: {n: np.tile(shares, (len(good), 1)) for n, shares in prior.items()} for view in views}
        if good.any():
            kept = PictureCache(cache / "pictures", recipe, int(USUAL_ROOM * GIGABYTE)) if len(parts) > 1 else None
            pictures = Pictures(asked.images.take(good), recipe, digests, kept)
            with memory_explained(recipe.batch_size):
                given = predict_views(restore(part), pictures, views, progress=part.name)
            for view, tasks in given.items():
                for name, probabilities in tasks.items():
                    values[view][name][good] = probabilities
        answers.append(values)
    several = Blend.plain([(part.folder, "plain") for part in parts], blend.mean, blend.tasks)
    return {view: several.apply([one[view] for one in answers]) for view in views}


def log_line(folders: Sequence[Path], blend: Blend, output: Path) -> str:
    """A row of the log: date, command, commit, recipe, local score; the public score and the lesson are to be added.

    Of a blend it names the folder too, and its score beside those of its runs.
    """
    runs = runs_of(blend)
    made = [run.read_made() for run in runs]
    commands = "; ".join(f"`{one['command']}`" for one in made)
    local = ", ".join(local_score(run.read_json("scores.json")) for run in runs)
    blends = [Run(folder) for folder in folders if (folder / BLEND).is_file()]
    for found in blends:
        commands = f"blend {found.folder} of {commands}"
        score = local_score(found.read_json(BLEND)["scores"])
        local = f"{score} on images its weights were not found on; alone {local}"
    views = dict.fromkeys(view for _, view in blend.members)
    added = [", ".join(views) if list(views) != ["plain"] else "", blend.mean if blend.mean != "arithmetic" else ""]
    commands = "; ".join([commands, *filter(None, added)])
    commits = ", ".join(dict.fromkeys(str(one["commit"]) for one in made))
    recipes = ", ".join(sorted({run.read_recipe().name for run in runs}))
    return f"| {date.today()} | {commands} | {commits} | {recipes} | {local} | | {output.name}: |"


def local_score(scores: Mapping) -> str:
    """mAP with its interval, where it has one, and accuracy; none where nothing was held out."""
    best = scores.get("best")
    if not best or best["map"] is None:
        return "none"
    low, high = scores.get("interval", {}).get("map") or (None, None)
    between = "" if low is None or high is None else f" (95 % {low:.4f} to {high:.4f})"
    return f"mAP {best['map']:.4f}{between} accuracy {best['accuracy']:.4f}"


def show_score(
    output: Path, asked: Questions, probabilities: Mapping[str, np.ndarray], tasks: tuple[Task, ...], layout: str
) -> None:
    """Where the answers are known, as with drawn data, the score of the submission."""
    answers = asked.file.with_name("answers.csv")
    if asked.images.codes:
        report = score(
            tasks,
            {name: as_submitted(values) for name, values in probabilities.items()},
            asked.images.codes,
            asked.images.labelled,
        )
        print(f"\nscore by the answers of {asked.file}:\n{table(report)}")
    elif layout == "fashionai" and answers.is_file():
        print(f"\nscore by {answers}:\n{table(score_file(output, answers, tasks))}")
