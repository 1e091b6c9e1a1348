"""EfficientNet-Lite 0, 1 and 2 without their classifier (Apache 2.0); 1280 feature maps.

EfficientNet (Tan and Le 2019, arXiv:1905.11946) without squeeze-and-excitation and with ReLU6, so that it is fast
where there is no GPU. ImageNet top-1: 75.1, 76.7 and 77.6 % at 224, 240 and 260 pixels (github.com/tensorflow/tpu,
models/official/efficientnet/lite).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

from competition.errors import InvalidInput
from competition.model.backbones.batch_norm import BatchNormalization
from competition.model.backbones.torch_file import read_tensors
from competition.recipe import Recipe


@dataclass(frozen=True)
class Block:
    """An inverted residual block: expand the channels, convolve each by itself, project."""

    kernel: int
    stride: int
    expansion: int
    inputs: int
    outputs: int
    repeats: int = 1


BLOCKS = (
    Block(3, 1, 1, 32, 16, 1),
    Block(3, 2, 6, 16, 24, 2),
    Block(5, 2, 6, 24, 40, 2),
    Block(3, 2, 6, 40, 80, 3),
    Block(5, 1, 6, 80, 112, 3),
    Block(5, 2, 6, 112, 192, 4),
    Block(3, 1, 6, 192, 320, 1),
)
STEM, HEAD = 32, 1280  # channels, the same in every version
EPSILON = 1e-3  # of batch normalisation
# The names of the file: the convolutions of a block, and the batch normalisation after each.
PARTS = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}


def efficientnet_lite(recipe: Recipe, width: float, depth: float, name: str) -> keras.Model:
    """The network on (size, size, 3) images, (RGB - 127) / 128.

    Batch normalisation is there only where the recipe trains it; else it is an affine map of each channel, which
    `load_efficientnet_lite` folds into the convolutions before.
    """
    x = image = keras.Input((recipe.image_size, recipe.image_size, 3))
    normalised = recipe.trains_batch_norm
    x = _convolution(x, STEM, "stem", normalised, side=3, strides=2)
    for number, block in enumerate(scaled(width, depth), start=1):
        y, named = x, f"block{number}"
        if block.expansion > 1:
            y = _convolution(y, block.inputs * block.expansion, f"{named}_expand", normalised)
        y = layers.DepthwiseConv2D(
            block.kernel, block.stride, "same", use_bias=not normalised, name=f"{named}_depthwise"
        )(y)
        y = _finish(y, f"{named}_depthwise", normalised)
        y = _convolution(y, block.outputs, f"{named}_project", normalised, activate=False)
        x = layers.Add(name=named)([x, y]) if block.stride == 1 and block.inputs == block.outputs else y
    x = _convolution(x, HEAD, "head", normalised)
    return keras.Model(image, x, name=name)


def scaled(width: float, depth: float) -> Iterator[Block]:
    """The blocks of a version one by one; the repeats of the first and last are not scaled."""
    for place, block in enumerate(BLOCKS):
        inputs = _channels(block.inputs, width) if place else STEM
        outputs = _channels(block.outputs, width)
        repeats = block.repeats if place in (0, len(BLOCKS) - 1) else math.ceil(block.repeats * depth)
        yield Block(block.kernel, block.stride, block.expansion, inputs, outputs)
        yield from [Block(block.kernel, 1, block.expansion, outputs, outputs)] * (repeats - 1)


def _channels(count: int, width: float) -> int:
    """A multiple of 8 near count * width, at least 0.9 of it."""
    near = max(8, int(count * width + 4) // 8 * 8)
    return near if near >= 0.9 * count * width else near + 8


def _convolution(x, filters: int, name: str, normalised: bool, *, side: int = 1, strides: int = 1, activate=True):
    x = layers.Conv2D(filters, side, strides, padding="same", use_bias=not normalised, name=name)(x)
    return _finish(x, name, normalised, activate)


def _finish(x, name: str, normalised: bool, activate: bool = True):
    if normalised:
        x = BatchNormalization(momentum=0.99, epsilon=EPSILON, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x


def load_efficientnet_lite(network: keras.Model, path: Path) -> None:
    """Load a PyTorch file of these weights, batch normalisation folded in where the network has none.

    Raises InvalidInput where a tensor is missing or has another shape; the network is then unchanged.
    """
    tensors, loaded, problems = read_tensors(path), [], []
    for layer in network.layers:
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D):
            own = [layer] if layer.use_bias else [layer, network.get_layer(f"{layer.name}_norm")]
            try:
                loaded += zip(own, _values(layer, tensors), strict=True)
            except KeyError as error:
                problems.append(f"{error.args[0]} is missing")
            except ValueError:
                problems.append(f"{layer.name}: its kernel and its batch normalisation do not fit each other")
    for layer, values in loaded:
        expected, found = ([one.shape for one in arrays] for arrays in (layer.get_weights(), values))
        if expected != found:
            problems.append(f"{layer.name}: expected {expected}, found {found}")
    if problems:
        raise InvalidInput(f"{path} does not hold the weights of {network.name}:", problems)
    for layer, values in loaded:
        layer.set_weights(values)


def _values(layer: layers.Layer, tensors: dict[str, np.ndarray]) -> list[list[np.ndarray]]:
    """The weights of a convolution and of the normalisation after it, which is folded in if the layer has a bias.

    A kernel in the file is (out, in, height, width), of a depthwise convolution (channels, 1, height, width).
    """
    convolution, normalisation = _names(layer.name)
    kernel = tensors[f"{convolution}.weight"].transpose(2, 3, 1, 0)
    parts = ("weight", "bias", "running_mean", "running_var")
    gamma, beta, mean, variance = (tensors[f"{normalisation}.{part}"] for part in parts)
    scale = gamma / np.sqrt(variance + EPSILON)
    values = [kernel * scale, beta - mean * scale] if layer.use_bias else [kernel]
    if isinstance(layer, layers.DepthwiseConv2D):  # Keras has (height, width, channels, 1)
        values[0] = values[0].swapaxes(2, 3)
    return [values] if layer.use_bias else [values, [gamma, beta, mean, variance]]


def _names(layer: str) -> tuple[str, str]:
    """What the file calls a convolution and the batch normalisation after it."""
    if layer in {"stem", "head"}:
        return f"_conv_{layer}", {"stem": "_bn0", "head": "_bn1"}[layer]
    block, part = layer.removeprefix("block").split("_")
    prefix = f"_blocks.{int(block) - 1}."
    return f"{prefix}_{part}_conv", prefix + PARTS[part]
