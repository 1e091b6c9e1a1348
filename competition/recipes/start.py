"""A first recipe for somebody's own pictures: sensible values by how many there are, and how large."""

from dataclasses import replace

from competition.recipe import Recipe
from competition.recipes.clothing import RECIPE as CLOTHING
from competition.recipes.sketches import RECIPE as SKETCHES
from competition.task import Task

SMALL_IMAGE = 96  # pixels; on smaller images a network pretrained on photographs does badly
SIDES = (32, 48, 64, 96)
# Images times epochs that a network from scratch needs; one that starts from weights needs fewer.
VIEWS, VIEWS_FROM_WEIGHTS = 48_000, 9_000
FEW = 200


def starting_recipe(name: str, layout: str, tasks: tuple[Task, ...], images: int, side: int, weights: str) -> Recipe:
    """A recipe for a number of images.

    It varies `clothing`, EfficientNet-Lite2 from `weights`; or where they are none `sketches`, a small network, for
    images of about `side` pixels on their shorter side.
    """
    common = {
        "name": name,
        "tasks": tasks,
        "layout": layout,
        "validation": 0.25 if images < FEW else 0.15,
        "flip": not _has_sides(tasks),
    }
    if weights != "none":
        epochs = (CLOTHING.epochs[0], _epochs(VIEWS_FROM_WEIGHTS, images, least=2, most=10))
        return replace(CLOTHING, **common, weights=weights, epochs=epochs)
    size = min(SIDES, key=lambda allowed: abs(allowed - side))
    epochs = (_epochs(VIEWS, images, least=8, most=60),)
    return replace(SKETCHES, **common, image_size=size, epochs=epochs, batch_size=16 if images < FEW else 32)


def _epochs(views: int, images: int, least: int, most: int) -> int:
    return min(max(round(views / max(images, 1)), least), most)


def _has_sides(tasks: tuple[Task, ...]) -> bool:
    """Whether a class is called left or right, which mirrored pictures would confuse."""
    words = {word for task in tasks for name in task.classes for word in name.lower().replace("_", " ").split()}
    return bool(words & {"left", "right"})
