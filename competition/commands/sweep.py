"""A recipe trained with several values of one field, on the same split: one table and one picture."""

from dataclasses import replace
from pathlib import Path

from competition.cluster import refuse_cluster
from competition.commands.arguments import RecipeFields
from competition.data.load import read_images, refuse_fraction
from competition.experiments.runner import refuse_unfinished, shares_of_gpus, train_all
from competition.experiments.sweep import open_sweep, varied
from competition.images.cache import USUAL_ROOM
from competition.provenance import how_it_was_made
from competition.run import Run, recorded


def sweep(
    recipe: RecipeFields,
    field: str = "",
    values: tuple[str, ...] = (),
    data: Path | None = None,
    run: Path | None = None,
    *,
    fraction: float = 1.0,
    jobs: int = 1,
    skip_bad_images: bool = False,
    accept_other_machine: bool = False,
    picture_cache: float = USUAL_ROOM,
) -> Run:
    """Train a recipe with several values of one field, all on the same split; every other field is a flag.

    If it is stopped, the same command continues it: only what is missing is trained. Returns the folder of the sweep,
    with sweep.csv and sweep.png. Raises InvalidInput for values that the recipe refuses, before anything is trained,
    if a training fails, and if another process is training a value.

    Args:
        field: The field that is varied, for example learning_rate.
        values: Its values, separated by spaces; a value of several parts has commas: --values 0,1 0.5,0.5 1,0.
        data: The data set: a folder in the recipe's layout, or the CSV file of a table. By default, data/<recipe>.
        run: Its folder, new, or to be continued, perhaps with more values. By default, an unfinished one, or the next.
        fraction: Train on this share of the images to train on, the same for each value; all that are held out stay.
        jobs: The number of values trained at the same time; the GPUs are divided among them.
        skip_bad_images: Continue without images that cannot be read.
        accept_other_machine: Let a half-trained part go on also with other devices, more or fewer, other threads
            (--jobs) or versions; it is then not bit for bit what it would have been.
        picture_cache: Gigabytes of decoded pictures to keep for all trainings; 0 keeps none.
    """
    refuse_cluster("sweep")
    shares = shares_of_gpus(jobs)
    refuse_fraction(fraction)
    varied(recipe, field, values)  # refuses bad values before the images are read
    data = data or Path("data") / recipe.name
    dataset, _, _ = read_images(recipe, data, skip_bad_images)
    made = how_it_was_made(data) | recorded(fraction)
    variants = open_sweep(replace(recipe, tasks=dataset.tasks), field, values, made, run)
    flags = ["--data", str(data), "--picture-cache", str(picture_cache)]
    flags += ["--fraction", str(fraction)] if fraction != 1 else []
    flags += ["--skip-bad-images"] if skip_bad_images else []
    flags += ["--accept-other-machine"] if accept_other_machine else []
    train_all([one for one in variants if not one.run.finished], flags, shares)

    refuse_unfinished(variants)

    from competition.experiments.sweep_report import report_sweep  # with pandas and matplotlib

    whole = variants[0].whole
    print(f"\n{report_sweep(variants)}\n\n{whole.folder}/ holds the sweep: sweep.png, sweep.csv, and a run per value")
    return whole
