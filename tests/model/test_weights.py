"""First weights: found, verified, refused in clear words, and never deleted."""

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from helpers import noise, refusal, write
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from small_data import TINY

from competition.data.stratify import hold_out
from competition.errors import InvalidInput
from competition.images.cache import Pictures
from competition.layouts.classes import find_classes
from competition.layouts.fashionai import find_label_files, read_label_files
from competition.model import weights
from competition.model.backbones import registry as backbones
from competition.model.backbones.registry import BACKBONES
from competition.model.network import build_network, features_of
from competition.model.predict import predict
from competition.model.weights import load_backbone, load_first_weights, load_whole
from competition.recipe import Recipe
from competition.recipes.clothing_squeezenet import RECIPE as CLOTHING

SQUEEZENET = "squeezenet_v1.1_imagenet_notop.h5"


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """Keras' folder of models, empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture(scope="module")
def squeezenet():
    """A network whose weights some tests change and none relies on."""
    return BACKBONES["squeezenet"].build(Recipe("any", image_size=48))


@pytest.fixture
def shared_weights(shared) -> Path:
    return shared / "weights" / SQUEEZENET


def write_weights(path: Path, network, change=None) -> None:
    """A file in the layout of the public one."""
    with h5py.File(path, "w") as file:
        for layer in network.layers:
            if layer.weights:
                kernel, bias = layer.get_weights()
                group = file.create_group(layer.name.replace("_", "/"))
                group["kernel"], group["bias"] = kernel + 1, bias + 2
        if change:
            change(file)


def test_missing_weights_are_named_with_hash_place_and_both_ways_out(models, squeezenet):
    with pytest.raises(InvalidInput) as caught:
        load_backbone(squeezenet, "squeezenet", "imagenet")
    for part in (SQUEEZENET, "80b66c92d79d4310e07fb60a297bf0d1", str(models), "--weights PATH", "--weights none"):
        assert part in str(caught.value)


def test_a_download_that_fails_is_explained(models, squeezenet, monkeypatch):
    def no_network():
        raise Exception("URL fetch failure: no route")

    offline = replace(BACKBONES["vgg16"], download=no_network)
    monkeypatch.setitem(backbones.BACKBONES, "vgg16", offline)
    with pytest.raises(InvalidInput, match=r"no route.*--weights none"):
        load_backbone(squeezenet, "vgg16", "imagenet")


def test_a_cached_file_with_another_hash_is_refused_and_kept(models, squeezenet):
    mine = models / SQUEEZENET
    mine.write_bytes(b"my only copy")
    with pytest.raises(InvalidInput, match="left as it is"):
        load_backbone(squeezenet, "squeezenet", "imagenet")
    assert mine.read_bytes() == b"my only copy"


def test_a_path_that_does_not_exist_is_refused(squeezenet):
    with pytest.raises(InvalidInput, match=r"nowhere\.h5.*imagenet, none, or the path"):
        load_backbone(squeezenet, "squeezenet", "nowhere.h5")


def test_a_file_that_holds_no_weights_is_refused(tmp_path, squeezenet):
    path = tmp_path / "text.h5"
    path.write_text("not weights")
    with pytest.raises(InvalidInput, match=r"text\.h5 cannot be loaded into squeezenet"):
        load_backbone(squeezenet, "squeezenet", str(path))


def test_every_tensor_is_read(tmp_path, squeezenet):
    path = tmp_path / "weights.h5"
    write_weights(path, squeezenet)
    before = squeezenet.get_weights()
    load_backbone(squeezenet, "squeezenet", str(path))
    before[0] = before[0][:, :, ::-1]  # the file's takes BGR
    for old, new in zip(before, squeezenet.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old + (1 if old.ndim == 4 else 2))


@pytest.mark.parametrize(
    ("backbone", "first", "means"),
    [("squeezenet", "conv1", [104, 117, 123]), ("vgg16", "block1_conv1", [103.939, 116.779, 123.68])],
)
def test_a_network_trained_on_bgr_minus_means_sees_the_same_in_rgb(tmp_path, backbone, first, means):
    network, path = BACKBONES[backbone].build(Recipe("any", image_size=48)), tmp_path / "public.weights.h5"
    if backbone == "squeezenet":
        write_weights(path, network)
    else:
        network.save_weights(path)
    kernel = network.get_layer(first).get_weights()[0] + (backbone == "squeezenet")
    load_backbone(network, backbone, str(path))
    picture = noise(48, 48)
    corner = (picture[:3, :3, ::-1] - np.array(means))[..., None] * kernel  # as Caffe would see it
    seen = BACKBONES[backbone].preprocess()(picture[None])[0, :3, :3]
    turned = np.array(seen)[..., None] * network.get_layer(first).get_weights()[0]
    np.testing.assert_allclose(turned.sum(axis=(0, 1, 2)), corner.sum(axis=(0, 1, 2)), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_a_tensor_that_is_missing_or_of_another_shape_is_named_and_nothing_changes(tmp_path, squeezenet, change):
    def spoil(file):
        del file["fire5/expand3x3/kernel"]
        if change == "shape":
            file["fire5/expand3x3/kernel"] = np.zeros((3, 3, 32, 64), np.float32)

    path = tmp_path / "weights.h5"
    write_weights(path, squeezenet, spoil)
    before = squeezenet.get_weights()
    with pytest.raises(InvalidInput, match=r"fire5/expand3x3: expected \[\(3, 3, 32, 128\), \(128,\)\]"):
        load_backbone(squeezenet, "squeezenet", str(path))
    for old, new in zip(before, squeezenet.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_of_another_network_are_refused(tmp_path):
    small, other = (BACKBONES[name].build(TINY) for name in ("small", "convnet"))
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(InvalidInput, match="cannot be loaded into small"):
        load_backbone(small, "small", str(tmp_path / "other.weights.h5"))


def test_a_package_with_weights_that_is_not_installed_is_named_with_the_ways_out(squeezenet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = BACKBONES["efficientnet_lite2"]
    missing = replace(spec, imagenet=replace(spec.imagenet, package="efficientnet_lite9_pytorch_model"))
    monkeypatch.setitem(backbones.BACKBONES, "efficientnet_lite2", missing)
    message = refusal(load_backbone, squeezenet, "efficientnet_lite2", "imagenet")
    for part in ("package efficientnet-lite9-pytorch-model==0.1.0", "--weights PATH", "--weights none"):
        assert part in message
    Path("efficientnet_lite9_pytorch_model").mkdir()  # what is left of a package when it is removed
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "package efficientnet-lite9-pytorch-model==0.1.0" in refusal(
        load_backbone, squeezenet, "efficientnet_lite2", "imagenet"
    )
    assert weights.at_hand("efficientnet_lite2") is None
    assert "efficientnet_lite2" not in weights.all_at_hand()


def test_all_backbones_with_a_file_are_at_hand_and_one_of_those_that_share_it(models, shared_weights):
    assert not {"squeezenet", "vgg16", "small"} & {*weights.all_at_hand()}
    shutil.copy(shared_weights, models)
    found = weights.all_at_hand()
    assert {"efficientnet_lite0", "efficientnet_lite2", "squeezenet"} <= {*found}
    assert "squeezenet_pool8" not in found


def test_a_network_without_public_weights_says_so():
    with pytest.raises(InvalidInput, match="small has no ImageNet weights"):
        weights.imagenet_file("small")


@pytest.mark.slow
def test_the_public_weights_see_clothes(shared_weights, tmp_path):
    """A linear probe on the pooled features; measured elsewhere with the same weights on other held-out photographs:
    top .80, sleeve .93, bottom .93, pant .96, accessory .98."""
    data = shared_weights.parents[1] / "data/clothing"
    dataset = read_label_files(find_label_files(data), classes=find_classes(data))
    recipe = replace(CLOTHING, tasks=dataset.tasks, weights=str(shared_weights))
    network = build_network(recipe)
    load_first_weights(network, recipe)
    features = predict(features_of(network), Pictures(dataset, recipe))
    training, held_out = hold_out(dataset, 0.15, 0)
    scaler = StandardScaler().fit(features[training])
    expected = {"top_category": 0.75, "sleeve_length": 0.88, "bottom_category": 0.86, "pant_length": 0.91}
    for task, least in expected.items():
        present, truth = dataset.labelled[task], dataset.codes[task].argmax(axis=1)
        fit, judge = training[present[training]], held_out[present[held_out]]
        probe = LogisticRegression(C=0.01, max_iter=1000).fit(scaler.transform(features[fit]), truth[fit])
        assert probe.score(scaler.transform(features[judge]), truth[judge]) >= least, task


def test_weights_that_read_other_files_or_fill_the_memory_are_refused(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["numbers"] = np.arange(4.0)
    (tmp_path / "numbers.raw").write_bytes(bytes(32))
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(tmp_path / "secret.h5", "numbers", (4,))
    makers = {
        "a link to": lambda file: file.__setitem__("a/kernel", h5py.ExternalLink("secret.h5", "numbers")),
        "is a link": lambda file: file.__setitem__("a/kernel", h5py.SoftLink("/b")),
        "is made of other files": lambda file: file.create_virtual_dataset("kernel", layout),
        "weights have to lie in": lambda file: file.create_dataset("k", (4,), "f8", external=[("numbers.raw", 0, 32)]),
        "would unpack to": lambda file: file.create_dataset(
            "kernel", (2**30,), "f8", chunks=(2**20,), compression="gzip"
        ),
    }
    for words, make in makers.items():
        with h5py.File(tmp_path / "hostile.h5", "w") as file:
            make(file)
        assert words in refusal(load_whole, tmp_path / "hostile.h5", "a network", lambda: pytest.fail("it was loaded"))
    sharded = write(tmp_path / "x.weights.json", '{"weight_map": {"a": "../../secret.h5"}}')
    assert "only names files" in refusal(load_whole, sharded, "a network", lambda: pytest.fail("it was loaded"))
