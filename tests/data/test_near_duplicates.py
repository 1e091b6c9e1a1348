"""Near-duplicates: hashes against the library's own, pairs and groups against comparing everything with everything."""

import json
import tracemalloc
from pathlib import Path

import cv2
import imagehash
import numpy as np
import pytest
from helpers import noise, refusal, write
from PIL import Image

from competition.data.near_duplicates import check_distance, duplicate_groups, near_pairs, near_rows, perceptual_hashes

SEEDS = range(6)


def some_hashes(seed: int, count: int = 400) -> np.ndarray:
    """Random hashes of which many are copies of others, with 0 to 9 bits turned."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(2**64, size=count // 4, dtype=np.uint64)[rng.integers(count // 4, size=count)]
    for row, turned in enumerate(rng.integers(10, size=count)):
        for bit in rng.choice(64, turned, replace=False):
            hashes[row] ^= np.uint64(1) << np.uint64(bit)
    return hashes


def pairs_by_comparing_all(hashes: np.ndarray, distance: int) -> list[tuple[int, int]]:
    apart = np.bitwise_count(hashes[:, None] ^ hashes)
    return [(first, second) for first, second in np.argwhere(apart <= distance).tolist() if first < second]


def png(path: Path, picture: np.ndarray) -> Path:
    return write(path, cv2.imencode(".png", picture[..., ::-1])[1].tobytes())


def hash_of(path: Path, cache: Path) -> int:
    return int(perceptual_hashes([path], [path.name], cache)[0])


@pytest.mark.parametrize("distance", [0, 1, 4, 9])
def test_near_pairs_are_those_found_by_comparing_all(distance):
    for seed in SEEDS:
        hashes = some_hashes(seed)
        expected = pairs_by_comparing_all(hashes, distance)
        assert len(expected) > 3
        assert [tuple(pair) for pair in near_pairs(hashes, distance).tolist()] == expected


@pytest.mark.parametrize("distance", [0, 4])
def test_near_rows_are_those_found_by_comparing_all(distance):
    for seed in SEEDS:
        hashes, others = np.split(some_hashes(seed), [300])
        hashes[:3] = others[:3]
        near = (np.bitwise_count(hashes[:, None] ^ others) <= distance).any(axis=1)
        assert 0 < near.sum() < len(hashes)
        assert near_rows(hashes, others, distance).tolist() == np.flatnonzero(near).tolist()
    assert len(near_rows(hashes, others[:0])) == len(near_rows(hashes[:0], others)) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_no_image_or_one_makes_no_pair(count):
    assert near_pairs(np.zeros(count, np.uint64)).shape == (0, 2)
    assert len(duplicate_groups(np.zeros(count, np.uint64))) == count


def test_a_band_that_thousands_share_takes_no_room_for_their_pairs():
    hashes = np.random.default_rng(0).integers(2**64, size=2000, dtype=np.uint64)
    hashes &= ~np.uint64(sum(1 << bit for bit in range(0, 64, 5)))  # all alike in one of the five bands
    tracemalloc.start()
    assert len(near_pairs(hashes, 4)) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # the pairs alone would be 16 million bytes


def test_groups_are_what_near_pairs_connect():
    for seed in SEEDS:
        hashes = some_hashes(seed)
        group = list(range(len(hashes)))
        for first, second in pairs_by_comparing_all(hashes, 4):
            old, new = group[second], group[first]
            group = [new if number == old else number for number in group]
        found = duplicate_groups(hashes, 4)
        assert len(set(zip(found.tolist(), group, strict=True))) == len(set(group)) == found.max() + 1
        assert len(set(group)) < len(hashes)


def test_images_hang_together_through_others():
    assert list(duplicate_groups(np.array([0b1111, 0, 0b11111111, 2**64 - 1], np.uint64), 4)) == [0, 0, 0, 1]


def test_thousands_of_copies_are_one_group():
    assert set(duplicate_groups(np.full(50_000, 7, np.uint64))) == {0}


def test_a_hash_is_that_of_the_library_for_the_same_pixels(tmp_path):
    paths = [png(tmp_path / f"{seed}.png", noise(40 + seed, 60, seed)) for seed in range(5)]
    hashes = perceptual_hashes(paths, [path.name for path in paths], tmp_path)
    theirs = [imagehash.phash(Image.open(path)) for path in paths]
    assert [f"{value:016x}" for value in hashes.tolist()] == [str(value) for value in theirs]
    assert (hashes[0] ^ hashes[1]).item().bit_count() == theirs[0] - theirs[1] > 0


def test_a_picture_turned_by_its_tag_is_like_one_turned_in_its_pixels(tmp_path):
    picture = cv2.GaussianBlur(cv2.resize(noise(9, 12), (120, 90), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter clockwise
    Image.fromarray(picture).save(tmp_path / "tagged.jpg", quality=95, exif=exif)
    Image.fromarray(np.rot90(picture, -1)).save(tmp_path / "turned.jpg", quality=95)
    Image.fromarray(picture).save(tmp_path / "upright.jpg", quality=95)
    tagged, turned, upright = (hash_of(tmp_path / f"{name}.jpg", tmp_path) for name in ("tagged", "turned", "upright"))
    assert (tagged ^ turned).bit_count() <= 2
    assert (tagged ^ upright).bit_count() > 10


def test_plain_pictures_are_all_alike(tmp_path):
    paths = [png(tmp_path / f"{red}.png", np.full((30, 40, 3), (red, 80, 9), np.uint8)) for red in (10, 90, 200)]
    assert len(set(perceptual_hashes(paths, [path.name for path in paths], tmp_path).tolist())) == 1


def test_a_hash_is_remembered_by_digest(tmp_path):
    path = png(tmp_path / "a.png", noise(40, 40))
    first = perceptual_hashes([path], ["d"], tmp_path / "cache")
    path.unlink()
    moved = [tmp_path / "elsewhere.png"] * 2
    assert list(perceptual_hashes(moved, ["d", "d"], tmp_path / "cache")) == [first[0]] * 2


@pytest.mark.parametrize("spoilt", ["", "[1]", '{"d": 5}', '{"d": "12"}', '{"d": "zzzzzzzzzzzzzzzz"}', '{"d": '])
def test_a_spoilt_memory_is_filled_again(tmp_path, spoilt):
    path = png(tmp_path / "a.png", noise(40, 40))
    write(tmp_path / "hashes.json", spoilt)
    truth = str(imagehash.phash(Image.open(path)))
    assert list(perceptual_hashes([path], ["d"], tmp_path)) == [int(truth, 16)]
    assert json.loads((tmp_path / "hashes.json").read_text()) == {"d": truth}


def test_an_image_that_was_lost_is_named_and_what_was_hashed_before_stays(tmp_path):
    paths = [png(tmp_path / "a.png", noise(40, 40)), tmp_path / "gone.png"]
    assert "gone.png: there is no such file" in refusal(perceptual_hashes, paths, ["a", "gone"], tmp_path)
    assert [*json.loads((tmp_path / "hashes.json").read_text())] == ["a"]


@pytest.mark.parametrize("distance", [-1, 17])
def test_a_distance_that_says_nothing_is_refused(distance):
    assert f"a distance of {distance} bits; allowed are 0" in refusal(check_distance, distance)


def test_photographs_saved_again_are_near_and_other_photographs_are_not(tmp_path, shared):
    originals = sorted((shared / "data/clothing/base/Images").glob("*/*.jpg"))[::120]
    again = []
    for path in originals:
        picture = cv2.imread(str(path))
        half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        again.append(
            write(tmp_path / path.name, cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 60])[1].tobytes())
        )
    paths = [*originals, *again]
    hashes = perceptual_hashes(paths, [str(path) for path in paths], tmp_path)
    pairs = {tuple(pair) for pair in near_pairs(hashes).tolist()}
    same = {(row, row + len(originals)) for row in range(len(originals))}
    assert len(originals) > 25
    assert pairs - same == set()
    assert len(pairs & same) >= 0.95 * len(same)
