"""Cross-validation: a recipe trained once a fold, and the answers for all images scored together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Folds, RecipeFields
from competition.commands.folds import Plan, prepare_folds, usual_file
from competition.data.folds import read_folds
from competition.data.load import read_images
from competition.errors import InvalidInput
from competition.experiments.cross_validation import open_experiment
from competition.experiments.out_of_fold import put_together, summary
from competition.experiments.runner import shares_of_gpus, train_all
from competition.images.cache import USUAL_ROOM
from competition.images.warp import View
from competition.provenance import how_it_was_made
from competition.run import Run


def cv(
    recipe: RecipeFields,
    data: Path | None = None,
    run: Path | None = None,
    *,
    folds: int = 5,
    folds_file: Path | None = None,
    seeds: int = 1,
    only: Folds = (),
    jobs: int = 1,
    views: tuple[View, ...] = ("plain", "flip"),
    skip_bad_images: bool = False,
    picture_cache: float = USUAL_ROOM,
) -> Run:
    """Train a recipe once a fold, and score the answers for all images together. Every field of the recipe is a flag.

    What was stopped goes on when the same command is given again: only what is missing is trained. Returns the folder
    of all, with the out-of-fold probabilities. Raises InvalidInput for folds of other images or of another number, for
    a folder that holds another experiment, and where a training fails.

    Args:
        data: The data set: a folder as the recipe's layout has it, or the CSV of a table. Without it: data/<recipe>.
        run: Its folder, new or to go on with. Without it: an unfinished one of the same, or the next.
        folds: How many folds there are.
        folds_file: Which image is in which fold. Without it: folds/<data>.csv, which is made where it is missing.
        seeds: How often all folds are trained: with the recipe's seed and those that follow it.
        only: Train these folds alone, for example 2,3; others may be trained meanwhile, in the same folder.
        jobs: How many folds are trained at the same time, the GPUs shared out among them.
        views: How images are looked at when they are predicted.
        skip_bad_images: Go on without images that cannot be read.
        picture_cache: Gigabytes of decoded pictures to keep for all folds; 0: none.
    """
    check(folds, seeds, only)
    shares = shares_of_gpus(jobs)
    data = data or Path("data") / recipe.name
    dataset, digests, _ = read_images(recipe, data, skip_bad_images)
    chosen = folds_file or usual_file(data)
    if not folds_file and not chosen.exists():
        prepare_folds(dataset, digests, data, chosen, Plan(folds=folds), layout=recipe.layout)
    if (found := read_folds(chosen).of(dataset).count) != folds:
        raise InvalidInput(f"{chosen} holds {found} folds; give --folds {found}, or another --folds-file")
    recipe = replace(recipe, tasks=dataset.tasks)
    views = tuple(dict.fromkeys(("plain", *views)))
    experiment = open_experiment(recipe, chosen, seeds, views, how_it_was_made(data), run)
    flags = ["--data", data, "--picture-cache", picture_cache, "--views", *views]
    flags += ["--skip-bad-images"] if skip_bad_images else []
    missing = [part for part in experiment.missing if not only or part.fold in only]
    train_all(missing, [*map(str, flags)], shares)
    put_together(experiment, dataset)
    if experiment.missing:
        names = ", ".join(part.run.name for part in experiment.missing)
        print(f"\n{experiment.whole.folder}/ still misses {names}; the same command, with no --only, trains them")
        return experiment.whole
    print(f"\n{summary(experiment.whole)}\n\n{experiment.whole.folder}/ holds the cross-validation")
    return experiment.whole


def check(folds: int, seeds: int, only: Sequence[int]) -> None:
    """Raises InvalidInput for numbers that make no cross-validation."""
    for name, value, least in (("folds", folds, 2), ("seeds", seeds, 1)):
        if value < least:
            raise InvalidInput(f"--{name} is {value}; at least {least} is needed")
    if wrong := [fold for fold in only if not 0 <= fold < folds]:
        raise InvalidInput(f"--only names {', '.join(map(str, wrong))}; the folds are 0 to {folds - 1}")
