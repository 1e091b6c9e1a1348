"""A recipe trained with several values of one of its fields, over the same split: one table and one picture."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import RecipeFields
from competition.data.load import read_images
from competition.experiments.runner import shares_of_gpus, train_all
from competition.experiments.sweep import open_sweep, varied
from competition.images.cache import USUAL_ROOM
from competition.provenance import how_it_was_made
from competition.run import Run


def sweep(
    recipe: RecipeFields,
    field: str = "",
    values: tuple[str, ...] = (),
    data: Path | None = None,
    run: Path | None = None,
    *,
    jobs: int = 1,
    skip_bad_images: bool = False,
    picture_cache: float = USUAL_ROOM,
) -> Run:
    """Train a recipe with several values of one field, all over the same split; every other field is a flag.

    What was stopped goes on when the same command is given again: only what is missing is trained. Returns the folder
    of all, with sweep.csv and sweep.png. Raises InvalidInput, before anything is trained, for values that the recipe
    refuses, and where a training fails.

    Args:
        field: The field that is varied, for example learning_rate.
        values: Its values, each a word; what holds several is written with commas: --values 0,1 0.5,0.5 1,0.
        data: The data set: a folder as the recipe's layout has it, or the CSV of a table. Without it: data/<recipe>.
        run: Its folder, new or to go on with, also with other values. Without it: an unfinished one, or the next.
        jobs: How many values are trained at the same time, the GPUs shared out among them.
        skip_bad_images: Go on without images that cannot be read.
        picture_cache: Gigabytes of decoded pictures to keep for all of them; 0: none.
    """
    shares = shares_of_gpus(jobs)
    varied(recipe, field, values)  # what is wrong with them is to be said before the images are read
    data = data or Path("data") / recipe.name
    dataset, _, _ = read_images(recipe, data, skip_bad_images)
    variants = open_sweep(replace(recipe, tasks=dataset.tasks), field, values, how_it_was_made(data), run)
    flags = ["--data", str(data), "--picture-cache", str(picture_cache)]
    flags += ["--skip-bad-images"] if skip_bad_images else []
    train_all([one for one in variants if not one.run.finished], flags, shares)

    from competition.experiments.sweep_report import report_sweep  # with pandas and matplotlib

    whole = variants[0].whole
    if missing := [one.run.name for one in variants if not one.run.finished]:
        print(f"\n{whole.folder}/ still misses {', '.join(missing)}, which another process trains")
        return whole
    print(f"\n{report_sweep(variants)}\n\n{whole.folder}/ holds the sweep: sweep.png, sweep.csv, and a run a value")
    return whole
