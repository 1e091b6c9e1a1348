"""SqueezeNet 1.1 without its classifier (Iandola et al. 2016, arXiv:1602.07360); 512 feature maps."""

from collections.abc import Collection
from pathlib import Path

import h5py
import keras
from keras import layers

from competition.errors import InvalidInput
from competition.model.backbones.preprocessing import turn_to_rgb
from competition.recipe import Recipe

# Squeeze and expand filters of fire2 to fire9.
FIRES = {
    2: (16, 64),
    3: (16, 64),
    4: (32, 128),
    5: (32, 128),
    6: (48, 192),
    7: (48, 192),
    8: (64, 256),
    9: (64, 256),
}
POOL_BEFORE = (2, 4, 6)


def squeezenet(recipe: Recipe, pool_before: Collection[int] = POOL_BEFORE) -> keras.Model:
    """The network on (size, size, 3) RGB images minus means, up to fire9, with pools before some of the fires."""
    image = keras.Input((recipe.image_size, recipe.image_size, 3))
    x = layers.Conv2D(64, 3, strides=2, name="conv1")(image)
    for number, (squeeze, expand) in FIRES.items():
        if number in pool_before:  # ReLU after the pool is ReLU before it, on a quarter of the numbers
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{number}")(x)
            x = layers.ReLU(name=f"relu{number}")(x)
        x = fire(x, f"fire{number}", squeeze, expand, None if number + 1 in pool_before else "relu")
    return keras.Model(image, x, name="squeezenet")


def squeezenet_pool8(recipe: Recipe) -> keras.Model:
    """The network with one more pool, after fire8, where version 1.0 has its last; its weights are the same."""
    return squeezenet(recipe, (*POOL_BEFORE, 9))


def fire(x, name: str, squeeze: int, expand: int, activation: str | None = "relu"):
    """Squeeze to few channels, expand by 1x1 and 3x3 convolutions side by side."""
    x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    sides = [
        layers.Conv2D(expand, side, padding="same", activation=activation, name=f"{name}_expand{side}x{side}")(x)
        for side in (1, 3)
    ]
    return layers.Concatenate(name=name)(sides)


def load_squeezenet(network: keras.Model, path: Path) -> None:
    """Load the public weights: an HDF5 group a layer (conv1, fire2/squeeze1x1, …) with a 4-D kernel and a bias.

    The conv1 in the file takes BGR, that of the network RGB.
    Raises InvalidInput where a tensor is missing or has another shape; the network is then unchanged.
    """
    loaded = []
    with h5py.File(path) as file:
        for layer in network.layers:
            if layer.weights:
                group = layer.name.replace("_", "/")
                found = _tensors(file[group]) if group in file else []
                kernel = next((tensor for tensor in found if tensor.ndim == 4), None)
                bias = next((tensor for tensor in found if tensor.ndim == 1), None)
                loaded.append((layer, group, [kernel, bias]))
    problems = [
        f"{group}: expected {_shapes(layer.get_weights())}, found {_shapes(tensors)}"
        for layer, group, tensors in loaded
        if _shapes(layer.get_weights()) != _shapes(tensors)
    ]
    if problems:
        raise InvalidInput(f"{path} does not hold the weights of SqueezeNet 1.1:", problems)
    for layer, _, tensors in loaded:
        layer.set_weights(tensors)
    turn_to_rgb(network.get_layer("conv1"))


def _tensors(group: h5py.Group) -> list:
    found = []
    group.visititems(lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return found


def _shapes(tensors) -> list[tuple[int, ...] | None]:
    return [None if tensor is None else tuple(tensor.shape) for tensor in tensors]
