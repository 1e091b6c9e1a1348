"""A small residual network that learns from scratch on a laptop; 256 feature maps."""

import keras
from keras import layers

WIDTHS = (32, 64, 128, 256)


def small(size: int) -> keras.Model:
    """The network on (size, size, 3) images in [-1, 1]: a stem and four residual blocks, each halving the side."""
    image = keras.Input((size, size, 3))
    x = convolution(image, WIDTHS[0], stride=2)
    for width in WIDTHS:
        x = residual(x, width)
    return keras.Model(image, x, name="small")


def residual(x, width: int):
    """Two 3x3 convolutions, the first of stride 2, beside the averaged input brought to the same width."""
    y = convolution(x, width, stride=2)
    y = convolution(y, width, activation=None)
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = convolution(x, width, side=1, activation=None)
    return layers.Activation("relu")(layers.Add()([x, y]))


def convolution(x, width: int, side: int = 3, stride: int = 1, activation: str | None = "relu"):
    x = layers.Conv2D(width, side, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.95)(x)
    return layers.Activation(activation)(x) if activation else x
