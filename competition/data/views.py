"""From a decoded picture to the square the network sees: one affine warp, varied while training.

Resize, flip, rotation, zoom, stretch and shift are composed into one matrix, so that every output pixel is
interpolated once from the picture as it was decoded. Predicting uses the same warp with nothing varied.
"""

import os
import threading
from typing import NamedTuple

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it asks a package index on import otherwise

import cv2
import numpy as np

from competition.recipe import Aspect, Recipe

GREY = (128, 128, 128)


class Geometry(NamedTuple):
    """How a view differs from the plain picture; shifts are shares of the side, the angle is in degrees."""

    mirrored: bool = False
    angle: float = 0.0
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0


def square(picture: np.ndarray, size: int, aspect: Aspect, geometry: Geometry = Geometry()) -> np.ndarray:  # noqa: B008
    """Warp a picture (height, width, 3) uint8 to (size, size, 3).

    Stretched pictures repeat their edge where a view looks beyond it; padded ones show grey.
    """
    picture = _shrink(picture, size, aspect)
    height, width = picture.shape[:2]
    border = {"borderMode": cv2.BORDER_REPLICATE}
    if aspect == "pad":
        border = {"borderMode": cv2.BORDER_CONSTANT, "borderValue": GREY}
    return cv2.warpAffine(picture, _matrix(height, width, size, aspect, geometry), (size, size), **border)


def _shrink(picture: np.ndarray, size: int, aspect: Aspect) -> np.ndarray:
    """Average whole blocks of pixels along each side that is twice its target or more: bilinear would skip some."""
    height, width = picture.shape[:2]
    if aspect == "pad":
        by_y = by_x = max(1, max(height, width) // size)
    else:
        by_y, by_x = max(1, height // size), max(1, width // size)
    if by_y == by_x == 1:
        return picture
    shrunk = max(1, round(width / by_x)), max(1, round(height / by_y))
    return cv2.resize(picture, shrunk, interpolation=cv2.INTER_AREA)


def _matrix(height: int, width: int, size: int, aspect: Aspect, geometry: Geometry) -> np.ndarray:
    """The map (2, 3) from picture to view, both measured from their centres: scale, zoom, mirror, turn, shift."""
    scale_x, scale_y = size / width, size / height
    if aspect == "pad":
        scale_x = scale_y = min(scale_x, scale_y)
    scale_x *= -geometry.zoom_x if geometry.mirrored else geometry.zoom_x
    scale_y *= geometry.zoom_y
    cos, sin = np.cos(np.deg2rad(geometry.angle)), np.sin(np.deg2rad(geometry.angle))
    linear = np.array([[cos * scale_x, -sin * scale_y], [sin * scale_x, cos * scale_y]])
    # Pixel i covers i - 0.5 to i + 0.5, so the centre of n pixels is (n - 1) / 2.
    from_centre = np.array([(width - 1) / 2, (height - 1) / 2])
    to_centre = (size - 1) / 2 + size * np.array([geometry.shift_x, geometry.shift_y])
    return np.column_stack([linear, to_centre - linear @ from_centre])


class Augmentation:
    """Random views by a recipe; pixels are a pure function of the picture and the three numbers of the seed."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self._threads = threading.local()

    def __call__(self, picture: np.ndarray, seed: tuple[int, int, int]) -> np.ndarray:
        """A view (size, size, 3) uint8 of the picture; `seed` is (seed, epoch, index of the image)."""
        rng = np.random.default_rng(seed)
        view = square(picture, self.recipe.image_size, self.recipe.aspect, self.geometry(rng))
        if self.recipe.brightness or self.recipe.contrast:
            compose = self._colour()
            compose.set_random_seed(int(rng.integers(2**31)))
            view = compose(image=view)["image"]
        return view

    def geometry(self, rng: np.random.Generator) -> Geometry:
        recipe = self.recipe
        low, high = np.log(recipe.zoom)
        zoom, stretch = np.exp(rng.uniform(low, high)), (1 + recipe.stretch) ** rng.uniform(-0.5, 0.5)
        return Geometry(
            mirrored=bool(recipe.flip and rng.random() < 0.5),
            angle=rng.uniform(-recipe.rotation, recipe.rotation),
            zoom_x=zoom * stretch,
            zoom_y=zoom / stretch,
            shift_x=rng.uniform(-recipe.shift, recipe.shift),
            shift_y=rng.uniform(-recipe.shift, recipe.shift),
        )

    def _colour(self):
        """One Compose a thread: shared by threads it gives wrong pictures."""
        if not hasattr(self._threads, "compose"):
            import albumentations

            change = albumentations.RandomBrightnessContrast(
                brightness_limit=self.recipe.brightness, contrast_limit=self.recipe.contrast, p=1
            )
            self._threads.compose = albumentations.Compose([change])
        return self._threads.compose
