"""The whole network: uint8 images in, one softmax or sigmoid output per task."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import keras
import numpy as np
from keras import layers

from competition.errors import InvalidInput
from competition.model.backbones.layers import activate
from competition.model.backbones.registry import BACKBONES
from competition.model.workers import here
from competition.recipe import Activation, Recipe
from competition.task import Task

ACTIVATIONS = {"multiclass": "softmax", "multilabel": "sigmoid"}
POOLS = {"average": layers.GlobalAveragePooling2D, "flatten": layers.Flatten}
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
    """The network of a recipe, with random weights.

    Takes (batch, size, size, 3) uint8 RGB and gives probabilities {output: (batch, classes) float32}: `ascii_name` is
    the output of a task, because Keras makes layers, losses and metrics of it (`by_task` gives the names back).
    Preprocessing is inside; whether batch normalisation uses the batch while training is fixed here.
    Raises InvalidInput where the images are too small, or `split_at` names no layer to split at.
    """
    size, spec = recipe.image_size, BACKBONES[recipe.backbone]
    with number_format(policy):
        try:
            backbone = spec.build(recipe)
        except ValueError as error:
            raise InvalidInput(f"{recipe.backbone} cannot be built for images of {size} pixels: {error}") from None
        image = keras.Input((size, size, 3), dtype="uint8", name=IMAGE)
        trunk, branches = split(backbone, recipe)
        maps = trunk(spec.preprocess()(image))
        if branches:
            outputs = {
                task.ascii_name: _branch_head(task, branches[task.ascii_name](maps), recipe) for task in recipe.tasks
            }
        elif recipe.head == "convolution":
            outputs = {task.ascii_name: _convolution_head(task, maps, recipe) for task in recipe.tasks}
        else:
            outputs = heads(POOLS[recipe.pool](dtype="float32", name=POOL)(maps), recipe)
        return here().network_class(image, outputs, name="network")


def split(backbone: keras.Model, recipe: Recipe) -> tuple[keras.Model, dict[str, keras.Model]]:
    """The part of a backbone that all tasks share, and a copy of the rest for each output; none without `split_at`.

    Raises InvalidInput where the backbone has no such layer.
    """
    if not recipe.split_at:
        return _fixed(backbone, recipe), {}
    names = [layer.name for layer in backbone.layers]
    if recipe.split_at not in names[:-1]:
        close = ", ".join(difflib.get_close_matches(recipe.split_at, names)) or ", ".join(names[-6:-1])
        raise InvalidInput(f"split_at is {recipe.split_at!r}; {backbone.name} can be split at layers such as {close}")
    border = backbone.get_layer(recipe.split_at).output
    trunk = keras.Model(backbone.input, border, name=backbone.name)
    rest = keras.Model(border, backbone.output)
    copies = {task.ascii_name: keras.models.clone_model(rest) for task in recipe.tasks}
    for name, copy in copies.items():
        copy.name = f"{name}_branch"
    return _fixed(trunk, recipe), {name: _fixed(copy, recipe) for name, copy in copies.items()}


def _fixed(part: keras.Model, recipe: Recipe) -> keras.Model:
    return part if recipe.trains_batch_norm else FixedStatistics(part.input, part.output, name=part.name)


@keras.saving.register_keras_serializable(package="competition")
class FixedStatistics(keras.Model):
    """A network that keeps batch normalisation in inference mode while its weights are tuned.

    The usual `backbone(x, training=False)` does not: the mode of the outer network replaces that argument (Keras
    3.15, `operation_fn` in models/functional.py), and `fit` would change the statistics.
    """

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


def heads(features, recipe: Recipe) -> dict:
    """{output: (batch, classes) float32} from (batch, features): shared layers, then a tower and an output per task."""
    if not recipe.shared and not any(recipe.towers):
        features = layers.Dropout(recipe.dropout, name=DROPOUT)(features)
    x = dense_layers(features, "shared", recipe.shared, recipe.shared_activation, recipe.dropout)
    return {task.ascii_name: _dense_head(task, x, recipe) for task in recipe.tasks}


def dense_layers(x, name: str, widths: Sequence[int], activation: Activation, dropout: float, l2: float = 0):
    """Dense layers on (batch, n), one after the other, each with its activation and dropout."""
    for number, width in enumerate(widths, start=1):
        x = layers.Dense(width, kernel_regularizer=_penalty(l2), name=f"{name}_{number}")(x)
        x = activate(x, activation, f"{name}_{number}_activation")
        x = layers.Dropout(dropout, name=f"{name}_{number}_dropout")(x)
    return x


def _dense_head(task: Task, x, recipe: Recipe):
    towers = recipe.towers or ((),)
    widths = towers[recipe.tasks.index(task) if len(towers) > 1 else 0]
    x = dense_layers(x, task.ascii_name, widths, recipe.activation, recipe.dropout, recipe.l2)
    options = {"activation": ACTIVATIONS[task.kind], "kernel_regularizer": _penalty(recipe.l2), "dtype": "float32"}
    return layers.Dense(len(task), name=task.ascii_name, **options)(x)


def _convolution_head(task: Task, maps, recipe: Recipe):
    """A 1x1 convolution to the classes, averaged over the picture."""
    name, penalty = task.ascii_name, _penalty(recipe.l2)
    maps = layers.Dropout(recipe.dropout, name=f"{name}_dropout")(maps)
    maps = layers.Conv2D(len(task), 1, kernel_regularizer=penalty, dtype="float32", name=f"{name}_maps")(maps)
    x = layers.GlobalAveragePooling2D(dtype="float32", name=f"{name}_{POOL}")(maps)
    return layers.Activation(ACTIVATIONS[task.kind], dtype="float32", name=name)(x)


def _branch_head(task: Task, maps, recipe: Recipe):
    """The head on the maps of the task's own branch."""
    if recipe.head == "convolution":
        return _convolution_head(task, maps, recipe)
    features = POOLS[recipe.pool](dtype="float32", name=f"{task.ascii_name}_{POOL}")(maps)
    if not any(recipe.towers):
        features = layers.Dropout(recipe.dropout, name=f"{task.ascii_name}_{DROPOUT}")(features)
    return _dense_head(task, features, recipe)


