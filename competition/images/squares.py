"""What networks are to see of a picture: a square for each size, way to fill it and view."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from competition.images.warp import View, decode_for, fill_views
from competition.images.whole import MAX_PIXELS
from competition.recipe import Aspect


class Shape(NamedTuple):
    """All that the squares (views, size, size, 3) uint8 of a picture depend on."""

    image_size: int
    aspect: Aspect
    views: tuple[View, ...]

    @property
    def sides(self) -> tuple[int, int, int, int]:
        return len(self.views), self.image_size, self.image_size, 3


Squares = Mapping[Shape, np.ndarray]


def fill(squares: Squares, content: bytes, most: int = MAX_PIXELS) -> None:
    """Write what is to be seen of an image file into its `squares`.

    Raises BadImage, for a file of more pixels than `most` before it is decoded.
    """
    for shape, images in squares.items():
        fill_views(images, decode_for(content, shape, most), shape, shape.views)
