"""What a network predicts for the images of a dataset, in one view or several."""

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from competition.images.batches import PredictBatches
from competition.images.cache import Pictures
from competition.images.warp import View
from competition.model.network import by_task
from competition.model.stream import stream

CHUNK = 8192  # images whose output Keras holds, several times over, before it is put beside that of the others


def predict(network: keras.Model, pictures: Pictures):
    """The network's output for every image, in order: {task: (n, classes) float32}, or (n, features) float32."""
    return predict_views(network, pictures, ("plain",))["plain"]


def predict_views(
    network: keras.Model, pictures: Pictures, views: Sequence[View], progress: str | None = None
) -> dict[View, Any]:
    """The network's output for every image in each of some views, as `predict` gives it.

    Each picture is decoded once for all views; a batch holds about the recipe's batch size of views per device, and
    an equal part of it is for each device.
    `progress` labels a progress bar on stderr.
    """
    batch_size = max(1, pictures.recipe.batch_size // len(views)) * network.distribute_strategy.num_replicas_in_sync
    bar = tqdm(total=len(pictures), desc=progress, unit="image", disable=None if progress else True)
    moves = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: bar.update(min(batch_size, bar.total - bar.n))
    )
    parts = []
    with bar:
        for start in range(0, len(pictures), CHUNK):
            part = pictures.take(np.arange(start, min(start + CHUNK, len(pictures))))
            with stream(PredictBatches(part, batch_size, views)) as made:
                outputs = network.predict(made, verbose=0, callbacks=[moves] if progress else [])
            apart = partial(_views_apart, views=len(views), images=len(part))
            parts.append(keras.tree.map_structure(apart, outputs))
    joined = keras.tree.map_structure(lambda *arrays: np.concatenate(arrays, axis=1), *parts)
    if isinstance(joined, dict):  # of a whole network; one that ends at the features has a single array
        joined = by_task(joined, pictures.recipe.tasks)
    return {view: keras.tree.map_structure(itemgetter(number), joined) for number, view in enumerate(views)}


def _views_apart(values: np.ndarray, views: int, images: int) -> np.ndarray:
    """(views, images, outputs) from the output for PredictBatches, whose last batch is filled up."""
    return values.reshape(-1, views, values.shape[-1])[:images].swapaxes(0, 1)
