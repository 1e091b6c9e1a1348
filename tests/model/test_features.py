"""Features on disk: computed once, also by several at a time; incomplete files made again; a full disk reported."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import keras
import numpy as np
import pytest
from small_data import TINY, read_data, write_data

from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.images.batches import PredictBatches
from competition.images.cache import Pictures
from competition.model.features import CHUNK, Features, cached_features
from competition.model.network import build_network, features_of

CONVNET = replace(TINY, backbone="convnet")


class Asked(Pictures):
    """Pictures that count how often features are computed of them, which begins by taking each image once."""

    computed = 0

    def take(self, rows: np.ndarray) -> Pictures:
        self.computed += 1
        return super().take(rows)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Dataset:
    return read_data(write_data(tmp_path_factory.mktemp("squares") / "data", images=6))


@pytest.fixture
def pictures(dataset) -> Asked:
    """Six images, and the first two of them once more."""
    return Asked(dataset.take(np.arange(8) % 6), TINY, [str(row % 6) for row in range(8)])


def pooling(size: int = 32, kernel: float = 1.0) -> keras.Model:
    """A network of one weight whose features are the mean of each channel, times the weight."""
    image = keras.Input((size, size, 3))
    backbone = keras.Model(image, keras.layers.DepthwiseConv2D(1, use_bias=False, name="scale")(image))
    backbone.get_layer("scale").set_weights([np.full((1, 1, 3, 1), kernel)])
    return keras.Model(image, keras.layers.GlobalAveragePooling2D(name="pool")(backbone(image)))


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return pooling()


@pytest.fixture(scope="module")
def expected(dataset) -> np.ndarray:
    (images,) = PredictBatches(Pictures(dataset, TINY), 6)
    return images.mean(axis=(1, 2))[np.arange(8) % 6]


def files(cache: Path) -> list[Path]:
    return [*(cache / "features").glob("*.npy")]


def test_features_are_computed_once_and_found_again_for_any_part_of_the_images(pictures, network, expected, tmp_path):
    first, again = (cached_features(network, "float32", pictures, tmp_path) for _ in range(2))
    np.testing.assert_allclose(first[:], expected, rtol=1e-5)
    np.testing.assert_array_equal(again.take(np.array([5, 3]))[:], first[[5, 3]])
    np.testing.assert_array_equal(again.take(np.array([7, 1]))[:], first[[1, 1]])
    assert pictures.computed == 1
    assert len(files(tmp_path)) == 1


def test_other_pixels_weights_networks_or_formats_are_other_features(dataset, network, tmp_path):
    one, other = (dataset.take(np.array([row])) for row in (0, 1))
    asked = [
        (network, "float32", Pictures(one, TINY, ["a"])),
        (network, "float32", Pictures(other, TINY, ["b"])),
        (network, "mixed_bfloat16", Pictures(one, TINY, ["a"])),
        (pooling(kernel=2.0), "float32", Pictures(one, TINY, ["a"])),
        (pooling(48), "float32", Pictures(one, replace(TINY, image_size=48), ["a"])),
        (network, "float32", Pictures(one, replace(TINY, aspect="pad"), ["a"])),
        (network, "float32", Pictures(one, replace(TINY, backbone="convnet"), ["a"])),
        (network, "float32", Pictures(one, replace(TINY, activation="leaky_relu"), ["a"])),
        (network, "float32", Pictures(one, replace(TINY, pool="flatten"), ["a"])),
    ]
    for number, arguments in enumerate(asked, start=1):
        cached_features(*arguments, tmp_path)
        assert len(files(tmp_path)) == number
    for arguments in asked:
        cached_features(*arguments, tmp_path)
    assert len(files(tmp_path)) == len(asked)


def test_a_file_that_is_not_whole_is_made_again_with_a_message(pictures, network, expected, tmp_path, capsys):
    cached_features(network, "float32", pictures, tmp_path)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    assert capsys.readouterr().out == ""
    spoilt = {
        "empty": lambda: path.write_bytes(b""),
        "text": lambda: path.write_text("something else"),
        "cut": lambda: path.write_bytes(whole[:-4]),
        "longer": lambda: path.write_bytes(whole + b"more"),
        "another shape": lambda: np.save(path, np.zeros((6, 2), np.float32)),
        "another type": lambda: np.save(path, np.zeros((6, 3))),
    }
    for times, (name, spoil) in enumerate(spoilt.items(), start=2):
        spoil()
        for _ in range(2):
            found = cached_features(network, "float32", pictures, tmp_path)
            np.testing.assert_allclose(found[:], expected, rtol=1e-5, err_msg=name)
        assert pictures.computed == times, name
        message = f"{path} is not a complete file of 6 x 3 features; they are computed again\n"
        assert capsys.readouterr().out == message, name


def test_those_who_ask_at_the_same_time_get_what_the_first_computes(pictures, network, expected, tmp_path):
    began, let_go = Event(), Event()

    class Slow(Asked):
        def take(self, rows):
            began.set()
            assert let_go.wait(20)
            return super().take(rows)

    slow, found = Slow(pictures.dataset, TINY, pictures.digests), []
    askers = [Thread(target=lambda: found.append(cached_features(network, "float32", slow, tmp_path))) for _ in "ab"]
    askers[0].start()
    assert began.wait(20)
    askers[1].start()
    askers[1].join(0.3)
    assert askers[1].is_alive()
    let_go.set()
    for asker in askers:
        asker.join(20)
    assert slow.computed == 1
    for one in found:
        np.testing.assert_allclose(one[:], expected, rtol=1e-5)
    assert len(found) == 2


def test_a_full_disk_is_reported_before_anything_is_computed(pictures, network, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InvalidInput, match=r"npy cannot be written: No space left on device for 72 bytes of features"):
        cached_features(network, "float32", pictures, tmp_path)
    assert pictures.computed == 0
    assert [path for path in (tmp_path / "features").iterdir() if path.stat().st_size] == []


def test_mean_and_variance_are_exact_where_the_deviation_is_small_beside_the_mean():
    rows = np.random.default_rng(0).normal(100, 1e-3, (2 * CHUNK + 100, 4)).astype(np.float32)
    order = np.random.default_rng(1).permutation(len(rows))
    mean, variance = Features(rows, order).moments()
    expected = rows.mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(mean, expected, rtol=1e-12)
    np.testing.assert_allclose(variance, ((rows - expected) ** 2).mean(axis=0), rtol=1e-10)
    assert mean.dtype == variance.dtype == np.float64


def test_a_nearly_constant_feature_has_a_thousandth_of_the_mean_variance():
    rows = np.random.default_rng(0).normal(0, [1, 2, 1e-6], (500, 3)).astype(np.float32)
    variance = Features(rows, np.arange(500)).moments()[1]
    expected = rows.var(axis=0, dtype=np.float64)
    np.testing.assert_allclose(variance, [*expected[:2], 1e-3 * expected.mean()], rtol=1e-6)


def test_features_are_what_the_network_pools(dataset, tmp_path):
    network, pictures = build_network(CONVNET), Pictures(dataset, CONVNET, list("abcdef"))
    (images,) = PredictBatches(pictures, 6)
    found = cached_features(network, "float32", pictures, tmp_path)
    np.testing.assert_allclose(found[:], features_of(network)(images), atol=1e-5)
