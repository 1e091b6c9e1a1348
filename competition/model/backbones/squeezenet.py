"""SqueezeNet 1.1 without its classifier (Iandola et al. 2016, arXiv:1602.07360); 512 feature maps."""

from collections.abc import Collection
from pathlib import Path

import h5py
import keras
import numpy as np
from keras import layers

from competition.errors import InvalidInput
from competition.model.backbones.layers import turn_to_rgb
from competition.recipe import Recipe

# Squeeze and expand filters of fire2 to fire9.
FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def squeezenet(recipe: Recipe, pool_before: Collection[int] = (2, 4, 6)) -> keras.Model:
    """The network on (size, size, 3) RGB images minus means, up to fire9, with pools before some of the fires.

    Version 1.0 has its last pool after fire8, before 9; the weights do not depend on the pools.
    """
    image = keras.Input((recipe.image_size, recipe.image_size, 3))
    x = layers.Conv2D(64, 3, strides=2, name="conv1")(image)
    for number, (squeeze, expand) in FIRES.items():
        if number in pool_before:  # ReLU after a max pool equals ReLU before it, at a quarter of the cost
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{number}")(x)
            x = layers.ReLU(name=f"relu{number}")(x)
        x = fire(x, f"fire{number}", squeeze, expand, None if number + 1 in pool_before else "relu")
    return keras.Model(image, x, name="squeezenet")


def fire(x, name: str, squeeze: int, expand: int, activation: str | None):
    """Squeeze to few channels, expand by 1x1 and 3x3 convolutions side by side."""
    x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    sides = [
        layers.Conv2D(expand, side, padding="same", activation=activation, name=f"{name}_expand{side}x{side}")(x)
        for side in (1, 3)
    ]
    return layers.Concatenate(name=name)(sides)


def load_squeezenet(network: keras.Model, path: Path) -> None:
    """Load the public weights: an HDF5 group per layer (conv1, fire2/squeeze1x1, …) with a 4-D kernel and a bias.

    The conv1 in the file takes BGR, that of the network RGB.
    Raises InvalidInput where a tensor is missing or has another shape; the network is then unchanged.
    """
    with h5py.File(path) as file:
        loaded = [(layer, _kernel_and_bias(file, layer)) for layer in network.layers if layer.weights]
    problems = [
        f"{_group(layer)}: expected {expected}, found {found}"
        for layer, tensors in loaded
        if (expected := [had.shape for had in layer.get_weights()]) != (found := [tensor.shape for tensor in tensors])
    ]
    if problems:
        raise InvalidInput(f"{path} does not hold the weights of SqueezeNet 1.1:", problems)
    for layer, tensors in loaded:
        layer.set_weights(tensors)
    turn_to_rgb(network.get_layer("conv1"))


def _group(layer: layers.Layer) -> str:
    return layer.name.replace("_", "/")


def _kernel_and_bias(file: h5py.File, layer: layers.Layer) -> list[np.ndarray]:
    """All tensors in the group of a layer, those with the most dimensions first."""
    items = []
    if _group(layer) in file:
        file[_group(layer)].visititems(lambda _, item: items.append(item))
    return sorted((item[()] for item in items if isinstance(item, h5py.Dataset)), key=np.ndim, reverse=True)
