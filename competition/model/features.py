"""Pooled features of a frozen backbone, computed once and cached on disk for later runs and folds."""

import hashlib
import json
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from competition.files import CACHE, refuse_folder, whole_file
from competition.images.batches import filled_rows, places
from competition.images.cache import PIXELS, Pictures
from competition.model.network import POOL, backbone_of, by_task, features_of
from competition.model.predict import predict
from competition.model.stream import stream
from competition.model.workers import here
from competition.recipe import Recipe
from competition.task import Task

CHUNK = 2048  # rows in memory at once
ROWS = 128  # in a step of the heads, on each device
LEAST_VARIANCE = 1e-3  # of a feature, as a fraction of the mean variance of all features


class Features:
    """Pooled features of some images: `rows` (n,) int of a memory-mapped `array` (images, features) float32."""

    def __init__(self, array: np.ndarray, rows: np.ndarray):
        self.array, self.rows = array, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows) -> np.ndarray:
        """Some of these rows, (rows, features) float32, read into memory."""
        return self.array[self.rows[rows]]

    def take(self, rows: np.ndarray) -> "Features":
        return Features(self.array, self.rows[rows])

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each feature, (features,) float64, without reading all rows at once.

        The variance of a nearly constant feature is raised: divided by its own standard deviation, its noise would
        count as much as the signal of others, and the huge weights of the heads on it would diverge in later stages.
        """
        from sklearn.preprocessing import StandardScaler  # which takes a second to import

        scaler = StandardScaler()
        for rows in _chunks(len(self)):
            scaler.partial_fit(self[rows].astype(np.float64))
        return scaler.mean_, np.maximum(scaler.var_, LEAST_VARIANCE * scaler.var_.mean())


def cached_features(network: keras.Model, policy: str, pictures: Pictures, cache: Path = CACHE) -> Features:
    """The pooled features (images, features) float32 of pictures with digests; row i is that of picture i.

    Found in `cache`/features by all that they depend on: the images' content, the backbone and its weights, size
    and aspect, and the number format.
    """
    unique, first, rows = np.unique(np.array(pictures.digests), return_index=True, return_inverse=True)
    path = features_file(network, policy, pictures, cache)
    shape = (len(unique), network.get_layer(POOL).output.shape[1])
    with here().taking_turns(path.with_suffix(".lock")):  # a process that needs them, too, waits for them
        if not here().all(_is_whole(path, shape)):
            with whole_file(path) as temporary:  # synced: reserved space that was never filled looks whole
                _compute(_reserve(temporary, shape), network, pictures.take(first))
    return Features(np.load(path, mmap_mode="r"), rows)


def features_file(network: keras.Model, policy: str, pictures: Pictures, cache: Path) -> Path:
    """Where the features of pictures are cached, or would be."""
    unique = np.unique(np.array(pictures.digests))
    return cache / "features" / f"{_key(network, pictures.recipe, policy, unique)}.npy"


def _is_whole(path: Path, shape: tuple[int, int]) -> bool:
    """Whether a file holds all features (images, features); prints a message where it exists and does not."""
    if not path.exists():
        return False
    refuse_folder(path)
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, OverflowError):  # cut, empty, or something else
        array = np.empty(0)
    whole = (array.shape, array.dtype) == (shape, np.float32) and path.stat().st_size == array.offset + array.nbytes
    if not whole:
        print(f"{path} is not a complete file of {shape[0]:,} x {shape[1]:,} features; they are computed again")
    return whole


def _reserve(path: Path, shape: tuple[int, int]) -> np.memmap:
    """A memory-mapped .npy file with its space reserved: a disk that is full later would kill the process silently."""
    try:
        array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        size = 4 * math.prod(shape)
        raise OSError(error.errno, f"{error.strerror} for {size:,} bytes of features", str(path.parent)) from None
    return array


def predict_features(heads: keras.Model, features: Features, tasks: Sequence[Task]) -> dict[str, np.ndarray]:
    """The heads' probabilities {task: (n, classes) float32} for features, without reading all rows at once."""
    with stream(FeatureBatches(features, ROWS * heads.distribute_strategy.num_replicas_in_sync)) as made:
        outputs = by_task(heads.predict(made, verbose=0), tasks)
    return {name: values[: len(features)] for name, values in outputs.items()}


class FeatureBatches:
    """Features in their order, (batch_size, features) float32; the last batch is filled up with the last row."""

    def __init__(self, features: Features, batch_size: int):
        self.features, self.batch_size = features, batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.features) / self.batch_size)

    def __getitem__(self, batch: int) -> np.ndarray:
        return self.share(batch)

    def share(self, batch: int, number: int = 0, of: int = 1) -> np.ndarray:
        rows = filled_rows(batch, self.batch_size, len(self.features))
        return self.features[rows[places(self.batch_size, number, of)]]


def _compute(array: np.memmap, network: keras.Model, pictures: Pictures) -> None:
    """Write the features of all images, one chunk at a time."""
    extractor = features_of(network)
    with tqdm(total=len(pictures), desc="features", unit="image", disable=None) as bar:
        for rows in _chunks(len(pictures)):
            part = pictures.take(np.arange(len(pictures))[rows])
            array[rows] = predict(extractor, part)
            bar.update(len(part))
    array.flush()


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


def _key(network: keras.Model, recipe: Recipe, policy: str, digests: np.ndarray) -> str:
    content = hashlib.sha256("".join(digests).encode())
    for values in backbone_of(network).get_weights():
        content.update(np.ascontiguousarray(values))
    facts = [recipe.backbone, recipe.activation, recipe.pool, recipe.image_size, recipe.aspect, policy, PIXELS]
    content.update(json.dumps([*facts, keras.__version__]).encode())
    return content.hexdigest()[:32]
