"""A small residual network that learns from scratch on a laptop; 192 feature maps."""

import keras
from keras import layers

WIDTHS = (32, 64, 128, 192)


def small(size: int) -> keras.Model:
    """The network on (size, size, 3) images in [-1, 1]: a stem and four residual blocks, each halving the side."""
    image = keras.Input((size, size, 3))
    x = convolution(image, WIDTHS[0], stride=2)
    for width in WIDTHS:
        x = residual(x, width)
    return keras.Model(image, x, name="small")


def residual(x, width: int):
    """Halve the side, then two 3x3 convolutions around which the input is added."""
    x = convolution(x, width, stride=2)
    y = convolution(x, width)
    y = convolution(y, width, activation=None)
    return layers.Activation("relu")(layers.Add()([x, y]))


def convolution(x, width: int, stride: int = 1, activation: str | None = "relu"):
    x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation(activation)(x) if activation else x
