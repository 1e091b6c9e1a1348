"""Drawn data sets by recipe: pictures that show what their labels say, in the layout of the recipe."""

from collections.abc import Callable, Mapping

from competition.drawing import cifar10, fgo, flowers, painters
from competition.drawing.sketches import draw
from competition.errors import Choices

# Each is called as draw(folder, images, seed); `images` has a default of its own.
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
