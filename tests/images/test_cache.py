"""Decoded pictures: the same from the cache as from the file, within the room that is given, whoever shares it."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, rgbx, waves, write

from competition.data.check_images import inspect
from competition.images.batches import PredictBatches, TrainBatches, augmented_views
from competition.images.cache import PictureCache, Pictures
from competition.layouts.fashionai import read_label_files
from competition.recipe import Recipe

IMAGES = 30
RECIPE = Recipe("mine", image_size=16, rotation=20, zoom=(0.8, 1.2))
PIXELS = 24 * 28 * 3 + 8  # bytes of one of them in the cache


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Files of 24 x 28 pixels, lossless and not."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(IMAGES):
        kind = ".png" if number % 2 else ".jpg"
        write(folder / f"{number}{kind}", cv2.imencode(kind, noise(24, 28, number))[1].tobytes())
    rows = [
        f"{number}{'.png' if number % 2 else '.jpg'},size,{'yn' if number % 3 else 'ny'}" for number in range(IMAGES)
    ]
    return read_label_files([write(folder / "Annotations/label.csv", rows)])


@pytest.fixture
def kept(photographs, tmp_path):
    """Their pictures with an empty cache of a megabyte."""
    digests = inspect(photographs, tmp_path).digests
    return Pictures(photographs, RECIPE, digests, PictureCache(tmp_path / "pictures", RECIPE, 10**6))


def files(kept: Pictures) -> list[Path]:
    return sorted(kept.cache.folder.iterdir())


def without_files(some: Pictures, folder: Path) -> Pictures:
    """The same pictures and cache, but with no image files behind them."""
    return Pictures(replace(some.dataset, roots=(folder / "nothing",)), RECIPE, some.digests, some.cache)


def batches_of(some: Pictures, threads: int) -> list[np.ndarray]:
    """All training batches of two epochs, and those to predict."""
    train = TrainBatches(some.dataset, RECIPE, 7, augmented_views(some))
    made = []
    with ThreadPoolExecutor(threads) as pool:
        for epoch in (0, 1):
            train.epoch = epoch
            made += [batch[0] for batch in pool.map(train.__getitem__, range(len(train)))]
        predict = PredictBatches(some, 7)
        return made + list(pool.map(predict.__getitem__, range(len(predict))))


def test_batches_are_the_same_with_and_without_a_cache_for_any_number_of_threads(photographs, tmp_path):
    expected = batches_of(Pictures(photographs, RECIPE), threads=1)
    digests = inspect(photographs, tmp_path).digests
    for threads in (1, 2, 4):
        empty = PictureCache(tmp_path / f"{threads} threads", RECIPE, 10**6)
        some = Pictures(photographs, RECIPE, digests, empty)
        for _ in range(2):  # the second time from the cache alone
            for batch, wanted in zip(batches_of(some, threads), expected, strict=True):
                np.testing.assert_array_equal(batch, wanted)
        assert len(files(some)) == IMAGES


def test_for_what_is_kept_no_file_is_read_again(kept, tmp_path):
    first = kept[3].copy()
    gone = without_files(kept, tmp_path)
    np.testing.assert_array_equal(gone[3], first)
    np.testing.assert_array_equal(gone.take(np.array([5, 3]))[1], first)
    assert "there is no such file" in refusal(gone.__getitem__, 4)


def test_a_large_picture_is_kept_small(tmp_path):
    write(tmp_path / "a.jpg", cv2.imencode(".jpg", waves(200, 90))[1].tobytes())
    labels = read_label_files([write(tmp_path / "Annotations/label.csv", ["a.jpg,size,yn"])])
    large = Pictures(
        labels, RECIPE, inspect(labels, tmp_path).digests, PictureCache(tmp_path / "pictures", RECIPE, 10**6)
    )
    assert max(large[0].shape[:2]) < 32
    assert files(large)[0].stat().st_size < 32 * 32 * 3
    averaged = cv2.resize(waves(200, 90), large[0].shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(large[0][..., 2::-1].astype(int) - averaged).mean() < 8


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: b"",
        lambda content: content[:3],
        lambda content: content[:8],  # height and width, and no pixels
        lambda content: bytes(8),
    ],
)
def test_a_file_that_is_not_whole_is_made_again(kept, spoil):
    picture = kept[2].copy()
    file = files(kept)[0]
    content = file.read_bytes()
    file.write_bytes(spoil(content))
    np.testing.assert_array_equal(kept[2], picture)
    assert file.read_bytes() == content


def test_nothing_is_added_beyond_the_limit_and_the_pictures_stay_right(photographs, tmp_path):
    digests = inspect(photographs, tmp_path).digests
    some = Pictures(photographs, RECIPE, digests, PictureCache(tmp_path / "pictures", RECIPE, 5 * PIXELS + 10))
    plain = Pictures(photographs, RECIPE)
    with pytest.warns(UserWarning, match="no more room within --picture-cache") as warned:
        for row in range(IMAGES):
            np.testing.assert_array_equal(some[row], plain[row].copy())
    assert len(warned) == 1
    assert len(files(some)) == 5
    # Another size finds the room taken.
    other = PictureCache(tmp_path / "pictures", Recipe("mine", image_size=20), 5 * PIXELS + 10)
    with pytest.warns(UserWarning, match="no more room"):
        other.keep("digest", rgbx(noise(24, 28)))
    assert list(other.folder.iterdir()) == []


def test_a_disk_that_is_full_ends_the_keeping_and_not_the_training(photographs, kept, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    first = kept[0].copy()
    monkeypatch.setattr(Path, "replace", full)
    plain = Pictures(photographs, RECIPE)
    with pytest.warns(UserWarning, match=r"cannot be written \(No space left on device\)") as warned:
        for row in range(IMAGES):
            np.testing.assert_array_equal(kept[row], plain[row].copy())
    assert len(warned) == 1
    assert len(files(kept)) == 1
    np.testing.assert_array_equal(kept[0], first)


def test_keeping_a_picture_does_not_wait_for_the_disk(kept, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("a cache can be made again"))
    kept.keep()
    assert len(files(kept)) == IMAGES


def test_a_file_that_changed_since_it_was_checked_is_not_kept_under_its_old_name(tmp_path):
    file = write(tmp_path / "a.png", cv2.imencode(".png", noise(24, 28))[1].tobytes())
    labels = read_label_files([write(tmp_path / "Annotations/label.csv", ["a.png,size,yn"])])
    some = Pictures(labels, RECIPE, inspect(labels, tmp_path).digests, PictureCache(tmp_path / "p", RECIPE, 10**6))
    write(file, cv2.imencode(".png", noise(24, 28, 1))[1].tobytes())
    assert refusal(some.__getitem__, 0).endswith("a.png: the file has changed since it was checked; start again")
    assert files(some) == []


def test_what_is_asked_to_be_kept_is_there_before_others_take_the_room(photographs, tmp_path):
    digests = inspect(photographs, tmp_path).digests
    some = Pictures(photographs, RECIPE, digests, PictureCache(tmp_path / "pictures", RECIPE, 5 * PIXELS + 10))
    held_out = some.take(np.arange(20, 24))
    held_out.keep()
    with pytest.warns(UserWarning, match="no more room"):
        some.keep()
    assert len(files(some)) == 5
    gone = without_files(held_out, tmp_path)
    for row in range(4):
        assert gone[row].shape == (24, 28, 4)


def test_a_cache_opens_while_another_process_writes_into_the_folder(kept, tmp_path):
    kept.keep()
    (kept.cache.folder / ".writing-gone").symlink_to("renamed meanwhile")  # listed, and gone when it is looked at
    cache = PictureCache(tmp_path / "pictures", RECIPE, (IMAGES + 1) * PIXELS)
    cache.keep("one more", rgbx(noise(24, 28)))
    with pytest.warns(UserWarning, match="no more room"):
        cache.keep("one too many", rgbx(noise(24, 28)))
    assert cache.read("one more") is not None
    assert cache.read("one too many") is None


def test_sizes_and_aspects_have_pictures_of_their_own(tmp_path):
    recipes = [RECIPE, Recipe("mine", image_size=20), Recipe("mine", image_size=16, aspect="pad")]
    caches = [PictureCache(tmp_path, recipe, 10**6) for recipe in recipes]
    for seed, cache in enumerate(caches):
        assert cache.read("digest") is None
        cache.keep("digest", rgbx(noise(4, 5, seed)))
    for seed, cache in enumerate(caches):
        np.testing.assert_array_equal(cache.read("digest"), rgbx(noise(4, 5, seed)))


def test_two_that_share_a_folder_do_not_disturb_each_other(photographs, kept, tmp_path):
    again = Pictures(photographs, RECIPE, kept.digests, PictureCache(tmp_path / "pictures", RECIPE, 10**6))
    with ThreadPoolExecutor(4) as pool:
        both = list(pool.map(lambda row: (kept if row % 2 else again)[row // 2].copy(), range(2 * IMAGES)))
    for row in range(IMAGES):
        np.testing.assert_array_equal(both[2 * row], both[2 * row + 1])
    assert len(files(kept)) == IMAGES
