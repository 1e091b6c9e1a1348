"""Backbones by name: how each is built, what it expects, and which weights file starts it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import applications

from competition.model.backbones import preprocessing
from competition.model.backbones.convnet import convnet
from competition.model.backbones.preprocessing import turn_to_rgb
from competition.model.backbones.resnet import resnet
from competition.model.backbones.small import small
from competition.model.backbones.squeezenet import load_squeezenet, squeezenet, squeezenet_pool8
from competition.model.backbones.vgg import vgg16_bn, vgg16_plain
from competition.recipe import Backbone, Recipe


@dataclass(frozen=True)
class WeightsFile:
    """A file of ImageNet weights in Keras' folder of models, and its MD5."""

    name: str
    md5: str


@dataclass(frozen=True)
class Spec:
    """How to make a backbone.

    `build` makes the network without its classifier for a recipe's image size; `preprocess` makes the layer that turns
    uint8 RGB into what it expects; `load` reads a weights file into it; `download`, where there is a public source,
    fetches the file `imagenet` into Keras' folder.
    """

    build: Callable[[Recipe], keras.Model]
    preprocess: Callable[[], keras.layers.Layer]
    load: Callable[[keras.Model, Path], None]
    imagenet: WeightsFile | None = None
    download: Callable[[], object] | None = None


def _load(network: keras.Model, path: Path) -> None:
    network.load_weights(str(path))


def _load_vgg(network: keras.Model, path: Path) -> None:
    _load(network, path)
    turn_to_rgb(network.get_layer("block1_conv1"))


def _application(constructor: Callable, preprocess: Callable, name: str, md5: str, load: Callable = _load) -> Spec:
    """A network of keras.applications, which downloads its file when built with weights."""
    return Spec(
        build=lambda recipe: constructor(
            include_top=False, weights=None, input_shape=(recipe.image_size, recipe.image_size, 3)
        ),
        preprocess=preprocess,
        load=load,
        imagenet=WeightsFile(name, md5),
        download=lambda: constructor(include_top=False, weights="imagenet"),
    )


SQUEEZENET = WeightsFile("squeezenet_v1.1_imagenet_notop.h5", "80b66c92d79d4310e07fb60a297bf0d1")
BACKBONES: dict[Backbone, Spec] = {
    "nasnet_large": _application(
        applications.NASNetLarge,
        preprocessing.to_unit_range,
        "nasnet_large_no_top.h5",
        "d81d89dc07e6e56530c4e77faddd61b5",
    ),
    "nasnet_mobile": _application(
        applications.NASNetMobile,
        preprocessing.to_unit_range,
        "nasnet_mobile_no_top.h5",
        "1ed92395b5b598bdda52abe5c0dbfd63",
    ),
    "inception_resnet_v2": _application(
        applications.InceptionResNetV2,
        preprocessing.to_unit_range,
        "inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "d19885ff4a710c122648d3b5c3b684e4",
    ),
    "vgg16": _application(
        applications.VGG16,
        preprocessing.vgg_means,
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
        _load_vgg,
    ),
    "vgg19": _application(
        applications.VGG19,
        preprocessing.vgg_means,
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "253f8cb515780f3b799900260a226db6",
        _load_vgg,
    ),
    "squeezenet": Spec(squeezenet, preprocessing.squeezenet_means, load_squeezenet, SQUEEZENET),
    "squeezenet_pool8": Spec(squeezenet_pool8, preprocessing.squeezenet_means, load_squeezenet, SQUEEZENET),
    "small": Spec(small, preprocessing.to_unit_range, _load),
    "convnet": Spec(convnet, preprocessing.to_unit_range, _load),
    "resnet": Spec(resnet, preprocessing.to_unit_range, _load),
    "vgg16_plain": Spec(vgg16_plain, preprocessing.to_unit_range, _load),
    "vgg16_bn": Spec(vgg16_bn, preprocessing.to_unit_range, _load),
}
