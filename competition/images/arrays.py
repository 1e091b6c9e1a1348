"""Arrays in .npy files, memory-mapped instead of loaded."""

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput

_header_lock = threading.Lock()


def open_array(file: Path) -> np.ndarray:
    """Memory-map an array; it stays open for later calls until the file changes.

    Raises InvalidInput if the file is missing, or does not hold a complete array of numbers.
    """
    try:
        # One thread at a time: NumPy reads the header with Python's parser, which fails in several threads of Python
        # 3.11 (SystemError: AST constructor recursion depth mismatch).
        with _header_lock:
            status = file.stat()
            return _opened(file, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:  # another format, cut short, or pickled objects, which could run code
        raise InvalidInput(f"{file} is not a whole .npy file of numbers ({error}); write it with numpy.save") from None


def open_pictures(file: Path) -> np.ndarray:
    """Memory-map an array of pictures, (images, height, width, 3) uint8. Raises InvalidInput for any other."""
    images = open_array(file)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape:
        hint = "; write (255 * images).astype(np.uint8) if they run from 0 to 1" if images.dtype.kind == "f" else ""
        raise InvalidInput(
            f"{file}: {images.dtype} of shape {images.shape}; images are uint8 (images, height, width, 3), "
            f"red, green, blue from 0 to 255{hint}"
        )
    return images


@lru_cache(maxsize=16)
def _opened(file: Path, size: int, changed: int) -> np.ndarray:
    """Size and time of change are part of the cache's key, so that a file that was rewritten is opened again."""
    return np.lib.format.open_memmap(file, mode="r")
