"""Drawn data sets by recipe: pictures that show what their labels say, each set in the format of its system."""

from collections.abc import Callable, Mapping

from competition.drawing import cifar10, fgo, flowers, painters
from competition.drawing.sketches import draw
from competition.errors import Choices

# Each draws `(folder, images, seed)`; the number of images is its usual one where none is given.
DRAWERS: Mapping[str, Callable] = Choices(
    "drawing for the recipe",
    {
        "sketches": draw,
        "fgo": fgo.draw,
        "cifar10": cifar10.draw,
        "flowers": flowers.draw,
        "painters": painters.draw,
    },
)
