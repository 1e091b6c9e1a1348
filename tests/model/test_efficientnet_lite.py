"""EfficientNet-Lite: what PyTorch computes with the same files, and a reader that runs nothing of a file."""

import os
import pickle
import struct
import sys
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from helpers import refusal, write
from small_data import TINY

from competition.model.backbones.registry import BACKBONES
from competition.model.backbones.torch_file import read_tensors
from competition.model.network import build_network, features_of
from competition.model.weights import at_hand, load_backbone, load_first_weights

# The largest six of 1,280 pooled features of `gradients`, and the sum of all: by efficientnet_lite_pytorch 0.1.0 under
# PyTorch 2.14, from the same files.
PYTORCH = {
    "efficientnet_lite0": (
        {113: 5.24601, 287: 3.28212, 455: 3.11067, 468: 3.89583, 747: 2.44481, 1277: 2.63472},
        96.955,
    ),
    "efficientnet_lite1": (
        {388: 3.51791, 404: 3.55707, 667: 3.50707, 918: 3.42071, 968: 2.96403, 1200: 3.2044},
        130.23,
    ),
    "efficientnet_lite2": (
        {52: 2.68762, 295: 1.91316, 302: 4.61469, 749: 2.93015, 942: 1.89052, 1183: 2.15},
        93.859,
    ),
}
SLOW = pytest.mark.slow


def gradients(size: int) -> np.ndarray:
    """A picture (size, size, 3) uint8: red grows downwards, green to the right, blue is a chessboard."""
    rows, columns = np.indices((size, size))
    channels = 255 * rows // size, 255 * columns // size, 255 * ((rows // 20 + columns // 20) % 2)
    return np.stack(channels, axis=-1).astype(np.uint8)


def pretrained(backbone: str, batch_norm: str = "auto"):
    """A network with the weights of ImageNet, up to its pooled features."""
    size = BACKBONES[backbone].size
    recipe = replace(TINY, backbone=backbone, image_size=size, weights="imagenet", batch_norm=batch_norm)
    network = build_network(recipe)
    load_first_weights(network, recipe)
    return features_of(network)


@pytest.mark.parametrize(
    ("backbone", "batch_norm"),
    [
        ("efficientnet_lite0", "auto"),
        pytest.param("efficientnet_lite0", "train", marks=SLOW),
        pytest.param("efficientnet_lite1", "auto", marks=SLOW),
        pytest.param("efficientnet_lite2", "auto", marks=SLOW),
    ],
)
def test_features_are_those_of_pytorch_with_batch_normalisation_folded_in_or_not(backbone, batch_norm):
    if not at_hand(backbone):
        pytest.skip(f"the package with the weights of {backbone} is not installed")
    network = pretrained(backbone, batch_norm)
    features = network.predict(gradients(BACKBONES[backbone].size)[None], verbose=0)[0]
    largest, total = PYTORCH[backbone]
    np.testing.assert_allclose(features[list(largest)], list(largest.values()), rtol=1e-4)
    assert features.sum() == pytest.approx(total, rel=1e-4)
    normalised = [layer for layer in network.layers[-2].layers if layer.name.endswith("_norm")]
    assert bool(normalised) == (batch_norm == "train")


@pytest.mark.slow
@pytest.mark.parametrize("version", [0, 2])
def test_photographs_get_the_features_and_classes_of_another_implementation(shared, version):
    file = shared / "weights/efficientnet-lite-reference.npz"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    expected, backbone = np.load(file), f"efficientnet_lite{version}"
    size, images = BACKBONES[backbone].size, shared / "data/clothing/base"
    pictures = [cv2.imread(str(images / str(name)))[..., ::-1] for name in expected["names"]]
    resized = np.stack([cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR) for picture in pictures])
    features = pretrained(backbone).predict(resized, verbose=0)
    truth = expected[f"lite{version}_features"]
    assert (np.abs(features - truth).max(axis=1) <= 1e-3 * truth.max(axis=1)).all()
    tensors = read_tensors(at_hand(backbone))
    logits = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    np.testing.assert_array_equal(logits.argmax(axis=1), expected[f"lite{version}_top1"])


class _Storage:
    """Stands for a storage of PyTorch in the pickle that `torch_file` writes."""

    def __init__(self, kind: type, key: str, values: np.ndarray):
        self.kind, self.key, self.values = kind, key, values


