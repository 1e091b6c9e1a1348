"""The whole network: uint8 images in, one softmax or sigmoid head a task out."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
from keras import layers

from competition.errors import InvalidInput
from competition.model.backbones import BACKBONES
from competition.recipe import Recipe
from competition.task import Task

ACTIVATIONS = {"multiclass": "softmax", "multilabel": "sigmoid"}
IMAGE, POOL, DROPOUT, FEATURES, STANDARDISED = "image", "pool", "dropout", "features", "standardised"


@contextmanager
def number_format(policy: str):
    """Layers made in this block compute in `policy` (float32, mixed_bfloat16 or mixed_float16)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_network(recipe: Recipe, policy: str = "float32") -> keras.Model:
    """The network of a recipe with random weights, decided by the recipe alone.

    Takes (batch, size, size, 3) uint8 RGB and gives {task: (batch, classes) float32 probabilities}. Preprocessing
    is inside; whether batch normalisation uses the batch while training is fixed here.
    Raises InvalidInput where a task is named like another part of the network, or the images are too small.
    """
    size, spec = recipe.image_size, BACKBONES[recipe.backbone]
    with number_format(policy):
        try:
            backbone = spec.build(size)
        except ValueError as error:
            raise InvalidInput(f"{recipe.backbone} cannot be built for images of {size} pixels: {error}") from None
        image = keras.Input((size, size, 3), dtype="uint8", name=IMAGE)
        if not recipe.trains_batch_norm:
            backbone = FixedStatistics(backbone.input, backbone.output, name=backbone.name)
        maps = backbone(spec.preprocess()(image))
        features = layers.GlobalAveragePooling2D(dtype="float32", name=POOL)(maps)
        return keras.Model(image, heads(features, recipe), name="network")


@keras.saving.register_keras_serializable(package="competition")
class FixedStatistics(keras.Model):
    """A network that keeps batch normalisation in inference mode while its weights are tuned.

    The usual `backbone(x, training=False)` does not: the mode of the outer network replaces that argument (Keras
    3.15, `operation_fn` in models/functional.py), and `fit` would change the statistics.
    """

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def heads(features, recipe: Recipe) -> dict:
    """One float32 output a task, named after it, on (batch, features) tensors."""
    preprocess = BACKBONES[recipe.backbone].preprocess().name
    taken = {IMAGE, POOL, DROPOUT, FEATURES, STANDARDISED, recipe.backbone, preprocess}
    if clash := taken & {task.name for task in recipe.tasks}:
        raise InvalidInput(f"a task may not be named {', '.join(clash)}, like another part of the network; rename it")
    dropped = layers.Dropout(recipe.dropout, name=DROPOUT)(features)
    return {task.name: _head(task)(dropped) for task in recipe.tasks}


def _head(task: Task) -> layers.Layer:
    return layers.Dense(len(task), activation=ACTIVATIONS[task.kind], dtype="float32", name=task.name)


def build_heads(recipe: Recipe, mean, variance) -> keras.Model:
    """The heads alone, on features (batch, features) float32 that are standardised first; see `set_heads`."""
    features = keras.Input((len(mean),), name=FEATURES)
    standardised = layers.Normalization(mean=mean, variance=variance, name=STANDARDISED)(features)
    return keras.Model(features, heads(standardised, recipe), name="heads")


def set_heads(network: keras.Model, trained: keras.Model, mean, variance) -> None:
    """Put heads that were trained on standardised features into the network, whose features are not.

    w (x - m) / s + b = (w / s) x + (b - w m / s): the scaling moves into the head.
    """
    scale = 1 / np.maximum(np.sqrt(variance), keras.config.epsilon())
    for name in network.output_names:
        kernel, bias = trained.get_layer(name).get_weights()
        kernel = kernel * scale[:, None]
        network.get_layer(name).set_weights([kernel, bias - mean @ kernel])


def get_heads(network: keras.Model, trained: keras.Model, mean, variance) -> None:
    """The way back of `set_heads`: heads on standardised features that answer as those of the network."""
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    for name in network.output_names:
        kernel, bias = network.get_layer(name).get_weights()
        trained.get_layer(name).set_weights([kernel * deviation[:, None], bias + mean @ kernel])


def features_of(network: keras.Model) -> keras.Model:
    """The part of the network up to the pooled features, on the same devices."""
    with network.distribute_strategy.scope():
        return keras.Model(network.input, network.get_layer(POOL).output)


def set_trainable(network: keras.Model, trains: str) -> None:
    """Let a stage train all of the network, the heads, or the backbone from the layer `trains` upwards.

    Raises InvalidInput where the backbone has no layer of that name.
    """
    backbone = backbone_of(network)
    names = [layer.name for layer in backbone.layers]
    if trains not in {"all", "heads"} and trains not in names:
        close = ", ".join(difflib.get_close_matches(trains, names)) or ", ".join(names[-5:])
        raise InvalidInput(
            f"--trains {trains}: {backbone.name} has no such layer; allowed are heads, all, or a layer, such as {close}"
        )
    backbone.trainable = trains != "heads"
    if trains in names:
        for layer in backbone.layers[: names.index(trains)]:
            layer.trainable = False


def backbone_of(network: keras.Model) -> keras.Model:
    return next(layer for layer in network.layers if isinstance(layer, keras.Model))


def all_layers(network: keras.Model) -> Iterator[layers.Layer]:
    """The layers of a network and of the networks inside it."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer
