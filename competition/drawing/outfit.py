"""Who is in the picture and what they wear: a figure, and cloths that can all be told apart."""

from dataclasses import dataclass

import numpy as np

from competition.drawing.colour import any_colour, distinct
from competition.drawing.fabric import Fabric, fabric
from competition.drawing.figure import Figure, some_figure
from competition.drawing.geometry import between


@dataclass(frozen=True)
class Outfit:
    """A figure, the cloth of the garment in question (`main`), two for what else is worn, and the scene's colours.

    `main` differs clearly from skin, scene and the other cloths: where it ends can always be seen.
    """

    figure: Figure
    main: Fabric
    other: Fabric
    trim: Fabric
    shoes: np.ndarray
    scene: tuple[np.ndarray, np.ndarray]


def some_outfit(rng: np.random.Generator, raised: float) -> Outfit:
    """A random person in random colours; `raised`: degrees between the arms and the body."""
    figure = some_figure(rng, raised)
    wall = any_colour(rng, dullness=4)
    scene = wall, between(wall, any_colour(rng), rng.uniform(0.1, 0.5))
    taken = [figure.skin, figure.skin * 0.8, *scene]
    main = distinct(rng, taken)
    other = distinct(rng, [*taken, main])
    trim = distinct(rng, [figure.skin, main, other])
    shoes = distinct(rng, [*taken, main, other], 25)
    return Outfit(figure, fabric(rng, main), fabric(rng, other), fabric(rng, trim), shoes, scene)
