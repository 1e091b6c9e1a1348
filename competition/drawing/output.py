"""Write a drawn data set to disk, its pictures made by all cores, and refuse what cannot be drawn."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from competition.errors import InvalidInput
from competition.files import refuse_filled
from competition.threads import in_threads

JPEG_QUALITY = 90
Subject = TypeVar("Subject")
Drawn = TypeVar("Drawn")


def refuse(folder: Path, images: int, fewest: int, what: str, seed: int) -> None:
    """Raises InvalidInput, before anything is written, for what no drawing can be made of.

    That is fewer images than `fewest`, which show `what` once, a negative seed, and a folder that is not empty.
    """
    if images < fewest:
        raise InvalidInput(f"{images} images cannot show {what}: draw {fewest} or more")
    if seed < 0:
        raise InvalidInput(f"the seed is {seed}; allowed are whole numbers from 0")
    refuse_filled(folder)


def write_pictures(
    work: Iterable[tuple[Path, Subject]],
    paint: Callable[[Subject], np.ndarray],
    progress: bool = True,
    threads: int | None = None,
) -> None:
    """Write what `paint` gives for each sample, (height, width, 3) uint8 BGR, to its path, in the format of its ending.

    Folders are made as needed.
    """
    work = list(work)
    for folder in {path.parent for path, _ in work}:
        folder.mkdir(parents=True, exist_ok=True)

    def write(job: tuple[Path, Subject]) -> None:
        path, sample = job
        path.write_bytes(encoded(paint(sample), path.suffix))

    deque(drawn(write, work, progress, threads), maxlen=0)


def encoded(image: np.ndarray, ending: str = ".jpg") -> bytes:
    """The bytes of an image file for a picture (height, width, 3) uint8, BGR."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if ending == ".jpg" else []
    return cv2.imencode(ending, image, quality)[1].tobytes()


def drawn(
    paint: Callable[[Subject], Drawn], samples: Sequence[Subject], progress: bool = True, threads: int | None = None
) -> Iterator[Drawn]:
    """What `paint` gives for each of `samples`, in their order, by `threads` or all of this process, with a bar."""
    with one_opencv_thread():
        yield from in_threads(paint, samples, "drawing" if progress else "", threads)


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV to one thread, because the pool already uses all cores; its setting is put back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def file_name(*of: object) -> str:
    """32 hexadecimal digits that say nothing about the picture; the same for the same `of`."""
    return blake2b("/".join(map(str, of)).encode(), digest_size=16).hexdigest()


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """A text file, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
