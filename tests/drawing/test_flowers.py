"""The drawn flowers: the published layout, the same bytes for the same seed, and kinds that can be told apart."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import refusal

from competition.drawing.blossoms import picture
from competition.drawing.flowers import draw

IMAGES = 80
LISTS = {"train.txt": 48, "val.txt": 20, "test.txt": 12}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawing") / "flowers"
    draw(folder, IMAGES, seed=3, progress=False, threads=1)
    return folder


def lines(folder: Path, name: str) -> list[str]:
    return (folder / name).read_text(encoding="utf-8").splitlines()


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(bytes(path.relative_to(folder)) + path.read_bytes() for path in files)).hexdigest()


def test_the_files_are_those_of_the_published_layout(drawn):
    rows = [row for name in LISTS for row in lines(drawn, name)]
    assert all(re.fullmatch(r"/data/img[1-9]\d*\.jpg, [01], [012]", row) for row in rows)
    named = [row.split(",")[0][1:] for row in rows]
    assert sorted(named) == sorted(f"data/img{number}.jpg" for number in range(1, IMAGES + 1))
    assert {str(path.relative_to(drawn)) for path in drawn.rglob("*.*")} == {*named, *LISTS}


def test_of_all_images_60_25_and_15_percent_are_named_with_every_kind_alike(drawn):
    for name, count in LISTS.items():
        kinds = Counter(row.split(",", 1)[1] for row in lines(drawn, name))
        assert sum(kinds.values()) == count
        assert len(kinds) == 6
        assert max(kinds.values()) - min(kinds.values()) <= 1


def test_the_number_of_an_image_tells_nothing(drawn):
    train = lines(drawn, "train.txt")
    numbers = np.array([int(re.search(r"\d+", row)[0]) for row in train])
    roses = np.array([", 0, " in row for row in train])
    assert abs(numbers[roses].mean() - numbers[~roses].mean()) < 15
    assert (np.diff(numbers) < 0).mean() > 0.2


def test_pictures_are_jpeg_files_of_227_pixels_in_colour(drawn):
    for path in (drawn / "data").iterdir():
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert (image.shape, image.dtype) == ((227, 227, 3), np.uint8)
        assert image.std() > 8


def test_equal_seeds_give_equal_bytes_for_any_number_of_threads_and_others_do_not(drawn, tmp_path):
    draw(tmp_path / "again", IMAGES, seed=3, progress=False, threads=3)
    draw(tmp_path / "other", IMAGES, seed=4, progress=False)
    assert digest(tmp_path / "again") == digest(drawn)
    first, other = ({path.read_bytes() for path in folder.rglob("*.jpg")} for folder in (drawn, tmp_path / "other"))
    assert len(first) == len(other) == IMAGES
    assert not first & other


def share(image: np.ndarray, low: tuple, high: tuple) -> float:
    """How much of a picture lies between two colours, hue 0..180, saturation and value 0..255."""
    return float(cv2.inRange(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), low, high).mean() / 255)


@pytest.mark.parametrize("kind", ["rose", "daisy"])
def test_a_flower_has_its_colour(kind):
    colours = ("red", "pink", "white")
    pictures = {colour: [picture(kind, colour, np.random.default_rng(k)) for k in range(12)] for colour in colours}
    white = {colour: np.mean([share(i, (0, 0, 120), (180, 50, 255)) for i in pictures[colour]]) for colour in colours}
    red = {colour: np.mean([share(i, (0, 190, 60), (8, 255, 255)) for i in pictures[colour]]) for colour in colours}
    assert white["white"] > max(white["pink"], white["red"]) + 0.05
    assert red["red"] > max(red["pink"], red["white"]) + 0.02


def test_a_rose_is_no_daisy_in_the_same_scene():
    for seed in range(8):
        rose, daisy = (picture(kind, "white", np.random.default_rng(seed)) for kind in ("rose", "daisy"))
        assert (cv2.absdiff(rose, daisy).max(axis=2) > 20).mean() > 0.02


@pytest.mark.parametrize(("images", "seed", "words"), [(39, 0, "draw 40 or more"), (40, -1, "the seed is -1")])
def test_what_cannot_be_drawn_is_refused_and_nothing_is_left(tmp_path, images, seed, words):
    assert words in refusal(draw, tmp_path / "flowers", images, seed, False)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_anything_in_it_is_refused(drawn):
    assert "not an empty folder" in refusal(draw, drawn, IMAGES, 3, False)
