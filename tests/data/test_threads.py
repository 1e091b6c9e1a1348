"""The number of threads that a process is given is obeyed wherever images are read or drawn."""

import os
from pathlib import Path
from threading import Barrier

import cv2
import numpy as np
import pytest
from helpers import noise, write

from competition.data.check_images import inspect
from competition.data.near_duplicates import perceptual_hashes
from competition.dataset import Dataset, one_row_an_image
from competition.drawing.output import write_pictures
from competition.images.cache import PictureCache, Pictures
from competition.recipe import Recipe
from competition.threads import VARIABLE

COUNT = (os.cpu_count() or 1) + 5  # more than any usual number of threads
NAMES = [f"{number}.png" for number in range(COUNT)]
RECIPE = Recipe("any", image_size=8)


@pytest.fixture
def images(tmp_path) -> Dataset:
    for seed, name in enumerate(NAMES):
        write(tmp_path / name, cv2.imencode(".png", noise(8, 8, seed))[1].tobytes())
    return one_row_an_image((), tmp_path / "labels.csv", tmp_path, NAMES, {})


def hash_all(images: Dataset, folder: Path) -> None:
    perceptual_hashes([images.path(row) for row in range(COUNT)], NAMES, folder)


def keep(images: Dataset, folder: Path) -> None:
    digests = inspect(images, folder).digests
    Pictures(images, RECIPE, digests, PictureCache(folder / "pictures", RECIPE, 10**6)).keep()


@pytest.mark.parametrize("work", [inspect, hash_all, keep])
def test_images_are_read_by_as_many_threads_as_are_given(images, tmp_path, monkeypatch, work):
    imdecode, all_here = cv2.imdecode, Barrier(COUNT, timeout=30)

    def decode_together(*arguments) -> np.ndarray:
        all_here.wait()  # raises where too few threads come
        return imdecode(*arguments)

    monkeypatch.setenv(VARIABLE, str(COUNT))
    monkeypatch.setattr(cv2, "imdecode", decode_together)
    work(images, tmp_path / "cache")


def test_pictures_are_drawn_by_as_many_threads_as_are_given(tmp_path, monkeypatch):
    all_here = Barrier(COUNT, timeout=30)

    def paint_together(seed: int) -> np.ndarray:
        all_here.wait()
        return noise(8, 8, seed)

    monkeypatch.setenv(VARIABLE, str(COUNT))
    work = [(tmp_path / name, seed) for seed, name in enumerate(NAMES)]
    write_pictures(work, paint_together, progress=False)
    for path, seed in work:
        np.testing.assert_array_equal(cv2.imread(str(path)), noise(8, 8, seed))
