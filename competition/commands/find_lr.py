"""A learning rate range test: the rate is increased step by step, and the loss shows where it becomes too high."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache, RecipeFields
from competition.data.load import read_material
from competition.files import CACHE
from competition.images.cache import USUAL_ROOM
from competition.recipe import Recipe
from competition.run import begun, new_run, refuse_existing


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
    """Find a learning rate: train a stage for one epoch while its rate is increased, plot the loss, suggest a rate.

    Returns the rate, or None if the loss did not fall. The plot and the table go into a folder of their own, which is
    not a run: the network is not kept. Raises InvalidInput for labels or images that cannot be used, and for a stage,
    rates or steps that are not possible.

    Args:
        data: The data set: a folder in the recipe's layout, or the CSV file of a table. By default, data/<recipe>.
        run: The folder for find-lr.png and find-lr.csv. By default, the next runs/<recipe>-find-lr-<number>.
        stage: The stage of the recipe, counted from 1; those before it are trained first.
        lowest: The learning rate of the first step.
        highest: The learning rate of the last step.
        steps: The number of steps, at most one epoch. By default, one epoch.
        skip_bad_images: Continue without images that cannot be read.
        cache: The folder that remembers pictures and checked images.
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
    print(describe(test, recipe, stage))
    folder = new_run(f"{recipe.name}-find-lr", run)
    with begun(folder):
        write(test, folder, f"{recipe.name}, stage {stage} ({recipe.stages[stage - 1].trains})")
    print(f"{folder.folder}/ holds find-lr.png and find-lr.csv")
    return test.suggestion


def describe(test, recipe: Recipe, stage: int) -> str:
    """The result as text, with the flag that uses the suggested rate."""
    lowest = f"the smoothed loss is lowest, {test.smoothed[test.lowest]:.4g}, at {test.rates[test.lowest]:.1e}"
    reach = f"{len(test.rates)} steps, rate from {test.rates[0]:.1e} to {test.rates[-1]:.1e}: {lowest}"
    if test.suggestion is None:
        return f"{reach}\nno suggestion: the loss did not fall at any rate, so the network does not learn"
    rates = [f"{rate:g}" for rate in recipe.learning_rate]
    had, rates[stage - 1] = rates[stage - 1], f"{test.suggestion:.1e}"
    return f"{reach}\nsuggested: --learning-rate {' '.join(rates)} (stage {stage}; the recipe has {had})"
