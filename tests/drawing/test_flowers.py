"""The drawn flowers: colours and types can be told apart."""

from functools import cache

import cv2
import numpy as np
import pytest

from competition.drawing.blossoms import picture


@cache
def flower(kind: str, colour: str, seed: int) -> np.ndarray:
    return picture(kind, colour, np.random.default_rng(seed))


def share(image: np.ndarray, low: tuple, high: tuple) -> float:
    """How much of a picture lies between two colours, hue 0..180, saturation and value 0..255."""
    return float(cv2.inRange(cv2.cvtColor(image, cv2.COLOR_BGR2HSV), low, high).mean() / 255)


@pytest.mark.parametrize("kind", ["rose", "daisy"])
def test_a_flower_has_its_colour(kind):
    colours = ("red", "pink", "white")
    pictures = {colour: [flower(kind, colour, seed) for seed in range(8)] for colour in colours}
    white = {colour: np.mean([share(i, (0, 0, 120), (180, 50, 255)) for i in pictures[colour]]) for colour in colours}
    red = {colour: np.mean([share(i, (0, 190, 60), (8, 255, 255)) for i in pictures[colour]]) for colour in colours}
    assert white["white"] > max(white["pink"], white["red"]) + 0.05
    assert red["red"] > max(red["pink"], red["white"]) + 0.02


def test_a_rose_is_no_daisy_in_the_same_scene():
    for seed in range(8):
        difference = cv2.absdiff(flower("rose", "white", seed), flower("daisy", "white", seed))
        assert (difference.max(axis=2) > 20).mean() > 0.02
