"""The baseline: how Keras' ImageDataGenerator made a view, with SciPy and in floating point, after a full resize."""

import cv2
import numpy as np
from scipy import ndimage

from competition.images.warp import Geometry


def classic_view(content: bytes, size: int, geometry: Geometry) -> np.ndarray:
    """Decode the bytes of an image file, resize, then augment: (size, size, 3) float32 RGB."""
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return augment(cv2.resize(picture.astype(np.float32), (size, size)), geometry)


def augment(picture: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Mirror, zoom, rotate and shift a picture (size, size, 3) float32 about its centre, one channel at a time.

    Interpolation is bilinear; beyond the edge the edge pixels repeat.
    """
    back, offset = _from_view_to_picture(len(picture), geometry)
    channels = np.moveaxis(picture, -1, 0)
    warped = [ndimage.affine_transform(channel, back, offset, order=1, mode="nearest") for channel in channels]
    return np.stack(warped, axis=-1)


def _from_view_to_picture(size: int, geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (2, 2) and offset (2,) from (row, column) in the view to (row, column) in the picture."""
    cos, sin = np.cos(np.deg2rad(geometry.angle)), np.sin(np.deg2rad(geometry.angle))
    turn = np.array([[cos, sin], [-sin, cos]])
    zoom = np.diag([geometry.zoom_y, -geometry.zoom_x if geometry.mirrored else geometry.zoom_x])
    back = np.linalg.inv(turn @ zoom)
    centre = (size - 1) / 2
    return back, centre - back @ (centre + size * np.array([geometry.shift_y, geometry.shift_x]))
