"""How much faster bfloat16 trains than float32, for each backbone."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from benchmarks.engine import Repeated, compiled
from benchmarks.measure import time_in_turns
from benchmarks.places import Places
from benchmarks.report import Measurement
from competition.recipe import Backbone, Recipe
from competition.recipes.fashionai import TASKS


class Case(NamedTuple):
    """A backbone at its usual size, and the steps of one burst."""

    backbone: Backbone
    image_size: int
    batch_size: int
    steps: int


# nasnet_large is left out: tracing it takes longer than all the others together.
CASES = (
    Case("squeezenet", 227, 32, 3),
    Case("nasnet_mobile", 224, 16, 1),
    Case("inception_resnet_v2", 299, 8, 1),
    Case("small", 96, 32, 6),
)
TURNS = 5


def rows(places: Places) -> Iterator[Measurement]:
    """How many times as fast a training step in bfloat16 is as one in float32: ratios without goals."""
    for case in CASES:
        recipe = recipe_of(case)
        repeated = Repeated(recipe)
        bfloat16, float32 = (compiled(recipe, policy) for policy in ("mixed_bfloat16", "float32"))
        bursts = [partial(repeated.train, network, case.steps) for network in (bfloat16, float32)]
        compared = time_in_turns(*bursts, TURNS)
        detail = f"{compared.speeds(case.steps * case.batch_size)}, {compared.spread}, {case.batch_size} a step"
        yield Measurement(f"bfloat16 over float32: {case.backbone} {case.image_size}", compared.ratio, detail=detail)


def recipe_of(case: Case) -> Recipe:
    """Eight heads, all layers trained, in the mode for ImageNet weights if there are any, which are not loaded."""
    weights = "none" if case.backbone == "small" else "imagenet"
    return Recipe(
        "bench", TASKS, backbone=case.backbone, image_size=case.image_size, batch_size=case.batch_size, weights=weights
    )
