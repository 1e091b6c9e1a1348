"""A tournament of starting points: what the features of each pretrained network are worth on your own images."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache
from competition.data.load import read_material
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.layouts.detect import sniff
from competition.recipe import Backbone, Recipe
from competition.recipes import load_recipe
from competition.recipes.start import SMALL_IMAGE, starting_recipe
from competition.scoring.probed import Probed, choose, table


def probe(
    *,
    data: Path,
    backbones: tuple[Backbone, ...] = (),
    recipe: str | None = None,
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> Probed:
    """Compare pretrained networks on your own images: the features of each once, heads on them, one table.

    Returns the network to take. Raises InvalidInput for labels, images or weights that cannot be used.

    Args:
        data: The labels, as for `train`.
        backbones: The networks to compare. By default, all whose ImageNet weights are on this machine.
        recipe: The recipe that reads the labels, as `init` wrote it. By default, the labels are looked at as by `init`.
        skip_bad_images: Continue without images that cannot be read.
        cache: The folder that remembers features and checked images.
    """
    from competition.model.weights import all_at_hand, imagenet_file  # Keras, from here on
    from competition.training.probe import probe_backbone

    for backbone in backbones:
        imagenet_file(backbone)  # refuses one without weights before any is tried
    start, data = (load_recipe(recipe), data) if recipe else _looked_at(data)
    material = read_material(start, data, skip_bad_images, cache)
    if not len(material.held_out):
        raise InvalidInput(f"{data}: no image is held out, so nothing can be compared")
    probed: list[Probed] = []
    for backbone in backbones or all_at_hand():
        print(f"{backbone} …", flush=True)
        probed.append(probe_backbone(replace(start, tasks=material.dataset.tasks), backbone, material, cache))
    probed.sort(key=lambda one: -one.images_per_second)
    taken, why = choose(probed)
    print(
        f"\nheads on the features of each, on {len(material.held_out):,} held-out images (the best epoch is chosen on "
        f"them, which flatters all alike):\n{table(probed)}\n\ntake {taken.backbone}: {why}\n  {taken.flags}"
    )
    return taken


def _looked_at(data: Path) -> tuple[Recipe, Path]:
    """A recipe for labels that can be read where they lie, and what it reads.

    Raises InvalidInput for those that `init` has to import.
    """
    found = sniff(data)
    if found.imported:
        raise InvalidInput(
            f"{data} has to be imported first: competition init NAME --labels {data}, then --recipe NAME.py"
        )
    recipe = starting_recipe("probe", found.layout, found.dataset.tasks, len(found.dataset), SMALL_IMAGE, "imagenet")
    return recipe, found.data
