"""The one way to read an image, for checking, training and predicting alike."""

import hashlib
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from competition.errors import InvalidInput
from competition.images.arrays import open_pictures

MAX_PIXELS = int(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"])  # set in competition/__init__.py, before OpenCV reads it
JPEG = b"\xff\xd8\xff"
START_OF_SCAN, APP1, EXIF = b"\xda", b"\xe1", b"Exif\0\0"
# OpenCV's flags for decoding; number i halves the sides of a JPEG i times.
REDUCED = (cv2.IMREAD_COLOR, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8)
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")  # or in capitals
ARRAY_ROW = re.compile(r"(?P<file>.+\.npy)\[(?P<row>[0-9]+)\]")
ROW = b"\x93ROW"  # begins what `read_file` returns for a row of an array
WHITE = 255
CHANNELS = 4
GRID = 32  # bytes
Memory = Callable[..., np.ndarray]  # (name, *shape) → uint8
_threads = threading.local()


class BadImage(Exception):
    """A file cannot be read as an image; the message says why, without the path."""


class ArrayRow(bytes):
    """What `read_file` returns for a row of an array: a type of its own, because a file may begin with ROW, too."""


def is_image(path: Path | str) -> bool:
    """Whether the name of a file ends like that of an image."""
    return str(path).lower().endswith(ENDINGS)


def read_file(path: Path) -> bytes:
    """The bytes of an image file; for a row of an array (images.npy[17]): ROW, height, width, pixels.

    Raises BadImage if it is missing, empty or cannot be opened.
    """
    if row := ARRAY_ROW.fullmatch(path.name):
        return _row_of_array(file_of(path), int(row["row"]))
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


def file_of(path: Path) -> Path:
    """The file that holds an image: the path itself, or the array of which it is a row."""
    row = ARRAY_ROW.fullmatch(path.name)
    return path.with_name(row["file"]) if row else path


def _row_of_array(file: Path, row: int) -> ArrayRow:
    try:
        pictures = open_pictures(file)
    except InvalidInput as error:
        raise BadImage(str(error)) from None
    if row >= len(pictures):
        raise BadImage(f"the array has only {len(pictures)} rows")
    picture = pictures[row]
    return ArrayRow(ROW + np.array(picture.shape[:2], np.uint32).tobytes() + picture.tobytes())


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal, by which caches identify a file."""
    return hashlib.sha256(content).hexdigest()


def reused(name: str, *shape: int) -> np.ndarray:
    """A uint8 array of this shape in memory that this thread uses for every array of this name.

    The page faults of fresh memory would cost a third of decoding. It is not aligned to 32 bytes on purpose: if it is,
    libjpeg-turbo bypasses the processor's cache, and decoding and warping together take 1.08 ms instead of 0.77
    (400 x 534 pixels to 331 x 331).
    """
    count = int(np.prod(shape))
    held = _threads.__dict__.get(name)
    if held is None or len(held) < count:
        memory = np.empty(count + GRID, np.uint8)
        held = _threads.__dict__[name] = memory[(GRID // 4 - memory.ctypes.data) % GRID :]
    return held[:count].reshape(shape)


def fresh(name: str, *shape: int) -> np.ndarray:
    """A new uint8 array, for callers that keep the picture; `name` is ignored."""
    return np.empty(shape, np.uint8)


def decode(
    content: bytes, memory: Memory = fresh, halvings: Callable[[int, int], int] = lambda height, width: 0
) -> np.ndarray:
    """Decode a JPEG, PNG or WebP file, or a row of an array: (height, width, 4) uint8, red, green, blue, 255.

    Grey, palette and CMYK pictures become RGB, transparent ones are put on white, and the EXIF orientation is applied,
    except to pictures with transparency. The fourth channel holds no information: OpenCV warps four channels in two
    thirds of the time it takes for three. With `memory=reused` the picture is valid until the same thread decodes
    another. `halvings(height, width)` says how often the sides of a JPEG may be halved, up to three times, which saves
    most of the work. Raises BadImage.
    """
    if content.startswith(JPEG):
        return _jpeg(content, memory, halvings)
    if isinstance(content, ArrayRow):
        sides, pixels = len(ROW), len(ROW) + 2 * np.uint32().itemsize
        height, width = np.frombuffer(content[sides:pixels], np.uint32).tolist()
        picture = np.frombuffer(content, np.uint8, offset=pixels).reshape(height, width, 3)
        return _four_channels(picture, cv2.COLOR_RGB2RGBA, memory)
    picture = _imdecode(content, cv2.IMREAD_UNCHANGED)
    if picture.ndim == 3 and picture.shape[2] == CHANNELS:
        return _four_channels(_on_white(picture), cv2.COLOR_RGB2RGBA, memory)
    return _four_channels(_imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGBA, memory)


def _jpeg(content: bytes, memory: Memory, halvings: Callable[[int, int], int]) -> np.ndarray:
    """Decode a JPEG with simplejpeg, which writes into given memory, or with OpenCV where simplejpeg is not enough.

    Both use libjpeg-turbo and give the same pixels. OpenCV applies the EXIF orientation, converts CMYK, and decides
    what is broken or too large.
    """
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:
        return _four_channels(_imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGBA, memory)
    times = min(halvings(height, width), len(REDUCED) - 1)
    if not _has_exif(content) and colours in {"YCbCr", "Gray"} and height * width <= MAX_PIXELS:
        height, width = -(-height >> times), -(-width >> times)  # rounded up, as libjpeg does
        out = memory("decoded", height, width, CHANNELS)
        try:
            return simplejpeg.decode_jpeg(content, "RGBA", min_height=height, min_width=width, buffer=out)
        except ValueError:  # broken, or merely unusual
            pass
    return _four_channels(_imdecode(content, REDUCED[times]), cv2.COLOR_BGR2RGBA, memory)


def _has_exif(content: bytes) -> bool:
    """Whether a JPEG has an EXIF segment; True if its segments cannot be parsed.

    Segments precede the scan: FF, a byte for the kind, a length that does not count these two (ITU-T T.81, B.1.1.4).
    """
    place = 2
    while content[place : place + 1] == b"\xff":
        kind, length = content[place + 1 : place + 2], int.from_bytes(content[place + 2 : place + 4])
        if kind == START_OF_SCAN:
            return False
        if kind == APP1 and content.startswith(EXIF, place + 4):
            return True
        place += 2 + length
    return True


def _four_channels(picture: np.ndarray, conversion: int, memory: Memory) -> np.ndarray:
    """Convert a picture of three channels to the four that `decode` returns."""
    height, width = picture.shape[:2]
    return cv2.cvtColor(picture, conversion, dst=memory("decoded", height, width, CHANNELS))


def _imdecode(content: bytes, mode: int) -> np.ndarray:
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error as error:
        text = f"larger than {MAX_PIXELS:,} pixels; make it smaller, or raise OPENCV_IO_MAX_IMAGE_PIXELS"
        raise BadImage(text if "MAX_IMAGE" in str(error) else f"OpenCV cannot decode it ({error.err})") from None
    if picture is None:
        raise BadImage("not an image, or cut short; allowed are whole JPEG, PNG and WebP files")
    return picture


def _on_white(bgra: np.ndarray) -> np.ndarray:
    if bgra.dtype == np.uint16:
        bgra = (bgra // 257).astype(np.uint8)
    opacity = bgra[..., 3:].astype(np.float32) / 255
    laid = bgra[..., 2::-1] * opacity + WHITE * (1 - opacity)
    return np.rint(laid).astype(np.uint8)
