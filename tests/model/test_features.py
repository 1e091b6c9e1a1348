"""Features kept on disk: computed once by however many, whole or made again, and a full disk is told of."""

import errno
import os
from threading import Event, Thread

import keras
import numpy as np
import pytest
from small_data import TINY, read_data, write_data

from competition.images.cache import Pictures
from competition.model import features
from competition.model.features import CHUNK, Features, cached_features


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Pictures:
    dataset = read_data(write_data(tmp_path_factory.mktemp("squares") / "data", images=6))
    return Pictures(dataset, TINY, [str(row) for row in range(len(dataset))])


@pytest.fixture
def computed(monkeypatch) -> list[str]:
    """A word for each time that features are computed: row i is (i, i, i)."""
    words = []

    def compute(array, network, pictures):
        words.append("computed")
        array[:] = np.arange(len(pictures))[:, None]

    monkeypatch.setattr(features, "_compute", compute)
    return words


@pytest.fixture(scope="module")
def network() -> keras.Model:
    image = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(keras.Model(image, image)(image))
    return keras.Model(image, pooled)


def files(folder) -> list[str]:
    return [path.suffix for path in sorted((folder / "features").iterdir())]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("something else"),
        lambda path: path.write_bytes(path.read_bytes()[:-4]),
        lambda path: path.write_bytes(path.read_bytes() + b"more"),
        lambda path: np.save(path, np.zeros((6, 2), np.float32)),
        lambda path: np.save(path, np.zeros((6, 3))),
    ],
    ids=["empty", "text", "cut", "longer", "another shape", "another type"],
)
def test_a_file_that_is_not_whole_is_made_again_with_a_word(pictures, network, computed, tmp_path, capsys, spoil):
    cached_features(network, "float32", pictures, tmp_path)
    spoil(next((tmp_path / "features").glob("*.npy")))
    assert capsys.readouterr().out == ""
    for _ in range(2):
        found = cached_features(network, "float32", pictures, tmp_path)
        np.testing.assert_array_equal(found[:], np.repeat(np.arange(6.0), 3).reshape(6, 3))
    assert len(computed) == 2
    assert capsys.readouterr().out.endswith(".npy is not a complete file of 6 x 3 features; they are computed again\n")


def test_those_who_ask_at_the_same_time_get_what_the_first_computes(pictures, network, computed, tmp_path, monkeypatch):
    began, let_go, compute = Event(), Event(), features._compute

    def slow(*arguments):
        began.set()
        assert let_go.wait(20)
        compute(*arguments)

    monkeypatch.setattr(features, "_compute", slow)
    found = []
    askers = [
        Thread(target=lambda: found.append(cached_features(network, "float32", pictures, tmp_path))) for _ in range(2)
    ]
    askers[0].start()
    assert began.wait(20)
    askers[1].start()
    askers[1].join(0.3)
    assert askers[1].is_alive()
    let_go.set()
    for asker in askers:
        asker.join(20)
    assert computed == ["computed"]
    np.testing.assert_array_equal(found[0][:], found[1][:])


def test_a_full_disk_is_told_of_before_anything_is_computed(pictures, network, computed, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"No space left on device for 72 bytes of features: '.*features'"):
        cached_features(network, "float32", pictures, tmp_path)
    assert computed == []
    assert files(tmp_path) == [".lock"]


def test_mean_and_variance_are_exact_where_the_deviation_is_small_beside_the_mean():
    rows = np.random.default_rng(0).normal(100, 1e-3, (2 * CHUNK + 100, 4)).astype(np.float32)
    order = np.random.default_rng(1).permutation(len(rows))
    mean, variance = Features(rows, order).moments()
    expected = rows.mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(mean, expected, rtol=1e-12)
    np.testing.assert_allclose(variance, ((rows - expected) ** 2).mean(axis=0), rtol=1e-10)
