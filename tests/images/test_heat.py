"""Layers of heat: hot where the heat is, clear where it is not, and over the picture alone."""

import cv2
import numpy as np
import pytest

from competition.images.heat import SIDE, heat_layer


def opacity(*arguments) -> np.ndarray:
    layer = heat_layer(*arguments)
    assert len(layer) < 4_000
    return cv2.imdecode(np.frombuffer(layer, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3] / 255


def corner() -> np.ndarray:
    heat = np.zeros((8, 8), np.float32)
    heat[:2, 6:] = 1
    return heat


def test_a_layer_is_opaque_where_the_heat_is_and_clear_elsewhere():
    shown = opacity(corner(), 300, 400, "stretch")
    assert shown.shape == (SIDE, SIDE)  # stretched over the picture, as the picture was into the square
    assert shown[:8, 56:].mean() > 0.75
    assert shown[:, :40].max() == shown[24:].max() == 0
    assert opacity(np.zeros((9, 9), np.float32), 50, 50, "stretch").max() == 0


@pytest.mark.parametrize(("height", "width"), [(100, 400), (400, 100)])
def test_the_grey_beside_a_padded_picture_is_cut_off(height, width):
    heat = np.zeros((8, 8), np.float32)
    heat[3:5, 3:5] = 1  # the middle, which is of the picture; and a corner, which is grey
    heat[0, 0] = 1
    shown = opacity(heat, height, width, "pad")
    assert shown.shape == (SIDE * height // 400, SIDE * width // 400)
    hot = np.argwhere(shown > 0.5) / shown.shape
    np.testing.assert_allclose(hot.mean(axis=0), 0.5, atol=0.05)


def test_a_layer_of_a_thin_picture_has_a_pixel_at_least():
    assert opacity(corner(), 1, 5000, "pad").shape == (1, SIDE)
