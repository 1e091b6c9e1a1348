"""Which learning rate? A range test: the rate rises step by step, and the loss shows where it is too high."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache, RecipeFields
from competition.data.load import read_material
from competition.files import CACHE
from competition.images.cache import USUAL_ROOM
from competition.recipe import Recipe
from competition.run import new_run, refuse_existing


def find_lr(
    recipe: RecipeFields,
    data: Path | None = None,
    run: Path | None = None,
    *,
    stage: int = 1,
    lowest: float = 1e-6,
    highest: float = 0.1,
    steps: int | None = None,
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> float | None:
    """Find a learning rate: train one stage for a pass while its rate rises, draw the loss, suggest a rate.

    Returns the rate, or None where the loss did not fall. Picture and table go into a folder of their own, which is no
    run: nothing is kept of the network. Raises InvalidInput for labels or images that cannot be used, and for a range
    test that cannot be made.

    Args:
        data: The data set: a folder as the recipe's layout has it, or the CSV of a table. Without it: data/<recipe>.
        run: Folder for find-lr.png and find-lr.csv. Without it: the next runs/<recipe>-find-lr-<number>.
        stage: Stage of the recipe, counted from 1; those before it are trained first.
        lowest: The rate of the first step.
        highest: The rate of the last step.
        steps: Steps, at most those of one pass over the training images, which is what is done without it.
        skip_bad_images: Go on without images that cannot be read.
        cache: Where pictures and checked images are remembered.
    """
    from competition.training.find_rate import find_rate, refuse, whole_batches, write  # Keras, from here on
    from competition.training.prepare import Preparation

    data = data or Path("data") / recipe.name
    if run is not None:
        refuse_existing(run)
    refuse(recipe, stage, lowest, highest)
    material = read_material(recipe, data, skip_bad_images, cache)
    whole_batches(len(material.training), recipe.batch_size, steps, recipe.accumulate)
    recipe = replace(recipe, tasks=material.dataset.tasks)

    test = find_rate(Preparation.of(recipe, material, cache, USUAL_ROOM), stage, lowest, highest, steps)
    folder = new_run(f"{recipe.name}-find-lr", run)
    write(test, folder, f"{recipe.name}, stage {stage} ({recipe.stages[stage - 1].trains})")
    print(describe(test, recipe, stage))
    print(f"{folder.folder}/ holds find-lr.png and find-lr.csv")
    return test.suggestion


def describe(test, recipe: Recipe, stage: int) -> str:
    """What was found, and the flag that would use it."""
    lowest = f"the smoothed loss is lowest, {test.smoothed[test.lowest]:.4g}, at {test.rates[test.lowest]:.1e}"
    reach = f"{len(test.rates)} steps, rate from {test.rates[0]:.1e} to {test.rates[-1]:.1e}: {lowest}"
    if test.suggestion is None:
        return f"{reach}\nno suggestion: the loss fell at no rate; the network does not learn as it is built"
    rates = [f"{rate:g}" for rate in recipe.learning_rate]
    had, rates[stage - 1] = rates[stage - 1], f"{test.suggestion:.1e}"
    return f"{reach}\nsuggested: --learning-rate {' '.join(rates)} (stage {stage}; the recipe has {had})"
