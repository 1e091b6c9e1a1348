"""One way to read an image, for checking, training and predicting alike."""

import os
from pathlib import Path

import cv2
import numpy as np

MAX_PIXELS = int(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"])  # set in competition/__init__.py, before OpenCV reads it
JPEG = b"\xff\xd8\xff"
WHITE = 255


class BadImage(Exception):
    """A file that cannot be read as an image; the message says why, without the path."""


def read_image(path: Path) -> np.ndarray:
    """Read a JPEG, PNG or WebP file as (height, width, 3) uint8 RGB.

    Grey, palette and CMYK pictures become RGB, transparent ones are laid on white, and a rotation noted by the
    camera (EXIF) is applied, except to pictures with transparency. Raises BadImage.
    """
    return decode(read_file(path))


def read_file(path: Path) -> bytes:
    """The bytes of an image file. Raises BadImage where it is missing, empty or not a file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadImage("there is no such file") from None
    except OSError as error:
        raise BadImage(f"cannot be opened: {error.strerror}") from None
    except ValueError as error:  # the name holds a NUL
        raise BadImage(f"cannot be the name of a file: {error}") from None
    if not content:
        raise BadImage("the file is empty")
    return content


def decode(content: bytes) -> np.ndarray:
    """The picture (height, width, 3) uint8 RGB in the bytes of an image file. Raises BadImage."""
    encoded = np.frombuffer(content, np.uint8)
    if not content.startswith(JPEG):  # JPEG has no transparency
        picture = _imdecode(encoded, cv2.IMREAD_UNCHANGED)
        if picture.ndim == 3 and picture.shape[2] == 4:
            return _on_white(picture)
    return _imdecode(encoded, cv2.IMREAD_COLOR_RGB)


def _imdecode(encoded: np.ndarray, mode: int) -> np.ndarray:
    try:
        picture = cv2.imdecode(encoded, mode)
    except cv2.error as error:
        if "MAX_IMAGE" in str(error):
            raise BadImage(
                f"larger than {MAX_PIXELS:,} pixels; make it smaller, or raise OPENCV_IO_MAX_IMAGE_PIXELS"
            ) from None
        raise BadImage(f"OpenCV cannot decode it ({error.err})") from None
    if picture is None:
        raise BadImage("not an image, or cut short; allowed are whole JPEG, PNG and WebP files")
    return picture


def _on_white(bgra: np.ndarray) -> np.ndarray:
    if bgra.dtype == np.uint16:
        bgra = (bgra // 257).astype(np.uint8)
    opacity = bgra[..., 3:].astype(np.float32) / 255
    laid = bgra[..., 2::-1] * opacity + WHITE * (1 - opacity)
    return np.rint(laid).astype(np.uint8)
