"""Activations by name, for dense layers and for our own backbones."""

from keras import layers

from competition.recipe import Activation

LEAK = 0.1  # slope of the leaky ReLU below 0


def activate(x, activation: Activation, name: str | None = None):
    """Apply an activation to a tensor; prelu learns one slope a channel."""
    kinds = {
        "relu": lambda: layers.ReLU(name=name),
        "leaky_relu": lambda: layers.LeakyReLU(negative_slope=LEAK, name=name),
        "prelu": lambda: layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) or None, name=name),
        "linear": lambda: layers.Identity(name=name),
    }
    return kinds[activation]()(x)
