"""From a decoded picture to the network's square input: one affine warp, randomised in training.

Resize, flip, rotation, zoom, aspect jitter and shift are combined into one matrix, so that every output pixel is
interpolated only once. Prediction uses the same warp with fixed views.
"""

import math
import struct
from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Literal, NamedTuple, Protocol

import cv2
import numpy as np

from competition.images.decode import CHANNELS, Memory, decode, fresh, reused
from competition.images.transforms import Transforms
from competition.images.whole import MAX_PIXELS
from competition.recipe import Aspect, Recipe

GREY = (128, 128, 128)
NEAR, MOST = 2, 400  # pixels that a view reaches beyond a picture: not worth repeating its edge, and at most repeated


class Geometry(NamedTuple):
    """How a view differs from the plain one; shifts are shares of the side, the angle is in degrees, clockwise."""

    mirrored: bool = False
    angle: float = 0.0
    zoom_x: float = 1.0
    zoom_y: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0


PLAIN = Geometry()
View = Literal["plain", "flip", "closer", "farther", "left", "right"]
# The views that a prediction may use.
VIEWS: dict[View, Geometry] = {
    "plain": PLAIN,
    "flip": Geometry(mirrored=True),
    "closer": Geometry(zoom_x=1.1, zoom_y=1.1),
    "farther": Geometry(zoom_x=0.9, zoom_y=0.9),
    "left": Geometry(shift_x=-0.05),
    "right": Geometry(shift_x=0.05),
}


class Seen(Protocol):
    """How a network sees pictures; a recipe says it, too."""

    image_size: int
    aspect: Aspect


def decode_for(content: bytes, seen: Seen, most: int = MAX_PIXELS) -> np.ndarray:
    """Decode a file at less than twice the size of the network's input: (height, width, 4) uint8, as `decode` does.

    It is valid until the same thread decodes another. Raises BadImage, also for a file of more pixels than `most`.
    """

    def times(height: int, width: int) -> int:
        """How often a picture can be halved and still fill the network's square."""
        return min(halvings(height, width, seen.image_size, seen.aspect))

    return shrink(decode(content, reused, times, most), seen.image_size, seen.aspect, reused)


def fill_views(images: np.ndarray, picture: np.ndarray, seen: Seen, views: Sequence[View]) -> None:
    """Write each view of a picture (height, width, 4) uint8 into `images` (views, size, size, 3) uint8."""
    for number, view in enumerate(views):
        if number and (views[number - 1], view) == ("plain", "flip"):  # ten times as fast as a warp
            cv2.flip(images[number - 1], 1, dst=images[number])
        else:
            square(picture, seen.image_size, seen.aspect, VIEWS[view], out=images[number])


def square(
    picture: np.ndarray, size: int, aspect: Aspect, geometry: Geometry = PLAIN, out: np.ndarray | None = None
) -> np.ndarray:
    """Warp a picture (height, width, 4) uint8 of `decode` to (size, size, 3) uint8, written into `out` if given.

    Beyond the edge a stretched picture repeats its edge pixels, and a padded one is grey.
    """
    picture = shrink(picture, size, aspect, reused)
    border = cv2.BORDER_CONSTANT if aspect == "pad" else cv2.BORDER_REPLICATE
    matrix, warped = _matrix(*picture.shape[:2], size, aspect, geometry), reused("warped", size, size, CHANNELS)
    if aspect == "stretch":
        picture, matrix = _with_edges(picture, matrix, size)
    cv2.warpAffine(picture, matrix, (size, size), dst=warped, borderMode=border, borderValue=GREY)
    return cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB, dst=out)


