"""The convolutions of VGG16 from random weights, with the advice that such networks are given as options."""

import keras
from keras import layers

from competition.model.backbones.layers import activate
from competition.recipe import Recipe

# Maps of each convolution, block by block; every block ends by halving the side.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
SMALLEST = 2 ** len(BLOCKS)


def vgg16_plain(recipe: Recipe) -> keras.Model:
    """As published: thirteen 3x3 convolutions with biases, on (size, size, 3) images in [-1, 1]; 512 maps."""
    return _blocks(recipe, "vgg16_plain", normalised=False)


def vgg16_bn(recipe: Recipe) -> keras.Model:
    """The same with batch normalisation between each convolution and its activation, instead of the biases."""
    return _blocks(recipe, "vgg16_bn", normalised=True)


def _blocks(recipe: Recipe, name: str, normalised: bool) -> keras.Model:
    """The network; its layers are named as those of Keras' VGG16. Raises ValueError for images too small for it."""
    size = recipe.image_size
    if size < SMALLEST:
        raise ValueError(f"five blocks halve the side five times, so at least {SMALLEST} pixels are needed")
    x = image = keras.Input((size, size, 3))
    for block, widths in enumerate(BLOCKS, 1):
        for number, width in enumerate(widths, 1):
            x = _convolution(x, width, recipe, f"block{block}_conv{number}", normalised)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return keras.Model(image, x, name=name)


def _convolution(x, width: int, recipe: Recipe, name: str, normalised: bool):
    start = recipe.initializer
    x = layers.Conv2D(width, 3, padding="same", use_bias=not normalised, kernel_initializer=start, name=name)(x)
    if normalised:
        x = layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(x)  # as in small.py: epochs here are few steps
    return activate(x, recipe.activation)
