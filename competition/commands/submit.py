"""Predict the questions with one run or the mean of several, and write a checked submission."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.data.files import find_classes, find_question_file
from competition.data.inspect import CACHE, inspect
from competition.data.labels import Questions, read_questions
from competition.data.pictures import Pictures
from competition.data.rows import read_classes
from competition.errors import InvalidInput
from competition.quiet import quiet_start
from competition.recipe import Recipe
from competition.run import Run, newest_finished_run
from competition.scoring.report import table
from competition.submission.score import score_file
from competition.submission.write import write_submission
from competition.task import Task

SUBMISSIONS = Path("submissions")
Runs = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN"), tyro.conf.Positional]


def submit(
    runs: Runs = (),
    *,
    questions: Path | None = None,
    output: Path | None = None,
    flip: bool = False,
    skip_bad_images: bool = False,
    cache: Annotated[Path, tyro.conf.Suppress] = CACHE,
) -> Path:
    """Predict the questions of the data the first run was trained on, check, write a CSV and its zip; return the CSV.

    Raises InvalidInput where runs differ in tasks, classes or their order, where an image cannot be read, or where
    the file would be refused; nothing is written then.

    Args:
        runs: run folders, whose probabilities are averaged; without any, the newest finished run.
        questions: a question file, where the data has several or none.
        output: the CSV to write; without it submissions/<run>.csv, or <run>-flip.csv.
        flip: predict every image and its mirror image, and take the mean.
        skip_bad_images: answer rows whose image cannot be read with the shares of the classes in training.
        cache: where checked images are remembered.
    """
    chosen = [Run(path) for path in runs] or [newest_finished_run()]
    if unfinished := [str(run.folder) for run in chosen if not run.finished]:
        raise InvalidInput("runs that did not finish, or no runs at all; train them to the end first:", unfinished)
    recipes = [run.read_recipe() for run in chosen]
    agree(chosen, recipes)
    questions = questions or questions_of(chosen[0])
    check_classes(questions, recipes[0], chosen[0])
    asked = read_questions(questions, recipes[0].tasks)
    inspection = inspect(asked.images, cache)
    bad = sorted(inspection.problems.values())
    if bad and not skip_bad_images:
        raise InvalidInput(
            f"{len(bad)} of {len(asked.images)} images cannot be read; mend them, or answer their rows with the shares "
            "of the classes in training by --skip-bad-images:",
            bad,
        )
    probabilities = answer(chosen, recipes, asked, inspection.good, flip)
    output = output or SUBMISSIONS / f"{'+'.join(run.name for run in chosen)}{'-flip' if flip else ''}.csv"
    zipped = write_submission(output, asked, probabilities, recipes[0].tasks)
    for problem in bad:
        print(f"answered with the shares in training: {problem}")
    print(f"{output} and {zipped.name}: {len(asked):,} rows over {len(asked.images):,} images, checked")
    print(f"for the log, submissions/README.md:\n{log_line(chosen, output, flip)}")
    show_score(output, questions, recipes[0].tasks)
    return output


def questions_of(run: Run) -> Path:
    """The question file of the data that a run was trained on. Raises InvalidInput where it is not there any more."""
    try:
        return find_question_file(Path(run.read_made()["data"]))
    except InvalidInput as error:
        raise InvalidInput(f"{error}\nName the questions with --questions FILE") from None


def agree(runs: Sequence[Run], recipes: Sequence[Recipe]) -> None:
    """Raises InvalidInput where runs do not have the same tasks and classes in the same order."""
    for run, recipe in zip(runs[1:], recipes[1:], strict=True):
        if recipe.tasks != recipes[0].tasks:
            raise InvalidInput(
                f"{run.folder} and {runs[0].folder} cannot be averaged: tasks, classes or their order differ:",
                [f"{runs[0].name}: {recipes[0].tasks}", f"{run.name}: {recipe.tasks}"],
            )


def check_classes(questions: Path, recipe: Recipe, run: Run) -> None:
    """Raises InvalidInput where a classes.csv beside the questions names other classes than the run learned."""
    listed = find_classes(questions.parent.parent) or find_classes(questions.parent.parent.parent)
    if not listed:
        return
    learned = {task.name: task for task in recipe.tasks}
    problems = [
        f"{task.name}: {', '.join(task.classes)}; the run has {', '.join(learned[task.name].classes)}"
        for task in read_classes(listed)
        if task.name in learned and task.classes != learned[task.name].classes
    ]
    if problems:
        raise InvalidInput(f"{listed} names other classes than {run.folder} was trained on:", problems)


def answer(
    runs: Sequence[Run], recipes: Sequence[Recipe], asked: Questions, good: np.ndarray, flip: bool
) -> dict[str, np.ndarray]:
    """The mean probabilities (images, classes) of the runs; where an image is not good, the mean of their priors."""
    with quiet_start():
        from competition.model.devices import memory_explained
        from competition.model.predict import mean_probabilities, predict
        from competition.training.restore import restore

    answers = []
    for run, recipe in zip(runs, recipes, strict=True):
        prior = run.read_json("prior.json")
        values = {task.name: np.tile(prior[task.name], (len(good), 1)) for task in recipe.tasks}
        if good.any():
            network = restore(run)
            with memory_explained(recipe.batch_size):
                given = predict(network, Pictures(asked.images.take(good), recipe), progress=run.name, flip=flip)
            for name, probabilities in given.items():
                values[name][good] = probabilities
        answers.append(values)
    return mean_probabilities(answers)


def log_line(runs: Sequence[Run], output: Path, flip: bool) -> str:
    """A row of the log: date, command, commit, recipe, local score; the public score and the lesson are to be added."""
    bests = [run.read_json("scores.json")["best"] for run in runs]
    local = ", ".join(f"mAP {best['map']:.4f} accuracy {best['accuracy']:.4f}" if best else "none" for best in bests)
    commands = "; ".join(f"`{run.read_made()['command']}`" for run in runs) + (", submit --flip" if flip else "")
    recipes = ", ".join(sorted({run.read_recipe().name for run in runs}))
    return f"| {date.today()} | {commands} | {runs[0].read_made()['commit']} | {recipes} | {local} | | {output.name}: |"


def show_score(output: Path, questions: Path, tasks: tuple[Task, ...]) -> None:
    """Where the answers are known, as with drawn data, the score beside the submission."""
    answers = questions.with_name("answers.csv")
    if answers.is_file():
        print(f"\nscore by {answers}:\n{table(score_file(output, answers, tasks))}")
