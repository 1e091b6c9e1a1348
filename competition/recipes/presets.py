"""Presets: a recipe made faster, or given more of what usually helps, whatever it is for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from competition.recipe import Recipe, as_flag, differences

Preset = Literal["fast", "usual", "best"]
SMALL = 192  # pixels a side; enough for a first answer from pretrained weights
STEP = 32  # pixels: most backbones halve the side five times
EMA = 0.98


def fast(recipe: Recipe) -> Recipe:
    """From weights: a quarter of the epochs, on pictures of at most 192 pixels. From scratch: half of the epochs."""
    if recipe.weights == "none":
        return with_epochs(recipe, 1 / 2)
    return with_epochs(replace(recipe, image_size=min(recipe.image_size, SMALL)), 1 / 4)


def best(recipe: Recipe) -> Recipe:
    """Twice the epochs; from weights also a quarter more pixels a side, and an average of the weights."""
    if recipe.weights == "none":
        return with_epochs(recipe, 2)
    larger = STEP * round(1.25 * recipe.image_size / STEP)
    averaged = {} if recipe.ema or recipe.trains_batch_norm else {"ema": EMA}  # it leaves trained statistics out
    return with_epochs(replace(recipe, image_size=max(larger, recipe.image_size), **averaged), 2)


def with_epochs(recipe: Recipe, times: float) -> Recipe:
    """A recipe with so many times the epochs, but for stages of heads, which take seconds."""
    epochs = tuple(
        stage.epochs if stage.trains == "heads" else max(1, round(times * stage.epochs)) for stage in recipe.stages
    )
    steps = {"halve_every": max(2, round(times * recipe.halve_every))} if recipe.schedule == "step_decay" else {}
    return replace(recipe, epochs=epochs, **(steps if epochs != recipe.epochs else {}))


PRESETS: dict[Preset, Callable[[Recipe], Recipe]] = {"fast": fast, "usual": lambda recipe: recipe, "best": best}


def describe_preset(name: Preset, recipe: Recipe, given: Recipe) -> str:
    """The fields that a preset changes in `recipe`; those that `given` has otherwise were named by flags, which win."""
    changed = differences(recipe, PRESETS[name](recipe))
    lines = []
    for field, (before, now) in changed.items():
        wins = "" if (own := getattr(given, field)) == now else f", but the flag says {as_flag(own)}"
        lines.append(f"{field} {as_flag(now)} (was {as_flag(before)}{wins})")
    return f"preset {name}: {', '.join(lines) or 'the recipe as it stands'}"
