"""What surrounds the person: the backdrop, the clutter in it, and the light on everything."""

import cv2
import numpy as np

from competition.drawing.colour import any_colour
from competition.drawing.fabric import SIDE, spread
from competition.drawing.geometry import between


def backdrop(rng: np.random.Generator, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """An empty (SIDE, SIDE, 3) uint8 scene in two colours, with clutter."""
    paint = BACKDROPS[rng.integers(len(BACKDROPS))]
    image = np.ascontiguousarray(paint(rng, first, second))
    for _ in range(rng.integers(0, 9)):
        add_clutter(rng, image, between(second, any_colour(rng), rng.uniform(0.2, 0.6)))
    return cv2.blur(image, (9, 9)) if rng.random() < 0.3 else image


def flat(rng, first, second):
    """A studio wall."""
    return np.full((SIDE, SIDE, 3), first, np.uint8)


def gradient(rng, first, second):
    """A wall that changes its colour from one corner to the opposite one."""
    corners = np.stack([first, between(first, second, 0.5), between(first, second, 0.5), second])
    corners = np.roll(corners, rng.integers(4), axis=0).reshape(2, 2, 3).astype(np.float32)
    return cv2.resize(corners, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def wall_and_floor(rng, first, second):
    """A wall that meets a floor."""
    image = flat(rng, first, second)
    image[rng.integers(SIDE // 2, SIDE) :] = second
    return image


def blobs(rng, first, second):
    """A place out of focus."""
    share = rng.random((5, 5, 1))
    return cv2.resize(between(first, second, share).astype(np.float32), (SIDE, SIDE)).astype(np.uint8)


def bricks(rng, first, second):
    """A wall of bricks, tiles or planks."""
    tile = np.full((24, int(rng.choice((24, 48))), 3), first, np.uint8)
    tile[:2] = tile[:, :2] = between(first, second, 0.6)
    return spread(tile, rng.uniform(1.0, 3.0), rng.choice((0, 90)))


BACKDROPS = (flat, gradient, wall_and_floor, blobs, bricks)


def add_clutter(rng: np.random.Generator, image: np.ndarray, colour: np.ndarray) -> None:
    """One thing in the background: a ball, a frame on the wall, a pole, a plant of straight leaves."""
    kind, thick = rng.integers(4), int(rng.choice((-1, 4, 9)))
    x, y = map(int, rng.integers(0, SIDE, 2))
    size = int(rng.integers(20, 110))
    if kind == 0:
        cv2.circle(image, (x, y), size // 2, tuple(colour), thick, cv2.LINE_AA)
    elif kind == 1:
        cv2.rectangle(image, (x, y), (x + size, y + int(size * rng.uniform(0.5, 2))), tuple(colour), thick)
    elif kind == 2:
        cv2.line(image, (x, 0), (x + int(rng.integers(-90, 90)), SIDE), tuple(colour), 4 + size // 8, cv2.LINE_AA)
    else:
        for dx, dy in rng.integers(-size, size, (6, 2)):
            cv2.line(image, (x, y), (x + int(dx), y + int(dy)), tuple(colour), 6, cv2.LINE_AA)


def lit(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The scene as a camera takes it: uneven light, exposure, colour cast, vignette, softness, grain."""
    cast = rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3)
    field = rng.uniform(0.75, 1.2, (2, 2, 1)) * cast
    light = cv2.resize(field.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        light *= vignette(rng.uniform(0.15, 0.4))
    image = cv2.multiply(image, light, dtype=cv2.CV_8U)
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.3))
    return grainy(rng, image) if rng.random() < 0.5 else image


def vignette(depth: float) -> np.ndarray:
    """(SIDE, SIDE, 1) float32: 1 in the middle, 1 - depth in the corners."""
    off = np.linspace(-1, 1, SIDE, dtype=np.float32) ** 2
    return (1 - depth / 2 * (off[:, None] + off[None]))[..., None]


def grainy(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The image with grey noise of a standard deviation of 2 to 6 levels."""
    grain = np.tile(rng.standard_normal((SIDE // 4, SIDE), np.float32) * rng.uniform(2, 6), (4, 1))
    return cv2.add(image, cv2.merge([grain] * 3), dtype=cv2.CV_8U)
