"""A tournament of starting points: what the features of each pretrained network are worth on your own images."""

from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache
from competition.data.load import read_material
from competition.files import CACHE
from competition.layouts.detect import side_of, sniff
from competition.recipe import Backbone
from competition.recipes.start import starting_recipe
from competition.scoring.bootstrap import PERCENT, TaskComparison, compare_paired, interval_of_means

MEGABYTE = 2**20


def probe(
    *, data: Path, backbones: tuple[Backbone, ...] = (), skip_bad_images: bool = False, cache: Cache = CACHE
) -> str:
    """Compare pretrained networks on your own images: the features of each once, heads on them, one table.

    Returns the name of the backbone to take. Raises InvalidInput for labels, images or weights that cannot be used.

    Args:
        data: The labels, as for `init`: a folder, or the CSV file of a table.
        backbones: The networks to compare. By default, all whose ImageNet weights are on this machine.
        skip_bad_images: Continue without images that cannot be read.
        cache: The folder that remembers features and checked images.
    """
    found = sniff(data)
    recipe = starting_recipe("probe", found.layout, found.dataset.tasks, len(found.dataset), side_of(found), True)
    material = read_material(recipe, found.data, skip_bad_images, cache)
    recipe = replace(recipe, tasks=material.dataset.tasks)

    from competition.model.weights import all_at_hand
    from competition.training.probe import Probed, probe_backbone  # Keras, from here on

    probed: list[Probed] = []
    for backbone in backbones or all_at_hand():
        print(f"{backbone} …", flush=True)
        probed.append(probe_backbone(recipe, backbone, material, cache))
    probed.sort(key=lambda one: -one.images_per_second)
    print(f"\nheads on the features of each, on {len(material.held_out):,} held-out images:\n{table(probed)}\n")
    taken, why = choose(probed)
    print(f"take {taken.backbone}: {why}\n  --backbone {taken.backbone} --image-size {taken.image_size}")
    return taken.backbone


def table(probed) -> str:
    """A row per network, the fastest first: scores with intervals, speed and size, minutes of a whole training."""
    width = max(len(one.backbone) for one in probed)
    span = f"({PERCENT} % interval)"
    lines = [
        f"{'backbone':{width}}  pixels  accuracy {span:18}  mAP {span:18}  images/s    MB  parameters  training, min"
    ]
    for one in probed:
        report, interval = one.predictions.score(), interval_of_means(one.predictions)
        accuracy = f"{report.accuracy:.4f} ({' to '.join(f'{end:.4f}' for end in interval['accuracy'])})"
        mean_ap = f"{report.map:.4f} ({' to '.join(f'{end:.4f}' for end in interval['map'])})"
        lines.append(
            f"{one.backbone:{width}}  {one.image_size:6d}  {accuracy:27}  {mean_ap:22}  {one.images_per_second:8.1f}  "
            f"{4 * one.parameters / MEGABYTE:4.0f}  {one.parameters:10,d}  {one.training_seconds / 60:13.0f}"
        )
    return "\n".join(lines)


def choose(probed) -> tuple:
    """The network to take, and why: of `probed`, the fastest first, the one that no slower one clearly beats."""
    taken, why = probed[0], "the fastest"
    for slower in probed[1:]:
        gain = compare_paired(slower.predictions, taken.predictions)[-1]
        if is_better(gain):
            name = "accuracy" if gain.accuracy.difference.low > 0 else "mAP"
            value, low, high = gain.accuracy.difference if name == "accuracy" else gain.ap.difference
            why = f"{name} {value:+.4f} ({low:+.4f} to {high:+.4f}) against {taken.backbone}, which is faster"
            taken = slower
    others = "; no slower one is better by more than noise" if taken is not probed[-1] else ""
    return taken, why + others


def is_better(gain: TaskComparison) -> bool:
    """Whether A is better than B by more than noise in accuracy or mAP, and worse in neither."""
    differences = gain.accuracy.difference, gain.ap.difference
    return any(one.low > 0 for one in differences) and not any(one.high < 0 for one in differences)
