"""The one way to read an image, for checking, training and predicting alike."""

import errno
import hashlib
import io
import re
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from PIL import Image

from competition.errors import InvalidInput
from competition.files import read_bytes
from competition.images.arrays import open_pictures
from competition.images.whole import (
    BROKEN,
    JPEG,
    MAX_PIXELS,
    PNG,
    RIFF,
    WEBP,
    BadImage,
    Unreachable,
    bare_jpeg,
    check_jpeg,
    check_webp,
    refuse_too_large,
    what_else,
    whole_png,
)

END_OF_IMAGE = b"\xff\xd9"
BEYOND = bytes(range(1, 255))
# What libjpeg says of data that is damaged or missing; all else that it warns of is merely unusual.
DAMAGE = ("remature end", "bad Huffman code", "bad arithmetic code", "instead of RST", "Inconsistent progression")
# EXIF's orientations: from 5 on the picture is transposed, and then, as those before, flipped about an axis or both.
UPRIGHT, TRANSPOSED = 1, 5
FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
AT_ONCE = 2**20  # pixels
# OpenCV's flags for decoding; number i halves the sides of a JPEG i times.
REDUCED = (cv2.IMREAD_COLOR, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8)
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")  # or in capitals
ARRAY_ROW = re.compile(r"(?P<file>.+\.npy)\[(?P<row>[0-9]+)\]")
# Of errors of the system, those that are a file's own; all others are of a disk or a network.
OF_THE_FILE = (PermissionError, IsADirectoryError, NotADirectoryError)
NUMBERS_OF_THE_FILE = {errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO}
ROW = b"\x93ROW"  # begins what `read_file` returns for a row of an array
WHITE = 255
CHANNELS = 4
GRID = 32  # bytes
MOST_REUSED = 2**24  # bytes of an array: a thread that has seen one large picture does not hold its memory for ever
Memory = Callable[..., np.ndarray]  # (name, *shape) → uint8
_threads = threading.local()


class ArrayRow(bytes):
    """What `read_file` returns for a row of an array: a type of its own, because a file may begin with ROW, too."""


def is_image(path: Path | str) -> bool:
    """Whether the name of a file ends like that of an image."""
    return str(path).lower().endswith(ENDINGS)


def read_file(path: Path) -> bytes:
    """The bytes of an image file; for a row of an array (images.npy[17]): ROW, height, width, pixels.

    Raises BadImage if it is missing, empty or cannot be opened, Unreachable where that need not stay so.
    """
    if row := ARRAY_ROW.fullmatch(path.name):
        return _row_of_array(file_of(path), int(row["row"]))
    try:
        content = read_bytes(path)
    except (OSError, ValueError) as error:
        raise why_unread(error) from None
    if not content:
        raise BadImage("the file is empty")
    return content


