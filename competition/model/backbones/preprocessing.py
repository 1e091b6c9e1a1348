"""What each backbone expects, as layers of the network: uint8 RGB images in, scaled numbers out.

The networks by Caffe (VGG, SqueezeNet) were trained on BGR. Their first kernels are turned to RGB when they are loaded
(`turn_to_rgb`): turning every image instead took a seventh of SqueezeNet's training step.
"""

import keras


def to_unit_range() -> keras.layers.Layer:
    """x / 127.5 - 1, as NASNet and InceptionResNetV2 were trained with."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="to_unit_range")


def vgg_means() -> keras.layers.Layer:
    """RGB minus the means of ImageNet, as VGG was trained with."""
    return keras.layers.Rescaling(1.0, offset=(-123.68, -116.779, -103.939), dtype="float32", name="minus_means")


def squeezenet_means() -> keras.layers.Layer:
    """RGB minus the means of ImageNet, as SqueezeNet was trained with."""
    return keras.layers.Rescaling(1.0, offset=(-123.0, -117.0, -104.0), dtype="float32", name="minus_means")


def turn_to_rgb(first: keras.layers.Layer) -> None:
    """Turn the kernel (height, width, 3, filters) of a network's first convolution from BGR to RGB."""
    kernel, *bias = first.get_weights()
    first.set_weights([kernel[:, :, ::-1], *bias])
