"""What a network predicts for the images of a dataset, in one view or several."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from competition.images.batches import PredictBatches
from competition.images.cache import Pictures
from competition.images.warp import View
from competition.model.stream import stream


def predict(network: keras.Model, pictures: Pictures):
    """The network's output for every image, in order: {task: (n, classes) float32}, or (n, features) float32."""
    return predict_views(network, pictures, ("plain",))["plain"]


def predict_views(
    network: keras.Model, pictures: Pictures, views: Sequence[View], progress: str | None = None
) -> dict[View, Any]:
    """The network's output for every image in each of some views, as `predict` gives it.

    Each picture is decoded once for all views; a batch holds about the recipe's batch size of views per device.
    `progress` labels a progress bar on stderr.
    """
    batch_size = max(1, pictures.recipe.batch_size * network.distribute_strategy.num_replicas_in_sync // len(views))
    bar = tqdm(total=len(pictures), desc=progress, unit="image", disable=None if progress else True)
    moves = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: bar.update(min(batch_size, bar.total - bar.n))
    )
    with stream(PredictBatches(pictures, batch_size, views)) as made, bar:
        outputs = network.predict(made, verbose=0, callbacks=[moves] if progress else [])

    def of_view(number: int, values: np.ndarray) -> np.ndarray:
        batches = values.reshape(-1, len(views), batch_size, values.shape[-1])
        return batches[:, number].reshape(-1, values.shape[-1])[: len(pictures)]

    return {view: keras.tree.map_structure(partial(of_view, n), outputs) for n, view in enumerate(views)}
