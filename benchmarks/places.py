"""Where the benchmarks find photographs and weights: where they are told, else in the usual places."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from competition.data.check_images import CACHE
from competition.dataset import Dataset
from competition.layouts.classes import find_classes
from competition.layouts.fashionai import find_label_files, read_label_files

SHARED = "COMPETITION_SHARED"
PHOTOGRAPHS, WEIGHTS = Path("data/clothing"), Path("weights/squeezenet_v1.1_imagenet_notop.h5")
DRAWN = Path("data/sketches")


@dataclass(frozen=True)
class Places:
    """The data set and the weights; those not given are searched for, or drawn, when they are first needed."""

    given_data: Path | None = None
    given_weights: str | None = None

    @cached_property
    def data(self) -> Path:
        """The folder of a data set: the photographs of clothes, else the drawn garments."""
        found = self.given_data or _shared(PHOTOGRAPHS) or DRAWN
        if found == DRAWN and not DRAWN.exists():
            from competition import drawing

            drawing.draw(DRAWN)
        return found.absolute()

    @cached_property
    def weights(self) -> str:
        """SqueezeNet's weights file, or none: the speed of a network does not depend on its weights."""
        found = self.given_weights or _shared(WEIGHTS) or "none"
        return str(found) if str(found) in {"none", "imagenet"} else str(Path(found).absolute())


def some_images(places: Places, count: int | None = None) -> Dataset:
    """The labelled images, or `count` of them drawn at random."""
    dataset = read_label_files(find_label_files(places.data), classes=find_classes(places.data))
    return dataset if count is None else dataset.take(np.random.default_rng(0).permutation(len(dataset))[:count])


def _shared(path: Path) -> Path | None:
    """`path` in the folder that COMPETITION_SHARED names, if it is there; else None."""
    folder = os.environ.get(SHARED)
    return Path(folder, path) if folder and Path(folder, path).exists() else None


@contextmanager
def workplace() -> Iterator[Path]:
    """A temporary folder beside the caches, on a disk; the system's temporary folder may be in memory."""
    CACHE.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=CACHE) as folder:
        yield Path(folder).absolute()
