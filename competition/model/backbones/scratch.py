"""Backbones that start from random weights; they take (size, size, 3) images in [-1, 1]."""

import keras
from keras import layers

from competition.model.backbones.batch_norm import BatchNormalization
from competition.model.backbones.layers import activate
from competition.recipe import Recipe

SMALL_WIDTHS, RESNET_WIDTHS = (32, 64, 128, 256), (64, 128, 256)
# Maps of each convolution of VGG16, block by block; every block ends by halving the side.
VGG_BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def convnet(recipe: Recipe) -> keras.Model:
    """Three convolutions without activation or padding, as published for two tasks on CIFAR-10; 128 maps."""
    x = image = _image(recipe)
    for number, width in enumerate((32, 64, 128), start=1):
        x = layers.Conv2D(width, 3, kernel_initializer=recipe.initializer, name=f"conv{number}")(x)
        if number < 3:
            x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return keras.Model(image, x, name="convnet")


def small(recipe: Recipe) -> keras.Model:
    """A small residual network that learns on a laptop; 256 feature maps.

    A stem and four blocks each halve the side. In a block there are two 3x3 convolutions, the first of stride 2, beside
    the averaged input brought to the same width.
    """
    image = _image(recipe)
    x = _convolution(image, SMALL_WIDTHS[0], recipe, strides=2)
    for width in SMALL_WIDTHS:
        y = _convolution(x, width, recipe, strides=2)
        y = _convolution(y, width, recipe, activation="linear")
        x = layers.AveragePooling2D(2, padding="same")(x)
        x = _convolution(x, width, recipe, side=1, activation="linear")
        x = activate(layers.Add()([x, y]), recipe.activation)
    return keras.Model(image, x, name="small")


def resnet(recipe: Recipe) -> keras.Model:
    """A residual network for small pictures, 32 pixels or so, after DavidNet at half its width; 256 feature maps.

    A stem, and three stages that each halve the side. The first and the last have a residual block: two convolutions
    beside the input. DavidNet found that a third, in the middle, is not worth it.
    """
    image = _image(recipe)
    x = _convolution(image, 32, recipe)
    for width in RESNET_WIDTHS:
        x = layers.MaxPooling2D()(_convolution(x, width, recipe))
        if width != RESNET_WIDTHS[1]:
            y = _convolution(x, width, recipe)
            x = layers.Add()([x, _convolution(y, width, recipe)])
    return keras.Model(image, x, name="resnet")


def vgg16(recipe: Recipe, normalised: bool) -> keras.Model:
    """VGG16 as published: thirteen 3x3 convolutions with biases; or with batch normalisation instead of the biases.

    There are 512 feature maps. Layers are named as those of Keras' VGG16.
    Raises ValueError for images too small for it.
    """
    smallest = 2 ** len(VGG_BLOCKS)
    if recipe.image_size < smallest:
        raise ValueError(f"five blocks halve the side five times, so at least {smallest} pixels are needed")
    x = image = _image(recipe)
    for block, widths in enumerate(VGG_BLOCKS, start=1):
        for number, width in enumerate(widths, start=1):
            x = _convolution(x, width, recipe, name=f"block{block}_conv{number}", normalised=normalised)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return keras.Model(image, x, name="vgg16_bn" if normalised else "vgg16_plain")


def _image(recipe: Recipe):
    return keras.Input((recipe.image_size, recipe.image_size, 3))


def _convolution(x, width: int, recipe: Recipe, side=3, activation="", normalised=True, **options):
    """A convolution, batch normalisation or else biases, and the recipe's activation unless another is named."""
    start, name = recipe.initializer, options.get("name")
    x = layers.Conv2D(width, side, padding="same", use_bias=not normalised, kernel_initializer=start, **options)(x)
    if normalised:
        x = BatchNormalization(momentum=0.95, name=name and f"{name}_bn")(x)  # not 0.99: an epoch here has few steps
    return activate(x, activation or recipe.activation)
