"""Cloth: a colour, and a frame full of its pattern to cut garments from."""

from dataclasses import dataclass

import cv2
import numpy as np

from competition.drawing.colour import any_colour, edge, luma
from competition.drawing.geometry import between

SIDE = 512


@dataclass(frozen=True)
class Fabric:
    """Cloth of a mean `colour`; `pixels` (SIDE, SIDE, 3) uint8 is what a garment is cut from."""

    colour: np.ndarray
    pixels: np.ndarray

    def toned(self) -> "Fabric":
        """The same cloth turned over: clearly darker, or lighter where it is dark already."""
        gain, lift = (0.66, 0) if luma(self.colour) > 85 else (1.1, 62)
        return Fabric(self.colour * gain + lift, cv2.convertScaleAbs(self.pixels, alpha=gain, beta=lift))

    @property
    def seam(self) -> np.ndarray:
        """The colour of its outlines, seams and folds."""
        return edge(self.colour)


def plain(rng, ground, figure):
    """A tile of one colour."""
    return np.full((8, 8, 3), ground, np.uint8)


def stripes(rng, ground, figure):
    """A tile with one bar."""
    tile = np.full((32, 32, 3), ground, np.uint8)
    tile[: rng.integers(6, 18)] = figure
    return tile


def checks(rng, ground, figure):
    """A tile with two crossing bars, darker where they cross."""
    tile = np.full((32, 32, 3), ground, np.float64)
    wide = rng.integers(8, 18)
    tile[:wide] = between(tile[:wide], figure, 0.5)
    tile[:, :wide] = between(tile[:, :wide], figure, 0.5)
    return tile.astype(np.uint8)


def dots(rng, ground, figure):
    """A tile with a dot in the middle and one over its corners."""
    tile = np.full((32, 32, 3), ground, np.uint8)
    radius = int(rng.integers(4, 8))
    for centre in ((16, 16), (0, 0), (0, 32), (32, 0), (32, 32)):
        cv2.circle(tile, centre, radius, figure, -1, cv2.LINE_AA)
    return tile


def knit(rng, ground, figure):
    """A tile with one V-shaped stitch."""
    tile = np.full((16, 16, 3), ground, np.uint8)
    for height in (-8, 0, 8):
        bend = np.array([[0, height], [8, height + 8], [16, height]], np.int32)
        cv2.polylines(tile, [bend], False, figure, 2, cv2.LINE_AA)
    return tile


def tweed(rng, ground, figure):
    """A tile of threads in random mixture of the two colours."""
    share = rng.beta(0.6, 1.0, (24, 24, 1))
    return between(ground, figure, share).astype(np.uint8)


PATTERNS = (plain, plain, stripes, checks, dots, knit, tweed)


def fabric(rng: np.random.Generator, colour: np.ndarray) -> Fabric:
    """Cloth of about this colour in a random pattern, scale and direction."""
    figure = between(colour, any_colour(rng), rng.uniform(0.25, 0.75))
    pattern = PATTERNS[rng.integers(len(PATTERNS))]
    tile = pattern(rng, colour, figure)
    return Fabric(colour, spread(tile, rng.uniform(0.5, 2.2), rng.choice((0, 90, 45, rng.uniform(0, 180)))))


def spread(tile: np.ndarray, scale: float, degrees: float) -> np.ndarray:
    """A frame (SIDE, SIDE, 3) covered with the tile, enlarged and turned about its middle."""
    tile = cv2.resize(tile, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    wide = int(SIDE * 1.5)  # more than the diagonal, so that no turn shows a corner
    cover = np.tile(tile, (-(-wide // tile.shape[0]), -(-wide // tile.shape[1]), 1))
    turn = cv2.getRotationMatrix2D((wide / 2, wide / 2), degrees, 1.0)
    turn[:, 2] -= (wide - SIDE) / 2
    return cv2.warpAffine(cover, turn, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
