"""Pictures of roses and daisies in red, pink and white, outdoors and in vases."""

from collections.abc import Callable

import cv2
import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.colour import any_colour, luma
from competition.drawing.fabric import SIDE
from competition.drawing.geometry import between, limb, oval, points, smooth
from competition.drawing.scene import backdrop, lit

SMALL = 227  # the side of a picture on disk, which is what SqueezeNet sees

# Smallest and largest hue in degrees, saturation and value of the petals.
PETALS = {
    "red": ((348, 368), (0.8, 1.0), (0.5, 0.85)),
    "pink": ((325, 350), (0.25, 0.55), (0.85, 1.0)),
    "white": ((20, 60), (0.0, 0.12), (0.86, 1.0)),
}
LEAVES = ((70, 150), (0.3, 0.75), (0.2, 0.6))
STAMENS = ((25, 55), (0.6, 1.0), (0.35, 1.0))


def picture(kind: str, colour: str, rng: np.random.Generator) -> np.ndarray:
    """A (SMALL, SMALL, 3) uint8 BGR picture of one to three blossoms of a kind and a colour, among other things."""
    image = backdrop(rng, some(rng, LEAVES) if rng.random() < 0.6 else any_colour(rng), some(rng, LEAVES))
    petals = some(rng, PETALS[colour])
    for radius, place in places(rng):
        stem(Canvas(image, turned(rng, radius, place, 15)), rng)
        BLOSSOMS[kind](Canvas(image, turned(rng, radius, place, 180)), petals * rng.uniform(0.92, 1.04), rng)
    return cv2.resize(lit(rng, image), (SMALL, SMALL), interpolation=cv2.INTER_AREA)


def some(rng: np.random.Generator, ranges) -> np.ndarray:
    """A colour, (3,) BGR, with hue, saturation and value within their ranges."""
    hue, saturation, value = (rng.uniform(low, high) for low, high in ranges)
    pixel = np.array([[[hue % 360, saturation, value]]], np.float32)
    return cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float64) * 255


def shaded(colour: np.ndarray, by: float) -> np.ndarray:
    """The colour (3,) `by` times as bright."""
    return np.clip(colour * by, 0, 255)


def places(rng: np.random.Generator) -> list[tuple[float, np.ndarray]]:
    """Radius and middle of each blossom in pixels, the smaller ones further back and so first."""
    radii = np.sort(rng.uniform(0.14, 0.34, rng.choice((1, 1, 2, 3)))) * SIDE
    return [(radius, rng.uniform(0.8 * radius, SIDE - 0.8 * radius, 2)) for radius in radii]


def turned(rng: np.random.Generator, radius: float, place: np.ndarray, most: float) -> np.ndarray:
    """A camera (2, 3) that shows the unit circle at a place with a radius, turned and seen slightly from the side."""
    angle, tilt = np.deg2rad(rng.uniform(-most, most)), rng.uniform(0.7, 1.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.hstack([radius * np.diag([1, tilt]) @ turn, place[:, None]])


def rotated(shape: np.ndarray, angle: float) -> np.ndarray:
    """The shape (n, 2), turned around the origin by an angle in radians."""
    return shape @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def stem(canvas: Canvas, rng: np.random.Generator) -> None:
    """A stem that runs out of the picture, with leaves."""
    green = some(rng, LEAVES)
    line = smooth(points((0, 0), (rng.uniform(-0.4, 0.4), 2), (rng.uniform(-1, 1), 5)), closed=False)
    canvas.fill(limb(line, np.full(len(line), 0.06)), green)
    for _ in range(rng.integers(0, 5)):
        leaf = smooth(points((0, 0), (0.35, -0.5), (0.1, -1.3), (0, -1.5), (-0.1, -1.3), (-0.35, -0.5)))
        leaf = rotated(leaf * rng.uniform(0.6, 1.0), rng.uniform(0, 2 * np.pi))
        canvas.fill(leaf, shaded(green, rng.uniform(0.7, 1.2)))
        canvas.stroke(np.stack([leaf[0], leaf[len(leaf) // 2]]), shaded(green, 0.6), 0.02)


def petal(canvas: Canvas, shape: np.ndarray, colour: np.ndarray) -> None:
    """A petal with a darker edge, which separates it from others of the same colour."""
    canvas.fill(shape, colour)
    canvas.stroke(shape, shaded(colour, 0.78), 0.018, closed=True)


def rose(canvas: Canvas, colour: np.ndarray, rng: np.random.Generator) -> None:
    """Rings of broad petals, each on top of the next outer one, darker towards the bud in the middle."""
    rings = rng.integers(4, 7)
    angle = rng.uniform(0, 2 * np.pi)
    for ring, size in enumerate(np.linspace(1, 0.22, rings)):
        count = rng.integers(5, 7) if ring < rings - 2 else 3
        depth = 1 - 0.4 * ring / rings
        for number in range(count):
            broad = points((-0.25, 0.1), (0.25, 0.1), (0.72, -0.45), (0.5, -1.0), (-0.5, -1.0), (-0.72, -0.45))
            shape = smooth(broad * size * rng.uniform(0.9, 1.08, 2))
            place = angle + 2 * np.pi * number / count
            petal(canvas, rotated(shape, place), shaded(colour, depth * rng.uniform(0.85, 1)))
        angle += np.pi / count + rng.uniform(-0.2, 0.2)
    turns = np.linspace(0, 4 * np.pi, 40)[:, None]
    spiral = 0.2 * turns / turns[-1] * np.hstack([np.cos(turns), np.sin(turns)])
    canvas.stroke(spiral, shaded(colour, 0.45), 0.025)


def daisy(canvas: Canvas, colour: np.ndarray, rng: np.random.Generator) -> None:
    """Two rings of narrow petals around a disc of stamens."""
    count, width = rng.integers(11, 22), rng.uniform(0.85, 1.25)
    narrow = points((-0.06, -0.1), (0.06, -0.1), (0.16, -0.7), (0.07, -1), (-0.07, -1), (-0.16, -0.7))
    for ring, light in enumerate((0.82, 1.0)):
        for number in range(count):
            shape = smooth(narrow * (width * 15 / count, rng.uniform(0.88, 1.0)))
            angle = 2 * np.pi * (number + ring / 2 + rng.uniform(-0.15, 0.15)) / count
            petal(canvas, rotated(shape, angle), shaded(colour, light * rng.uniform(0.9, 1)))
    middle, size = some(rng, STAMENS), rng.uniform(0.2, 0.36)
    canvas.fill(oval((0, 0), (size, size)), middle)
    dark = middle * 0.6 if luma(middle) > 60 else middle * 1.6
    for _ in range(40):
        dot = rotated(points((0, -size * np.sqrt(rng.random()) * 0.9)), rng.uniform(0, 2 * np.pi))[0]
        canvas.disc(dot, 0.018, between(middle, dark, rng.random()))


BLOSSOMS: dict[str, Callable] = {"rose": rose, "daisy": daisy}
