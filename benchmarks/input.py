"""How fast pictures are decoded and augmented, compared with decoding alone and with the classic way."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from benchmarks.classic import classic_view
from benchmarks.measure import time_in_turns
from benchmarks.places import Places, some_images
from benchmarks.report import Measurement
from competition.images.decode import decode, read_file, reused
from competition.images.warp import Augmentation, Geometry, unrelated_numbers
from competition.recipe import Recipe

PICTURES, CLASSIC_PICTURES, THREADS, PART = 256, 64, 2, 16
BUDGET = 15  # seconds of each comparison
cv2.setNumThreads(0)  # as in training: the threads are those of the loader
RECIPE = Recipe("bench", image_size=331, flip=True, rotation=20, zoom=(0.8, 1.2))


def rows(places: Places) -> Iterator[Measurement]:
    """Speed of making views from the bytes of files, as a ratio to `cv2.imdecode` alone and to the classic way."""
    contents = some_contents(places, PICTURES)
    ours = Views()
    few = contents[:CLASSIC_PICTURES]
    with ThreadPoolExecutor(THREADS) as pool:
        alone = time_in_turns(in_parts(pool, ours, contents), in_parts(pool, decode_alone, contents), BUDGET)
        classic = time_in_turns(in_parts(pool, ours, few), in_parts(pool, classic_way, few), BUDGET)
    difference = f"{mean_difference(ours, few):.2f} of 255 grey levels from resize-then-augment in float"
    name = f"input: decode and vary to {RECIPE.image_size}, {THREADS} threads, over"
    yield Measurement(
        f"{name} imdecode", alone.ratio, 0.65, detail=f"{alone.speeds(PICTURES)}, {alone.spread}; {difference}"
    )
    detail = f"{classic.speeds(CLASSIC_PICTURES)}, {classic.spread}"
    yield Measurement(f"{name} the classic way", classic.ratio, 6, detail=detail)


def some_contents(places: Places, count: int) -> list[bytes]:
    """The bytes of `count` images drawn at random."""
    dataset = some_images(places, count)
    return [read_file(dataset.path(row)) for row in range(len(dataset))]


class Views(threading.local):
    """The package's way from the bytes of images to views (n, size, size, 3) uint8; each thread reuses its memory."""

    def __init__(self):
        self.augmentation = Augmentation(RECIPE)

    def __call__(self, contents: Sequence[bytes]) -> np.ndarray:
        views = np.empty((len(contents), RECIPE.image_size, RECIPE.image_size, 3), np.uint8)
        for number, (content, view) in enumerate(zip(contents, views, strict=True)):
            self.augmentation(decode(content, reused), (0, 0, number), out=view)
        return views


def decode_alone(contents: Sequence[bytes]) -> None:
    for content in contents:
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)


def classic_way(contents: Sequence[bytes]) -> np.ndarray:
    """The same views as those of `Views`, made the classic way."""
    geometries = [geometry_of((0, 0, number)) for number in range(len(contents))]
    pairs = zip(contents, geometries, strict=True)
    return np.stack([classic_view(content, RECIPE.image_size, geometry) for content, geometry in pairs])


def geometry_of(seed: tuple[int, int, int]) -> Geometry:
    """The geometry that `Views` draws for this seed."""
    *shares, _ = unrelated_numbers(seed)
    return Augmentation(RECIPE).geometry([share / 2**64 for share in shares])


def in_parts(pool: ThreadPoolExecutor, make: Callable, contents: Sequence[bytes]) -> Callable[[], None]:
    """A burst: all contents, divided among the threads in parts, as batches are made."""
    parts = [contents[start : start + PART] for start in range(0, len(contents), PART)]

    def burst() -> None:
        for _ in pool.map(make, parts):
            pass

    return burst


def mean_difference(ours: Views, contents: Sequence[bytes]) -> float:
    """Mean absolute difference between the package's views and the same ones made the classic way, in grey levels."""
    return float(np.abs(ours(contents).astype(np.float32) - classic_way(contents)).mean())
