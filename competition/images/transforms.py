"""Augmentations beyond the warp, by name and strength: colour, blur, noise, compression, erasing."""

import os
import random
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from competition.recipe import Transform

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # or its import asks a package index

GREY = 128


def _holes(library: ModuleType, count: int, share: float) -> Any:
    """`count` grey rectangles that together cover at most `share` of the area.

    `Erasing` is not used: it never exceeds 0.3 of the area, and its rounding exceeds small shares.
    """
    side = (share / count) ** 0.5  # as a share of the picture's side, which is rounded down to whole pixels
    sides = (side / 2, side)
    return library.CoarseDropout((count, count), sides, sides, fill=GREY, p=0.5)


# Builds each from its strength; albumentations is passed in because importing it takes seconds.
BUILD: dict[Transform, Callable[[ModuleType, float], Any]] = {
    # 0.1: lighter or darker by up to a tenth of white.
    "brightness": lambda library, share: library.RandomBrightnessContrast(share, 0, p=1),
    # 0.1: levels times 0.9 to 1.1.
    "contrast": lambda library, share: library.RandomBrightnessContrast(0, share, p=1),
    # 0.1: distance from grey times 0.9 to 1.1.
    "saturation": lambda library, share: library.ColorJitter(0, 0, share, 0, p=1),
    # 0.1: hue shifted by up to a tenth of the colour circle, 36 degrees, either way.
    "hue": lambda library, share: library.ColorJitter(0, 0, 0, share, p=1),
    # 0.1: a tenth of the views without colour.
    "grey": lambda library, share: library.ToGray(p=share),
    # 1: in half of the views a Gaussian blur with a standard deviation of up to 1 pixel.
    "blur": lambda library, pixels: library.GaussianBlur(0, (0.0, pixels), p=0.5),
    # 0.1: in half of the views grey Gaussian noise with a standard deviation of up to a tenth of white.
    "noise": lambda library, share: library.GaussNoise((0.0, share), per_channel=False, p=0.5),
    # 0.6: half of the views compressed as JPEG, at a quality of 40 to 100.
    "compression": lambda library, loss: library.ImageCompression(
        "jpeg", (max(1, round(100 * (1 - loss))), 100), p=0.5
    ),
    # 0.2: in half of the views one grey rectangle, of a twentieth to a fifth of the area.
    "erase": lambda library, share: _holes(library, 1, share),
    # 0.2: in half of the views eight small grey rectangles, together at most a fifth of the area.
    "cutout": lambda library, share: _holes(library, 8, share),
}


class Transforms:
    """Transforms applied in order; the result is a pure function of the view and the seed, on any thread."""

    def __init__(self, chosen: Sequence[tuple[Transform, float]]):
        self.chosen = chosen
        self._threads = threading.local()

    def __call__(self, view: np.ndarray, seed: int) -> np.ndarray:
        """The transformed view, (height, width, 3) uint8 like the given one; `seed` is 0 or above."""
        if not hasattr(self._threads, "compose"):  # one per thread: a shared one gives wrong pictures
            import albumentations

            built = [BUILD[name](albumentations, strength) for name, strength in self.chosen]
            self._threads.compose = albumentations.Compose(built)
        compose = self._threads.compose
        # One stream of random numbers for all: `set_random_seed` would give each transform the same numbers, so that
        # the darkest views would be blurred most, and the same half of the views both erased and compressed.
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        return compose(image=view)["image"]
