"""A tournament of starting points: what the features of each pretrained network are worth on your own images."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache, recipe_for
from competition.data.load import read_material
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.recipe import Backbone
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
    start, data = recipe_for(data, recipe)
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