def _penalty(l2: float) -> keras.regularizers.Regularizer | None:
    return keras.regularizers.L2(l2) if l2 else None


def by_task(outputs: Mapping[str, np.ndarray], tasks: Sequence[Task]) -> dict[str, np.ndarray]:
    """What a network gave for each output, under the names of the tasks."""
    return {task.name: outputs[task.ascii_name] for task in tasks}


def build_heads(recipe: Recipe, mean, variance) -> keras.Model:
    """The heads alone, on (batch, features) that `mean` and `variance` (features,) standardise; see `set_heads`."""
    features = keras.Input((len(mean),), name=FEATURES)
    standardised = layers.Normalization(mean=mean, variance=variance, name=STANDARDISED)(features)
    return here().network_class(features, heads(standardised, recipe), name="heads")


def set_heads(network: keras.Model, trained: keras.Model, mean, variance) -> None:
    """Put heads that were trained on features standardised by `mean` and `variance` (features,) into the network.

    w (x - m) / s + b = (w / s) x + (b - w m / s): the scaling is folded into the layers that take the features.
    """
    scale = 1 / np.maximum(np.sqrt(variance), keras.config.epsilon())
    for layer, takes_features in _head_layers(trained):
        values = layer.get_weights()
        if takes_features:
            kernel = values[0] * scale[:, None]
            values = [kernel, values[1] - mean @ kernel]
        network.get_layer(layer.name).set_weights(values)


def get_heads(network: keras.Model, trained: keras.Model, mean, variance) -> None:
    """The inverse of `set_heads`: `trained` on standardised features then answers as the network's heads do."""
    deviation = np.maximum(np.sqrt(variance), keras.config.epsilon())
    for layer, takes_features in _head_layers(trained):
        values = network.get_layer(layer.name).get_weights()
        if takes_features:
            values = [values[0] * deviation[:, None], values[1] + mean @ values[0]]
        layer.set_weights(values)


def _head_layers(trained: keras.Model) -> Iterator[tuple[layers.Layer, bool]]:
    """The layers of `build_heads` that have weights, and whether they take the features themselves."""
    for layer in trained.layers:
        if layer.weights and layer.name != STANDARDISED:
            yield layer, layer.input._keras_history.operation.name in {STANDARDISED, DROPOUT}


def features_of(network: keras.Model) -> keras.Model:
    """The part of the network up to the pooled features (batch, features) float32, on the same devices."""
    with network.distribute_strategy.scope():
        return keras.Model(network.input, network.get_layer(POOL).output)


def maps_of(network: keras.Model, task: Task):
    """The last feature maps (batch, height, width, channels) that the head of a task takes, as a symbolic tensor."""
    name, own = task.ascii_name, {layer.name for layer in network.layers}
    first = next(layer for layer in (f"{name}_maps", f"{name}_{POOL}", POOL) if layer in own)
    return network.get_layer(first).input


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
    first = names.index(trains) if trains in names else 0
    for place, layer in enumerate(backbone.layers):  # each: a backbone that is trainable already sets none of them
        layer.trainable = backbone.trainable and place >= first


def backbone_of(network: keras.Model) -> keras.Model:
    return next(layer for layer in network.layers if isinstance(layer, keras.Model))


def all_layers(network: keras.Model) -> Iterator[layers.Layer]:
    """The layers of a network and of the networks inside it."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer


def batch_statistics(network: keras.Model) -> list:
    """The variables in which batch normalisation keeps its moving means and variances."""
    norms = [layer for layer in all_layers(network) if isinstance(layer, layers.BatchNormalization)]
    return [variable for layer in norms for variable in (layer.moving_mean, layer.moving_variance)]


def average_batch_norm(network: keras.Model) -> None:
    """Set the batch normalisation statistics of all replicas to their mean; Keras keeps separate ones."""
    strategy, statistics = network.distribute_strategy, batch_statistics(network)
    if strategy.num_replicas_in_sync == 1:
        return
    # strategy.reduce would take one copy for all: it assumes that mirrored variables are equal.
    for variable, copies in zip(statistics, here().copies(strategy, statistics), strict=True):
        variable.assign(np.mean(copies, axis=0))
