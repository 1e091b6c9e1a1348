"""A small residual network that learns from scratch on a laptop; 256 feature maps."""

import keras
from keras import layers

from competition.model.backbones.layers import activate
from competition.recipe import Activation, Recipe

WIDTHS = (32, 64, 128, 256)


def small(recipe: Recipe) -> keras.Model:
    """The network on (size, size, 3) images in [-1, 1]: a stem and four residual blocks, each halving the side."""
    image = keras.Input((recipe.image_size, recipe.image_size, 3))
    x = convolution(image, WIDTHS[0], recipe, stride=2)
    for width in WIDTHS:
        x = residual(x, width, recipe)
    return keras.Model(image, x, name="small")


def residual(x, width: int, recipe: Recipe):
    """Two 3x3 convolutions, the first of stride 2, beside the averaged input brought to the same width."""
    y = convolution(x, width, recipe, stride=2)
    y = convolution(y, width, recipe, activation="linear")
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = convolution(x, width, recipe, side=1, activation="linear")
    return activate(layers.Add()([x, y]), recipe.activation)


def convolution(x, width: int, recipe: Recipe, side: int = 3, stride: int = 1, activation: Activation | None = None):
    """A convolution, batch normalisation and, unless another is named, the recipe's activation."""
    start = recipe.initializer
    x = layers.Conv2D(width, side, strides=stride, padding="same", use_bias=False, kernel_initializer=start)(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return activate(x, activation or recipe.activation)
