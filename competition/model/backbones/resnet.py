"""A residual network for small pictures, 32 pixels or so, after DavidNet at half its width; 256 feature maps."""

import keras
from keras import layers

from competition.model.backbones.batch_norm import BatchNormalization
from competition.model.backbones.layers import activate
from competition.recipe import Recipe

STEM, WIDTHS = 32, (64, 128, 256)


def resnet(recipe: Recipe) -> keras.Model:
    """The network on (size, size, 3) images in [-1, 1]: a stem, and three stages that each halve the side.

    The first and the last stage have a residual block; DavidNet found that a third, in the middle, is not worth it.
    """
    image = keras.Input((recipe.image_size, recipe.image_size, 3))
    x = convolution(image, STEM, recipe)
    for width in WIDTHS:
        x = layers.MaxPooling2D()(convolution(x, width, recipe))
        if width != WIDTHS[1]:
            x = residual(x, width, recipe)
    return keras.Model(image, x, name="resnet")


def residual(x, width: int, recipe: Recipe):
    """Two 3x3 convolutions beside the input."""
    return layers.Add()([x, convolution(convolution(x, width, recipe), width, recipe)])


def convolution(x, width: int, recipe: Recipe):
    x = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer=recipe.initializer)(x)
    return activate(BatchNormalization(momentum=0.95)(x), recipe.activation)