def _with_edges(picture: np.ndarray, matrix: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture with its edge pixels repeated as far as a view reaches beyond them, and its matrix.

    The view is that of BORDER_REPLICATE, which OpenCV takes three times as long for, and which goes on beyond MOST.
    """
    height, width = picture.shape[:2]
    (xx, xy, x), (yx, yy, y) = matrix.tolist()
    # The view's centre and half its extent, in the picture; in plain numbers, because NumPy would hold the GIL longer.
    half, area = (size - 1) / 2, xx * yy - xy * yx
    centre_x, centre_y = (yy * (half - x) - xy * (half - y)) / area, (xx * (half - y) - yx * (half - x)) / area
    reach_x, reach_y = half * (abs(yy) + abs(xy)) / abs(area), half * (abs(xx) + abs(yx)) / abs(area)
    beyond = (reach_y - centre_y, reach_y + centre_y - height + 1, reach_x - centre_x, reach_x + centre_x - width + 1)
    if max(beyond) < NEAR:
        return picture, matrix
    top, bottom, left, right = (max(0, min(math.ceil(side) + 1, MOST)) for side in beyond)
    memory = reused("edges", height + top + bottom, width + left + right, CHANNELS)
    picture = cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REPLICATE, dst=memory)
    moved = (xx, xy, x - xx * left - xy * top), (yx, yy, y - yx * left - yy * top)
    return picture, np.array(moved)


def shrink(picture: np.ndarray, size: int, aspect: Aspect, memory: Memory = fresh) -> np.ndarray:
    """Halve each side by averaging while it is twice its target or more: bilinear interpolation would skip pixels.

    `picture` and result are (height, width, 4) uint8; each side of the result is less than twice its target.
    """
    by_y, by_x = halvings(*picture.shape[:2], size, aspect)
    for step in range(max(by_y, by_x)):
        name = f"halved {step % 2}"  # source and target must differ
        picture = _halve(picture, step < by_y, step < by_x, partial(memory, name))
    return picture


def halvings(height: int, width: int, size: int, aspect: Aspect) -> tuple[int, int]:
    """How often each side of a picture can be halved without falling below its target."""
    if aspect == "pad":
        height = width = max(height, width)
    return max(0, (height // size).bit_length() - 1), max(0, (width // size).bit_length() - 1)


def _halve(picture: np.ndarray, rows: bool, columns: bool, memory: Memory) -> np.ndarray:
    """Average pairs of rows, columns, or both; an odd one at the end is left out."""
    height, width = picture.shape[:2]
    rows, columns = rows and height > 1, columns and width > 1  # a single row or column cannot be halved
    half = width // (1 + columns), height // (1 + rows)
    picture = picture[: half[1] * (1 + rows), : half[0] * (1 + columns)]
    # Both give the same average; INTER_AREA is faster if both sides are halved, INTER_LINEAR if only one is.
    interpolation = cv2.INTER_AREA if rows and columns else cv2.INTER_LINEAR
    return cv2.resize(picture, half, dst=memory(half[1], half[0], picture.shape[2]), interpolation=interpolation)


def _matrix(height: int, width: int, size: int, aspect: Aspect, geometry: Geometry) -> np.ndarray:
    """The matrix (2, 3) from picture to view: scale, zoom, mirror and rotate about the centre, then shift."""
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
    """Random views as a recipe defines them: the warp, then the transforms.

    The pixels are a pure function of the picture and the three numbers of the seed.
    """

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.transforms = Transforms(recipe.transforms) if recipe.transforms else None

    def __call__(self, picture: np.ndarray, seed: tuple[int, int, int], out: np.ndarray | None = None) -> np.ndarray:
        """A view (size, size, 3) uint8 of a picture (height, width, 4) uint8, written into `out` if given.

        `seed` is (seed of the recipe, epoch, index of the image).
        """
        *shares, seed_of_transforms = unrelated_numbers(seed)
        geometry = self.geometry([share / 2**64 for share in shares])
        view = square(picture, self.recipe.image_size, self.recipe.aspect, geometry, out)
        if self.transforms:
            view[:] = self.transforms(view, seed_of_transforms)
        return view

    def geometry(self, shares: Sequence[float]) -> Geometry:
        """Map six numbers from 0 to 1 to values in the recipe's ranges."""
        recipe, (low, high) = self.recipe, self.recipe.zoom
        mirror, turn, size, width, right, down = shares
        zoom, aspect = low * (high / low) ** size, (1 + recipe.aspect_jitter) ** (width - 0.5)
        # Whole pixels, because a fraction blurs: training views of small pictures would be softer than predicted ones.
        shifts = [round(recipe.shift * (2 * share - 1) * recipe.image_size) for share in (right, down)]
        return Geometry(
            mirrored=recipe.flip and mirror < 0.5,
            angle=recipe.rotation * (2 * turn - 1),
            zoom_x=zoom * aspect,
            zoom_y=zoom / aspect,
            shift_x=shifts[0] / recipe.image_size,
            shift_y=shifts[1] / recipe.image_size,
        )


def unrelated_numbers(seed: tuple[int, int, int]) -> tuple[int, ...]:
    """Seven whole numbers below 2**64, statistically independent of those of any other seed.

    A hash, because seeding a random number generator takes six to ten times as long, and holds the GIL.
    """
    return struct.unpack("<7Q", blake2b(struct.pack("<3Q", *seed), digest_size=56).digest())
