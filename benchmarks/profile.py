"""Where the time goes: the stages from an image file to a view, and a training step by kind of operation."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.engine import Repeated, compiled
from benchmarks.places import Places, some_images, workplace
from benchmarks.precision import CASES, Case, recipe_of
from benchmarks.report import Measurement
from competition.data.check_images import inspect
from competition.images.cache import PictureCache, Pictures
from competition.images.decode import decode, read_file, reused
from competition.images.transforms import Transforms
from competition.images.warp import Augmentation, shrink
from competition.model.devices import half_format
from competition.recipe import Recipe

IMAGES, STEPS, KINDS = 200, 5, 8
PROFILED = ("small", "squeezenet", "efficientnet_lite2")
NO_OPERATIONS = {"Process", "Run", "ParallelFor"}  # events of the executor that enclose operations


def rows(places: Places) -> Iterator[Measurement]:
    """Microseconds per image of each stage of a view, and milliseconds per training step by operation; no goals."""
    for size in (227, 331):
        yield from parts_of_a_view(places, size)
    for case in CASES:
        if case.backbone in PROFILED:
            yield from parts_of_a_step(case)


def parts_of_a_view(places: Places, size: int) -> Iterator[Measurement]:
    """The stages of a view in microseconds of processor time of one thread, the median over some images."""
    dataset = some_images(places, IMAGES)
    recipe = Recipe("bench", image_size=size, rotation=20, zoom=(0.8, 1.2))
    warp, out = Augmentation(recipe), np.empty((size, size, 3), np.uint8)
    colour = Transforms((("brightness", 0.1), ("contrast", 0.2)))
    paths = [dataset.path(row) for row in range(IMAGES)]
    contents = [read_file(path) for path in paths]
    pictures = Pictures(dataset, recipe)
    with workplace() as folder:
        digests = inspect(dataset).digests
        cached = Pictures(dataset, recipe, digests, PictureCache(folder / "pictures", recipe, 10**10))
        fresh = microseconds(cached.__getitem__)
        yield Measurement(f"profile {size}: read the file, us", microseconds(lambda row: read_file(paths[row])))
        encoded = [np.frombuffer(content, np.uint8) for content in contents]
        alone = microseconds(lambda row: cv2.imdecode(encoded[row], cv2.IMREAD_COLOR))
        yield Measurement(f"profile {size}: cv2.imdecode, for comparison, us", alone)
        yield Measurement(f"profile {size}: decode, us", microseconds(lambda row: decode(contents[row], reused)))
        large = [decode(content) for content in contents[:20]]
        yield Measurement(
            f"profile {size}: shrink, us", microseconds(lambda row: shrink(large[row % 20], size, "stretch", reused))
        )
        small = [shrink(picture, size, "stretch") for picture in large]
        taken = microseconds(lambda row: warp(small[row % 2], (0, 0, row), out))
        yield Measurement(f"profile {size}: draw the geometry and warp, us", taken)
        yield Measurement(f"profile {size}: brightness and contrast, us", microseconds(lambda row: colour(out, row)))
        taken = microseconds(lambda row: warp(pictures[row], (0, 0, row), out))
        yield Measurement(f"profile {size}: all of it from the file, us", taken)
        yield Measurement(f"profile {size}: a picture decoded and kept on disk, us", fresh)
        yield Measurement(f"profile {size}: a picture read from there, us", microseconds(cached.__getitem__))


def microseconds(work: Callable[[int], object]) -> float:
    """Processor time of one call in microseconds, the median over the images."""
    taken = []
    for row in range(IMAGES):
        start = time.thread_time()
        work(row)
        taken.append(time.thread_time() - start)
    return float(np.median(taken)) * 1e6


def parts_of_a_step(case: Case) -> Iterator[Measurement]:
    """A training step of a network by kind of operation, in milliseconds over all threads."""
    import tensorflow as tf

    recipe = recipe_of(case)
    network, repeated = compiled(recipe, half_format() or "float32"), Repeated(recipe)
    repeated.train(network, STEPS)
    with workplace() as folder:
        with tf.profiler.experimental.Profile(str(folder)):
            repeated.train(network, STEPS)
        spent = operations(next(folder.rglob("*.xplane.pb")))
    total = sum(spent.values())
    for kind, milliseconds in spent.most_common(KINDS):
        name = f"profile step of {case.backbone} {case.image_size}: {kind}, ms"
        share = f"{milliseconds / total:.0%} of {total / STEPS:.0f} ms over all threads"
        yield Measurement(name, milliseconds / STEPS, detail=share)


def operations(file: Path) -> Counter:
    """Milliseconds by kind of operation in a trace of TensorFlow's profiler, whose events are named name:kind."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    spent, space = Counter(), XSpace.FromString(file.read_bytes())
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name, _, kind = plane.event_metadata[event.metadata_id].name.rpartition(":")
                if name and kind.isidentifier() and kind not in NO_OPERATIONS:
                    spent[kind] += event.duration_ps / 1e9
    return spent
