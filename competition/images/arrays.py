"""Arrays in .npy files, memory-mapped instead of loaded."""

import math
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tokenize import TokenError
from typing import IO
from zipfile import BadZipFile, ZipFile

import numpy as np

from competition.errors import InvalidInput
from competition.files import open_file, refuse_bomb

# What NumPy raises for a header, which it reads with Python's parser; and for a .npz.
HEADER_ERRORS = (ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, TokenError, RecursionError)
PACKED_ERRORS = (*HEADER_ERRORS, RuntimeError, MemoryError, EOFError, BadZipFile, zlib.error)
LONGEST_HEADER = 10_000  # bytes, as NumPy has it
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
    except HEADER_ERRORS as error:  # another format, cut short, or pickled objects, which could run code
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
    with open_file(file) as opened:
        shape, fortran, dtype = _header(opened, size)
        order = "F" if fortran else "C"
        return np.memmap(opened, dtype, mode="r", offset=opened.tell(), shape=shape, order=order)


def _header(opened: IO, size: int) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come first, and type of an array of numbers in a file of `size` bytes.

    Raises one of HEADER_ERRORS for any other, and for one whose numbers are not all there.
    """
    version = np.lib.format.read_magic(opened)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    start = opened.tell()
    length = int.from_bytes(opened.read(2 if version == (1, 0) else 4), "little")
    if length > LONGEST_HEADER:  # NumPy makes room for it before it looks
        raise ValueError(f"its header claims {length:,} bytes, and {LONGEST_HEADER:,} are allowed")
    opened.seek(start)
    shape, fortran, dtype = read(opened)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which can run anything when they are read")
    needed, there = math.prod(shape) * dtype.itemsize, size - opened.tell()
    if min(shape, default=0) < 0 or needed > there:
        raise ValueError(f"its shape {shape} takes {needed:,} bytes, and {there:,} follow")
    return shape, fortran, dtype


@contextmanager
def open_arrays(file: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """The arrays of a .npz file, each read where it is asked for, once all have been looked at.

    Raises OSError, InvalidInput for a file that unpacks to too much, and one of PACKED_ERRORS for what is no .npz, or
    holds anything but whole arrays of numbers and texts.
    """
    with open_file(file) as opened:
        with ZipFile(opened) as archive:
            refuse_bomb(file, archive)
            for member in archive.infolist():
                with archive.open(member) as array, _header_lock:
                    _header(array, member.file_size)
        opened.seek(0)
        with np.load(opened, allow_pickle=False) as arrays:
            yield arrays
