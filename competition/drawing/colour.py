"""Colours: (3,) float arrays of blue, green, red in 0..255, chosen so that they can be told apart."""

import cv2
import numpy as np

SKINS = np.array(
    [(196, 218, 246), (170, 196, 232), (140, 172, 214), (108, 142, 190), (76, 108, 158), (52, 76, 118)],
    np.float64,
)
HAIRS = np.array([(30, 28, 30), (34, 52, 80), (50, 84, 128), (120, 176, 212), (40, 66, 150), (170, 170, 172)])


def tint(blue: float, green: float, red: float) -> np.ndarray:
    """A colour by its numbers."""
    return np.array((blue, green, red), np.float64)


def lab(colours: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of (n, 3) colours: distances there follow what the eye sees."""
    pixels = (np.atleast_2d(colours) / 255).astype(np.float32)[None]
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[0]


def some_colours(rng: np.random.Generator, count: int, dullness: float = 1.2) -> np.ndarray:
    """(count, 3) colours, the greys included, none of them nearly black; the duller, the less saturated."""
    hue, saturation = rng.uniform(0, 360, count), rng.beta(1.2, dullness, count)
    value = rng.uniform(0.22, 1.0, count)
    hsv = np.stack([hue, saturation, value], axis=1).astype(np.float32)[None]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0].astype(np.float64) * 255


def any_colour(rng: np.random.Generator, dullness: float = 1.2) -> np.ndarray:
    """One of `some_colours`."""
    return some_colours(rng, 1, dullness)[0]


def distinct(rng: np.random.Generator, others, gap: float = 38) -> np.ndarray:
    """A colour at least `gap` L*a*b* units from each of `others`, or the farthest of those tried."""
    tried = some_colours(rng, 48)
    apart = np.linalg.norm(lab(tried)[:, None] - lab(np.array(others))[None], axis=2).min(axis=1)
    enough = np.flatnonzero(apart >= gap)
    return tried[enough[0] if len(enough) else apart.argmax()]


def luma(colour: np.ndarray) -> float:
    """How bright a colour looks, 0..255."""
    return float(colour @ (0.114, 0.587, 0.299))


def edge(colour: np.ndarray) -> np.ndarray:
    """A colour for outlines and seams on cloth of this colour: darker, or lighter on dark cloth."""
    return colour * 0.45 if luma(colour) > 75 else colour * 0.7 + 95
