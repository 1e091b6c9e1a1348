"""Where a network looked: Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391), for one class of each task."""

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from competition.model.network import maps_of
from competition.task import Task

BATCH = 32  # images at a time: the maps of more would only take memory


class GradCam:
    """Heat maps of a network for its tasks. It is made once for a network, whatever weights are loaded later."""

    def __init__(self, network: keras.Model, tasks: Sequence[Task]):
        with network.distribute_strategy.scope():
            maps = {task.name: maps_of(network, task) for task in tasks}
            self._trunk = keras.Model(network.input, maps)
            self._heads = {task.name: _scores(network, task, maps[task.name]) for task in tasks}
        self._empty = {name: np.zeros((0, *one.shape[1:3]), np.float32) for name, one in maps.items()}
        numbers = {task.name: tf.TensorSpec((None,), tf.int32) for task in tasks}
        signature = tf.TensorSpec((None, *network.input.shape[1:]), tf.uint8), numbers
        self._compiled = tf.function(self._heat, input_signature=signature).get_concrete_function()

    def heat(self, images: np.ndarray, classes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What speaks for a class, and where: {task: (n, height, width) float32}, from 0 to 1 in each image.

        `images` are (n, size, size, 3) uint8, as the network takes them; `classes[task]` (n,) int is the class that is
        asked about in each image: of a multi-label task the label. Tasks that it lacks are left out. Each feature map
        counts by the mean gradient of the class's score before the activation. What speaks against the class is 0, and
        so is everything in an image where nothing speaks for it.
        """
        anything = np.zeros(len(images), np.int32)
        asked = {name: np.asarray(classes.get(name, anything), np.int32) for name in self._heads}
        parts = [self._empty]
        for start in range(0, len(images), BATCH):
            rows = slice(start, start + BATCH)
            numbers = {name: tf.constant(places[rows]) for name, places in asked.items()}
            found = self._compiled(tf.constant(images[rows]), numbers)
            parts.append({name: heat.numpy() for name, heat in found.items()})
        return {name: np.concatenate([part[name] for part in parts]) for name in classes}

    def _heat(self, images: tf.Tensor, classes: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        maps = self._trunk(images, training=False)
        return {name: _heat_of(head, maps[name], classes[name]) for name, head in self._heads.items()}


def _heat_of(head: Callable[[tf.Tensor], tf.Tensor], maps: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    maps = tf.cast(maps, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        score = tf.gather(head(maps), classes, batch_dims=1)
    weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))
    heat = tf.nn.relu(tf.einsum("nhwc,nc->nhw", maps, weights))
    return tf.math.divide_no_nan(heat, tf.reduce_max(heat, axis=(1, 2), keepdims=True))


def _scores(network: keras.Model, task: Task, maps: keras.KerasTensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """The head of a task as a function from its feature maps to the scores (batch, classes) before the activation."""
    output = network.get_layer(task.ascii_name)
    below = keras.Model(maps, output.input)
    if isinstance(output, keras.layers.Dense):  # with the activation inside; after a convolution it stands alone
        return lambda values: tf.cast(below(values, training=False), tf.float32) @ output.kernel + output.bias
    return lambda values: below(values, training=False)
