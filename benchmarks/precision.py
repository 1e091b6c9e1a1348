"""How much faster the processor's or GPU's 16-bit format trains than float32, for each backbone."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.engine import Repeated, compiled
from benchmarks.measure import time_in_turns, times_in
from benchmarks.places import Places
from benchmarks.report import Measurement
from competition.model.devices import half_format
from competition.recipe import Backbone, Recipe
from competition.recipes.fashionai import TASKS


class Case(NamedTuple):
    """A backbone at its usual size."""

    backbone: Backbone
    image_size: int
    batch_size: int


# The NASNets are left out: tracing one takes longer than all the others together.
CASES = (
    Case("squeezenet", 227, 32),
    Case("efficientnet_lite2", 260, 16),
    Case("inception_resnet_v2", 299, 8),
    Case("small", 96, 32),
)
BURST, BUDGET = 0.5, 12  # seconds


def rows(places: Places) -> Iterator[Measurement]:
    """How many times as fast a training step in 16 bits is as one in float32: ratios without goals."""
    half = half_format()
    for case in CASES:
        name = f"{half or '16 bits'} over float32: {case.backbone} {case.image_size}"
        if not half:
            yield Measurement(name, None, detail="this processor computes in no 16-bit format")
            continue
        recipe = recipe_of(case)
        repeated = Repeated(recipe)
        networks = [compiled(recipe, policy) for policy in (half, "float32")]
        steps = times_in(BURST, partial(repeated.train, networks[1], 1))
        compared = time_in_turns(*(partial(repeated.train, network, steps) for network in networks), BUDGET)
        detail = f"{compared.speeds(steps * case.batch_size)}, {compared.spread}, {case.batch_size} a step"
        yield Measurement(name, compared.ratio, detail=detail)


def recipe_of(case: Case) -> Recipe:
    """Eight heads, all layers trained, in the mode for ImageNet weights if there are any, which are not loaded."""
    weights = "none" if case.backbone == "small" else "imagenet"
    return Recipe(
        "bench", TASKS, backbone=case.backbone, image_size=case.image_size, batch_size=case.batch_size, weights=weights
    )