def why_unread(error: Exception) -> BadImage:
    """What a file, or a driver of a network's files, says when it cannot be read: Unreachable, if not for the file."""
    if isinstance(error, FileNotFoundError):
        return BadImage("there is no such file")
    if isinstance(error, ValueError):  # the name holds a NUL, or the driver can make nothing of it
        return BadImage(f"cannot be the name of a file: {error}")
    reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    own = isinstance(error, OF_THE_FILE) or getattr(error, "errno", None) in NUMBERS_OF_THE_FILE
    return (BadImage if own else Unreachable)(f"cannot be opened: {reason}")


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
    """A uint8 array of this shape in memory that this thread uses for every array of this name; a large one is new.

    The page faults of fresh memory would cost a third of decoding. It is not aligned to 32 bytes on purpose: if it is,
    libjpeg-turbo bypasses the processor's cache, and decoding and warping together take 1.08 ms instead of 0.77
    (400 x 534 pixels to 331 x 331).
    """
    count = int(np.prod(shape))
    if count > MOST_REUSED:
        return fresh(name, *shape)
    held = _threads.__dict__.get(name)
    if held is None or len(held) < count:
        memory = np.empty(count + GRID, np.uint8)
        held = _threads.__dict__[name] = memory[(GRID // 4 - memory.ctypes.data) % GRID :]
    return held[:count].reshape(shape)


def fresh(name: str, *shape: int) -> np.ndarray:
    """A new uint8 array, for callers that keep the picture; `name` is ignored."""
    return np.empty(shape, np.uint8)


def decode(
    content: bytes,
    memory: Memory = fresh,
    halvings: Callable[[int, int], int] = lambda height, width: 0,
    most: int = MAX_PIXELS,
) -> np.ndarray:
    """Decode a JPEG, PNG or WebP file, or a row of an array: (height, width, 4) uint8, red, green, blue, 255.

    Grey, palette and CMYK pictures become RGB, transparent ones are put on white, and the EXIF orientation is applied,
    except to pictures with transparency. The fourth channel holds no information: OpenCV warps four channels in two
    thirds of the time it takes for three. With `memory=reused` the picture is valid until the same thread decodes
    another. `halvings(height, width)` says how often the sides of a JPEG may be halved, up to three times, which saves
    most of the work. Raises BadImage, for a file of more pixels than `most` before it is decoded.
    """
    if isinstance(content, ArrayRow):
        sides, pixels = len(ROW), len(ROW) + 2 * np.uint32().itemsize
        height, width = np.frombuffer(content[sides:pixels], np.uint32).tolist()
        picture = np.frombuffer(content, np.uint8, offset=pixels).reshape(height, width, 3)
        return _four_channels(picture, cv2.COLOR_RGB2RGBA, memory)
    if content.startswith(JPEG):
        return _jpeg(content, memory, halvings, most)
    if content.startswith(PNG):
        content, transparent = whole_png(content, most)
    elif content.startswith(RIFF) and content.startswith(WEBP, 8):
        check_webp(content, most)
        transparent = True  # or not: OpenCV tells
    else:
        raise BadImage(what_else(content))
    if transparent:
        picture = _imdecode(content, cv2.IMREAD_UNCHANGED)
        if picture.ndim == 3 and picture.shape[2] == CHANNELS:
            return _four_channels(_on_white(picture), cv2.COLOR_RGB2RGBA, memory)
    return _four_channels(_imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGBA, memory)


def _jpeg(content: bytes, memory: Memory, halvings: Callable[[int, int], int], most: int) -> np.ndarray:
    """Decode a JPEG with simplejpeg, which writes into given memory and says what is wrong with a file.

    OpenCV, which fills up in silence what is missing, only converts CMYK. All use libjpeg-turbo and give the same
    pixels.
    """
    orientation = check_jpeg(content, most)
    name = "decoded" if orientation == UPRIGHT else "to be turned"
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
        times = min(halvings(height, width), len(REDUCED) - 1)
        if colours in {"CMYK", "YCCK"}:
            simplejpeg.decode_jpeg(content, "CMYK", min_height=1, min_width=1)  # raises what is wrong
            return _four_channels(_imdecode(content, REDUCED[times]), cv2.COLOR_BGR2RGBA, memory)
        height, width = -(-height >> times), -(-width >> times)  # rounded up, as libjpeg does
        out = memory(name, height, width, CHANNELS)
        picture = simplejpeg.decode_jpeg(content, "RGBA", min_height=height, min_width=width, buffer=out)
    except ValueError as error:
        if any(words in str(error) for words in DAMAGE):
            raise BadImage(f"{BROKEN} ({error})") from None
        picture = _four_channels(_unusual_jpeg(bare_jpeg(content)), cv2.COLOR_RGB2RGBA, memory, name)
    return picture if orientation == UPRIGHT else _turned(picture, orientation, memory)


def _turned(picture: np.ndarray, orientation: int, memory: Memory) -> np.ndarray:
    """A picture (height, width, 4) uint8 as its EXIF orientation says that it is to be seen."""
    height, width = picture.shape[:2] if orientation < TRANSPOSED else picture.shape[1::-1]
    out = memory("decoded", height, width, CHANNELS)
    if orientation < TRANSPOSED:
        return cv2.flip(picture, FLIPS[orientation], dst=out)
    turned = cv2.transpose(picture, dst=out)
    return turned if orientation == TRANSPOSED else cv2.flip(turned, FLIPS[orientation], dst=out)


def _unusual_jpeg(content: bytes) -> np.ndarray:
    """A picture (height, width, 3) uint8 of a JPEG that is unusual, as those with bytes behind their data.

    Pillow decodes more kinds than simplejpeg and prints nothing, but says nothing of data that ends too early. Then
    bytes put behind the data show in the picture; else they change nothing.
    """
    end = content.rfind(END_OF_IMAGE)
    picture = _by_pillow(content)
    if end < 0 or not np.array_equal(picture, _by_pillow(content[:end] + BEYOND + content[end:])):
        raise BadImage(BROKEN)
    return picture


def _by_pillow(content: bytes) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error):
        raise BadImage(BROKEN) from None


def _four_channels(picture: np.ndarray, conversion: int, memory: Memory, name: str = "decoded") -> np.ndarray:
    """Convert a picture of three channels to the four that `decode` returns."""
    height, width = picture.shape[:2]
    return cv2.cvtColor(picture, conversion, dst=memory(name, height, width, CHANNELS))


def _imdecode(content: bytes, mode: int) -> np.ndarray:
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), mode)
    except cv2.error as error:
        if "MAX_IMAGE" in str(error):
            refuse_too_large(MAX_PIXELS + 1, 1)
        raise BadImage(f"OpenCV cannot decode it ({error.err})") from None
    if picture is None:
        raise BadImage(BROKEN)
    return picture


def _on_white(bgra: np.ndarray) -> np.ndarray:
    """Lay a picture (height, width, 4) uint8 or uint16 on white: (height, width, 3) uint8, red, green, blue.

    Some rows at a time, because the numbers between are four times as large as the pixels.
    """
    laid = np.empty((*bgra.shape[:2], 3), np.uint8)
    rows = max(1, AT_ONCE // bgra.shape[1])
    for start in range(0, len(bgra), rows):
        part = bgra[start : start + rows]
        if part.dtype == np.uint16:
            part = (part // 257).astype(np.uint8)
        opacity = part[..., 3:].astype(np.float32) / 255
        laid[start : start + rows] = np.rint(part[..., 2::-1] * opacity + WHITE * (1 - opacity))
    return laid
