"""How fast a larger machine could feed images to an accelerator."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import log2

import numpy as np

from benchmarks.measure import time_in_turns
from benchmarks.places import Places, some_images, workplace
from benchmarks.report import Measurement
from competition.data.check_images import inspect
from competition.images.batches import augmented_views
from competition.images.cache import GIGABYTE, PictureCache, Pictures
from competition.recipe import Recipe

IMAGES, BATCH, BUDGET, CORES = 512, 16, 20, 16
NETWORKS = {"NASNetLarge": 331, "InceptionResNetV2": 299, "SqueezeNet": 227}


def rows(places: Places) -> Iterator[Measurement]:
    """Estimated augmented images per second on 16 cores, from files and from the picture cache; no goals."""
    dataset = some_images(places, IMAGES)
    for network, size in NETWORKS.items():
        recipe = Recipe("bench", image_size=size, rotation=20, zoom=(0.8, 1.2))
        with workplace() as folder:
            kept = Pictures(dataset, recipe, inspect(dataset).digests, PictureCache(folder, recipe, 10 * GIGABYTE))
            for name, pictures in {"from files": Pictures(dataset, recipe), "kept on disk": kept}.items():
                yield feed(f"{network} {size}, {name}", pictures)


def feed(name: str, pictures: Pictures) -> Measurement:
    """Images per second on many cores, if every doubling of threads gains as much as the first."""
    one, two = (partial(make_views, pictures, threads) for threads in (1, 2))
    compared = time_in_turns(two, one, BUDGET)
    single = len(pictures) / float(np.median(compared.second))
    detail = f"{compared.speeds(len(pictures))} on two threads and one, {compared.spread}"
    return Measurement(f"{CORES} cores: {name}, images/s", single * compared.ratio ** log2(CORES), detail=detail)


def make_views(pictures: Pictures, threads: int) -> None:
    """Make all views once, in batches, as a training does."""
    views = augmented_views(pictures)
    batches = np.array_split(np.arange(len(pictures)), len(pictures) // BATCH)
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda batch: views(batch, 0), batches):
            pass
