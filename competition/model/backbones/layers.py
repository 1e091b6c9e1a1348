"""Layers that backbones share: activations by name, and the scaling of uint8 RGB images to what each was trained with.

The networks from Caffe (VGG, SqueezeNet) were trained on BGR. Their first kernels are reversed when they are loaded
(`turn_to_rgb`): reversing every image instead took a seventh of SqueezeNet's training step.
"""

from keras import layers

from competition.recipe import Activation

LEAK = 0.1  # slope of the leaky ReLU below 0


def activate(x, activation: Activation, name: str | None = None):
    """Apply an activation to a tensor; prelu learns one slope per channel."""
    kinds = {
        "relu": lambda: layers.ReLU(name=name),
        "leaky_relu": lambda: layers.LeakyReLU(negative_slope=LEAK, name=name),
        "prelu": lambda: layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) or None, name=name),
        "linear": lambda: layers.Identity(name=name),
    }
    return kinds[activation]()(x)


def to_unit_range() -> layers.Layer:
    """x / 127.5 - 1: the inputs that NASNet and InceptionResNetV2 were trained on."""
    return layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="to_unit_range")


def around_zero() -> layers.Layer:
    """(x - 127) / 128: the inputs that EfficientNet-Lite was trained on."""
    return layers.Rescaling(1 / 128, offset=-127 / 128, dtype="float32", name="around_zero")


def minus(*means: float) -> layers.Layer:
    """RGB minus the means of ImageNet."""
    return layers.Rescaling(1.0, offset=[-mean for mean in means], dtype="float32", name="minus_means")


def turn_to_rgb(first: layers.Layer) -> None:
    """Reverse the kernel (height, width, 3, filters) of a network's first convolution from BGR to RGB."""
    kernel, *bias = first.get_weights()
    first.set_weights([kernel[:, :, ::-1], *bias])