@pytest.fixture
def torch_file(tmp_path, monkeypatch):
    """A function that writes {name: (storage values, offset, shape, strides)} as PyTorch did before 1.6."""
    modules = {name: ModuleType(name) for name in ("torch", "torch._utils")}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    kinds = {}
    for kind in ("FloatStorage", "LongStorage", "HalfStorage"):
        kinds[kind] = type(kind, (), {"__module__": "torch"})
        setattr(modules["torch"], kind, kinds[kind])

    def rebuild():
        raise AssertionError("only named, never called")

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    modules["torch._utils"]._rebuild_tensor_v2 = rebuild

    class Tensor:
        def __init__(self, storage, *geometry):
            self.content = (storage, *geometry, False, OrderedDict())

        def __reduce__(self):
            return rebuild, self.content

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, _Storage):
                return ("storage", value.kind, value.key, "cpu", len(value.values), None)
            return None

    def write_file(tensors: dict, kind: str = "FloatStorage", more: object = None, keys=None) -> Path:
        path, content, storages = tmp_path / "weights.pth", OrderedDict(), []
        for number, (name, (values, *geometry)) in enumerate(tensors.items()):
            storages.append(_Storage(kinds[kind], str(number), values))
            content[name] = Tensor(storages[-1], *geometry)
        if more is not None:
            content["more"] = more
        with path.open("wb") as file:
            for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
                pickle.dump(part, file, protocol=2)
            Pickler(file, protocol=2).dump(content)
            pickle.dump(keys or [storage.key for storage in storages], file, protocol=2)
            for storage in storages:
                file.write(struct.pack("<q", len(storage.values)) + storage.values.tobytes())
        return path

    return write_file


NUMBERS = np.arange(12, dtype=np.float32)


def test_a_tensor_is_read_with_its_strides_and_its_offset(torch_file):
    path = torch_file(
        {
            "plain": (NUMBERS, 0, (3, 4), (4, 1)),
            "turned": (NUMBERS, 0, (4, 3), (1, 4)),
            "part": (NUMBERS, 5, (2, 2), (4, 1)),
            "number": (NUMBERS[:1], 0, (), ()),
        }
    )
    tensors = read_tensors(path)
    np.testing.assert_array_equal(tensors["plain"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(tensors["turned"], NUMBERS.reshape(3, 4).T)
    np.testing.assert_array_equal(tensors["part"], [[5, 6], [9, 10]])
    assert tensors["number"] == 0


def test_a_tensor_that_reaches_beyond_its_numbers_is_refused(torch_file):
    for geometry in ((0, (4, 4), (4, 1)), (9, (2, 2), (4, 1)), (0, (2, 2), (-4, 1)), (-1, (2,), (1,))):
        with pytest.raises(ValueError, match="does not fit"):
            read_tensors(torch_file({"out": (NUMBERS, *geometry)}))


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_nothing_but_tensors_is_made_of_a_file(torch_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = torch_file({"plain": (NUMBERS, 0, (3, 4), (4, 1))}, more=Harmful())
    with pytest.raises(ValueError, match=r"asks for \w+\.mkdir"):
        read_tensors(path)
    assert not (tmp_path / "harm").exists()
    with pytest.raises(ValueError, match=r"asks for torch\.HalfStorage"):
        read_tensors(torch_file({"half": (NUMBERS, 0, (3, 4), (4, 1))}, kind="HalfStorage"))


def test_a_file_that_is_cut_off_or_something_else_is_refused(torch_file, tmp_path):
    whole = torch_file({"plain": (NUMBERS, 0, (3, 4), (4, 1))}).read_bytes()
    count = struct.pack("<q", 12)
    assert whole.count(count) == 1
    endless, negative = (whole.replace(count, struct.pack("<q", other)) for other in (2**62, -1))
    elsewhere = torch_file({"plain": (NUMBERS, 0, (3, 4), (4, 1))}, keys=["of another"]).read_bytes()
    damaged = endless, negative, elsewhere, whole[:-1], whole[:100], b""
    for content in (*damaged, b"PK\3\4 a newer file", pickle.dumps([1, 2]), pickle.dumps(17)):
        with pytest.raises(ValueError, match="not a PyTorch file of the format before 1"):
            read_tensors(write(tmp_path / "other.pth", content))


def test_a_file_without_all_tensors_is_refused_by_name_and_nothing_changes(torch_file):
    network = BACKBONES["efficientnet_lite0"].build(replace(TINY, weights="imagenet"))
    before = network.get_weights()
    stem = {f"_bn0.{part}": (NUMBERS, 0, (12,), (1,)) for part in ("weight", "bias", "running_mean", "running_var")}
    path = torch_file({"_conv_stem.weight": (NUMBERS, 0, (3, 4), (4, 1)), **stem})
    message = refusal(load_backbone, network, "efficientnet_lite0", str(path))
    assert f"{path} does not hold the weights of efficientnet_lite0" in message
    assert "stem: its kernel and its batch normalisation do not fit each other" in message
    assert "_blocks.0._depthwise_conv.weight is missing" in message
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_file_of_another_backbone_is_refused_by_its_name():
    file = at_hand("efficientnet_lite0")
    network = BACKBONES["efficientnet_lite2"].build(replace(TINY, weights="imagenet"))
    message = refusal(load_backbone, network, "efficientnet_lite2", str(file))
    assert "holds the ImageNet weights of efficientnet_lite0, but the backbone is efficientnet_lite2" in message
    assert "--backbone efficientnet_lite0" in message
