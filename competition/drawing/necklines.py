"""Necklines: the upper edge of a top, from its left end to its right one.

A neckline is (POINTS + 1, 2): its points, then one row with the share of sleeves that it allows and the share of bands
around the upper arms, so that all three can be blended between two values at once.
"""

import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.fabric import Fabric
from competition.drawing.figure import Figure
from competition.drawing.garments import CREW_NECK, draw_sleeves, draw_top
from competition.drawing.geometry import between, flipped, limb, points, resampled

POINTS = 80

# the upper edge of a top where sleeves are the question: with shoulders, and without
SHIRT = resampled(CREW_NECK, POINTS)
VEST = resampled(
    points(
        *((-0.72, 2.25), (-0.58, 1.95), (-0.62, 1.58), (-0.36, 1.5), (-0.22, 1.75)),
        *((0.22, 1.75), (0.36, 1.5), (0.62, 1.58), (0.58, 1.95), (0.72, 2.25)),
    ),
    POINTS,
)


def neckline(line: np.ndarray, sleeves: float = 1.0, bands: float = 0.0) -> np.ndarray:
    """The neckline along `line`."""
    return np.concatenate([resampled(line, POINTS), [(sleeves, bands)]])


def both_sides(*right: tuple[float, float]) -> np.ndarray:
    """A symmetric line, given from the middle to its right end."""
    return np.concatenate([flipped(points(*right)), points(*right)[1:]])


NECKLINES = {
    "Strapless Neck": neckline(both_sides((0, 2.18), (0.5, 2.16), (0.78, 2.12)), sleeves=0),
    "Deep V": neckline(both_sides((0, 3.0), (0.4, 1.47), (0.92, 1.7))),
    "Straight Neck": neckline(both_sides((0, 1.62), (0.78, 1.6), (0.93, 1.7))),
    "V": neckline(both_sides((0, 2.25), (0.4, 1.47), (0.92, 1.7))),
    "Square": neckline(both_sides((0, 2.1), (0.52, 2.1), (0.5, 1.54), (0.92, 1.7))),
    "Off Shoulder": neckline(both_sides((0, 2.02), (0.6, 1.98), (0.98, 1.92)), sleeves=0, bands=1),
    "Round": neckline(both_sides((0, 2.06), (0.26, 2.02), (0.44, 1.84), (0.5, 1.52), (0.92, 1.7))),
    "Sweat Heart Neck": neckline(
        both_sides(
            *((0, 2.42), (0.08, 2.2), (0.2, 2.02), (0.36, 1.96), (0.52, 2.0), (0.66, 2.14)),
            *((0.7, 1.95), (0.74, 1.62), (0.92, 1.72)),
        ),
        sleeves=0,
    ),
    "One Shoulder": neckline(points((-0.92, 1.7), (-0.36, 1.48), (0.78, 2.3)), sleeves=0),
}


def draw_neckline(canvas: Canvas, figure: Figure, cloth: Fabric, form: np.ndarray, rng: np.random.Generator) -> None:
    """A top with this neckline, and with sleeves where they would not hide its ends."""
    line, (sleeves, bands) = form[:-1], form[-1]
    if sleeves > 0.5 and rng.random() < 0.6:
        draw_sleeves(canvas, figure, cloth, rng.choice((0.3, 0.6, 1.9)))
    draw_top(canvas, figure, cloth, line)
    if bands > 0:
        draw_bands(canvas, figure, cloth, bands)
    canvas.stroke(line, cloth.seam, 0.06)


def draw_bands(canvas: Canvas, figure: Figure, cloth: Fabric, share: float) -> None:
    """Sleeves that begin below bare shoulders; a share of 1 ends above the elbow."""
    for shoulder, elbow, *_ in figure.arms:
        ends = between(shoulder, elbow, np.array([[0.12], [0.12 + 0.5 * share]]))
        canvas.piece(limb(ends, (0.28, 0.27)), cloth, 0.05)
