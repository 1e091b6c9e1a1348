"""Predict the questions with one run, the mean of several, or a blend, and write a checked submission."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from competition.commands.arguments import Cache, Runs
from competition.data.check_images import Inspection, inspect
from competition.dataset import Questions
from competition.errors import InvalidInput, unseen_in
from competition.files import CACHE, locked, try_out
from competition.images.warp import View
from competition.layouts.registry import asking, question_files
from competition.layouts.sample import Sample
from competition.recipe import Recipe
from competition.run import newest_finished_run
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
    threshold: float | None = None,
    probabilities: bool = False,
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> Path:
    """Predict the questions in the data of the first run, check the answers, and write them; return the file.

    Raises InvalidInput if runs differ in tasks, classes or their order, if an image cannot be read, or if the file
    would be refused; nothing is written then.

    Args:
        runs: folders of runs, of cross-validations (all their networks), or of one blend; by default, the newest run.
        questions: the question file, if the data has several or none; or the organisers' sample of a submission, whose
            shape the answers then have.
        output: the file to write; by default, submissions/<run> with the ending of the layout, such as .csv.
        views: the views in which each image is predicted, such as plain flip; a blend has its own.
        mean: average the probabilities (arithmetic) or their logarithms (geometric); a blend has its own.
        threshold: in the shape of a sample submission, write 0 and 1, and the labels from this probability on.
        probabilities: in the shape of a sample submission, write probabilities for tasks of two classes, also where
            the sample holds classes, as it does where a score by the area under the curve is asked with zeros.
        skip_bad_images: answer questions whose image cannot be read with the class frequencies of the training data.
        cache: the folder that remembers checked images.
    """
    blend = blend_of(runs or [newest_finished_run().folder], views, mean)
    first = blend.runs[0]
    recipe, data = first.read_recipe(), Path(first.read_made()["data"])
    questions = questions or questions_of(recipe, data)
    reader = asking(recipe, questions, data, blend.tasks, threshold, probabilities)
    output = output or SUBMISSIONS / f"{name_of(blend)}{reader.ENDING}"
    if output.suffix != reader.ENDING:
        raise InvalidInput(f"--output is {output}; for these data its name has to end in {reader.ENDING}")
    if unseen := unseen_in(output.name):
        raise InvalidInput(f"--output is {output}: its name holds {unseen}, which no zip can; choose another")
    line = log_line(blend, output)  # all is read before anything is written
    try_out(output)
    asked = reader.read_questions(questions, blend.tasks)
    truth = known_answers(asked, blend.tasks) if recipe.layout == "fashionai" else asked.images
    inspection = _inspect(asked, cache, skip_bad_images)
    from competition.model.answer import answer  # Keras, from here on

    given = answer(blend, asked, inspection, cache)
    with locked(output.with_name(f".{output.name}.lock")):  # so that what lies beside it is of the same answers
        written = reader.write_answers(output, asked, given, blend.tasks)
    if isinstance(reader, Sample):
        shape = f"{questions} is a sample of a submission, answered in its shape; what it holds is not scored"
        print("\n".join([shape, *reader.meanings(questions, blend.tasks)]))
    for problem in sorted(inspection.problems.values()):
        print(f"answered with the class frequencies of the training data: {problem}")
    names = " and ".join([str(written[0]), *(path.name for path in written[1:])])
    print(f"{names}: {len(asked):,} answers over {len(asked.images):,} images, checked")
    print(f"a line for the log, submissions/README.md:\n{line}")
    if truth.codes:
        known = f"the answers of {asked.file}" if truth is asked.images else truth.sources[0]
        print(f"\nscore by {known}:\n{table(score_rows(asked, submitted_rows(asked, given), truth))}")
    return output


def _inspect(asked: Questions, cache: Path, skip_bad_images: bool) -> Inspection:
    """Read every image once. Raises InvalidInput if some cannot be read and may not be skipped."""
    inspection = inspect(asked.images, cache)
    if inspection.problems and not skip_bad_images:
        raise InvalidInput(
            f"{len(inspection.problems)} of {len(asked.images)} images cannot be read; fix them, or use "
            "--skip-bad-images to answer their questions with the class frequencies of the training data:",
            sorted(inspection.problems.values()),
        )
    return inspection


def name_of(blend: Blend) -> str:
    """The name of a submission: that of its blend, or those of its runs and of the views other than the plain one."""
    if blend.folder:
        return blend.folder.name
    views = dict.fromkeys(view for _, view in blend.members)
    return "-".join(["+".join(run.name for run in blend.runs), *(view for view in views if view != "plain")])


def questions_of(recipe: Recipe, data: Path) -> Path:
    """The question file of the data that a run was trained on. Raises InvalidInput if there is none, or several."""
    found = question_files(recipe, data)
    if len(found) != 1:
        what = "several question files" if found else "no questions"
        raise InvalidInput(f"{data} holds {what}; name one with --questions:", [str(path) for path in found])
    return found[0]


def log_line(blend: Blend, output: Path) -> str:
    """A row of the log: date, command, commit, recipe, local score; the public score and the lesson are left empty.

    For a blend it also names the folder, and gives its score beside those of its runs.
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
    """mAP, with its interval if it has one, and accuracy; "none" if no image was held out."""
    best = scores.get("best")
    if not best or best["map"] is None:
        return "none"
    low, high = scores.get("interval", {}).get("map") or (None, None)
    between = "" if low is None or high is None else f" (95 % {low:.4f} to {high:.4f})"
    return f"mAP {best['map']:.4f}{between} accuracy {best['accuracy']:.4f}"
