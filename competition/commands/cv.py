"""Cross-validation: a recipe trained once per fold, and the out-of-fold predictions of all images scored together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from competition.cluster import refuse_cluster
from competition.commands.arguments import Folds, RecipeFields
from competition.commands.folds import Plan, prepare_folds, usual_file
from competition.commands.report import how_to_report
from competition.data.folds import read_folds
from competition.data.load import read_images, refuse_fraction
from competition.errors import InvalidInput
from competition.experiments.cross_validation import open_experiment
from competition.experiments.out_of_fold import put_together, summary
from competition.experiments.runner import refuse_unfinished, shares_of_gpus, train_all
from competition.images.cache import USUAL_ROOM
from competition.images.warp import View
from competition.provenance import how_it_was_made
from competition.run import Run, recorded


def cv(
    recipe: RecipeFields,
    data: Path | None = None,
    run: Path | None = None,
    *,
    folds: int = 5,
    folds_file: Path | None = None,
    seeds: int = 1,
    only: Folds = (),
    fraction: float = 1.0,
    jobs: int = 1,
    views: tuple[View, ...] = ("plain", "flip"),
    skip_bad_images: bool = False,
    accept_other_machine: bool = False,
    picture_cache: float = USUAL_ROOM,
) -> Run:
    """Train a recipe once per fold, and score all images together, out of fold. Every field of the recipe is a flag.

    If it is stopped, the same command continues it: only what is missing is trained. Returns the folder of the
    cross-validation, with the out-of-fold probabilities. Raises InvalidInput for folds of other images or of another
    number, for a folder that holds something else, if a training fails, and if another process is training a fold.

    Args:
        data: The data set: a folder in the recipe's layout, or the CSV file of a table. By default, data/<recipe>.
        run: Its folder, new or to be continued. By default, an unfinished one with the same settings, or the next.
        folds: The number of folds.
        folds_file: Which image is in which fold. By default, folds/<data>.csv, which is made if it is missing.
        seeds: How often all folds are trained: with the recipe's seed and those that follow it.
        only: Train only these folds, for example 2,3; another process may train others in the same folder.
        fraction: Train on this share of the images of each fold's other folds; all that are held out stay.
        jobs: The number of folds trained at the same time; the GPUs are divided among them.
        views: The views in which the held-out images are predicted.
        skip_bad_images: Continue without images that cannot be read.
        accept_other_machine: Let a half-trained part go on also with other devices, more or fewer, other threads
            (--jobs) or versions; it is then not bit for bit what it would have been.
        picture_cache: Gigabytes of decoded pictures to keep for all folds; 0 keeps none.
    """
    check(folds, seeds, only)
    refuse_fraction(fraction)
    refuse_cluster("cv")
    shares = shares_of_gpus(jobs)
    data = data or Path("data") / recipe.name
    dataset, digests, _ = read_images(recipe, data, skip_bad_images)
    chosen = folds_file or usual_file(data)
    if not folds_file and not chosen.exists():
        try:
            prepare_folds(dataset, digests, data, chosen, Plan(folds=folds), recipe=recipe)
        except InvalidInput:
            if not chosen.exists():  # else another process has made them meanwhile
                raise
    if (found := read_folds(chosen).of(dataset).count) != folds:
        raise InvalidInput(f"{chosen} holds {found} folds; give --folds {found}, or another --folds-file")
    recipe = replace(recipe, tasks=dataset.tasks)
    views = tuple(dict.fromkeys(("plain", *views)))
    made = how_it_was_made(data) | recorded(fraction)
    experiment = open_experiment(recipe, chosen, seeds, views, made, run)
    flags = ["--data", data, "--picture-cache", picture_cache, "--views", *views]
    flags += ["--fraction", fraction] if fraction != 1 else []
    flags += ["--skip-bad-images"] if skip_bad_images else []
    flags += ["--accept-other-machine"] if accept_other_machine else []
    chosen_parts = [part for part in experiment.parts if not only or part.fold in only]
    train_all([part for part in chosen_parts if not part.run.finished], [*map(str, flags)], shares)
    put_together(experiment, dataset)
    refuse_unfinished(chosen_parts)
    if experiment.missing:
        names = ", ".join(part.run.name for part in experiment.missing)
        print(f"\n{experiment.whole.folder}/ still misses {names}; the same command without --only trains them")
        return experiment.whole
    print(f"\n{summary(experiment.whole)}\n\n{experiment.whole.folder}/ holds the cross-validation")
    print(how_to_report(experiment.whole.folder))
    return experiment.whole


def check(folds: int, seeds: int, only: Sequence[int]) -> None:
    """Raises InvalidInput for numbers that a cross-validation cannot have."""
    for name, value, least in (("folds", folds, 2), ("seeds", seeds, 1)):
        if value < least:
            raise InvalidInput(f"--{name} is {value}; at least {least} is needed")
    if wrong := [fold for fold in only if not 0 <= fold < folds]:
        raise InvalidInput(f"--only names {', '.join(map(str, wrong))}; the folds are 0 to {folds - 1}")
