"""Probabilities of a dataset's images, and the one mean that serves runs."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from tqdm import tqdm

from competition.data.batches import PredictBatches
from competition.data.pictures import Pictures
from competition.model.devices import stream


def predict(network: keras.Model, pictures: Pictures, progress: str | None = None, flip: bool = False):
    """What the network gives for every image, in order: {task: (n, classes)}, or (n, features); float32.

    With `flip` it is the mean of what the network gives for an image and for its mirror image. Every device takes the
    recipe's batch size. `progress` names a bar on stderr.
    """
    views = 2 if flip else 1
    batch_size = max(1, pictures.recipe.batch_size * network.distribute_strategy.num_replicas_in_sync // views)
    bar = [Bar(len(pictures), batch_size, progress)] if progress else []
    with stream(PredictBatches(pictures, batch_size, flip)) as made:
        outputs = network.predict(made, verbose=0, callbacks=bar)

    def of_images(values: np.ndarray) -> np.ndarray:
        batches = values.reshape(-1, views, batch_size, values.shape[-1])
        return batches.mean(axis=1).reshape(-1, values.shape[-1])[: len(pictures)]

    return keras.tree.map_structure(of_images, outputs)


def mean_probabilities(several: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arithmetic mean of several predictions of the same images and tasks, float64."""
    return {name: np.mean([one[name] for one in several], axis=0, dtype=np.float64) for name in several[0]}


class Bar(keras.callbacks.Callback):
    """A tqdm bar over the images of a prediction."""

    def __init__(self, count: int, batch_size: int, label: str):
        super().__init__()
        self.batch_size, self.bar = batch_size, tqdm(total=count, desc=label, unit="image", disable=None)

    def on_predict_batch_end(self, batch, logs=None):
        self.bar.update(min(self.batch_size, self.bar.total - self.bar.n))

    def on_predict_end(self, logs=None):
        self.bar.close()
