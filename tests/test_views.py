"""Views: the plain square, each change of geometry by itself, and augmentation that repeats."""

import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from helpers import noise, waves

from competition.data.views import Augmentation, Geometry, square
from competition.recipe import Recipe

GREY = 128
BUSY = Recipe(
    "busy",
    image_size=32,
    rotation=20,
    zoom=(0.8, 1.25),
    stretch=0.2,
    shift=0.1,
    brightness=0.2,
    contrast=0.3,
)


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: int = 1) -> None:
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=tolerance)


@pytest.mark.parametrize(("height", "width"), [(48, 48), (70, 95), (33, 64), (20, 31), (48, 90)])
def test_the_plain_view_is_a_bilinear_resize(height, width):
    picture = noise(height, width)
    resized = cv2.resize(picture, (48, 48), interpolation=cv2.INTER_LINEAR)
    # OpenCV warps with coordinates in 1/32 of a pixel, so noise may move by 255 / 64 in each direction.
    assert_close(square(picture, 48, "stretch")[2:-2, 2:-2], resized[2:-2, 2:-2], tolerance=9)
    picture = waves(height, width)
    resized = cv2.resize(picture, (48, 48), interpolation=cv2.INTER_LINEAR)
    assert_close(square(picture, 48, "stretch")[2:-2, 2:-2], resized[2:-2, 2:-2])


@pytest.mark.parametrize("aspect", ["stretch", "pad"])
def test_a_square_of_the_right_size_is_left_as_it_is(aspect):
    picture = noise(40, 40)
    np.testing.assert_array_equal(square(picture, 40, aspect), picture)


def test_padding_keeps_the_aspect_and_shows_grey_beside_it():
    picture = np.full((60, 30, 3), 255, np.uint8)
    view = square(picture, 60, "pad")
    assert (view[:, 17:43] == 255).all()  # 30 wide in the middle, but for the interpolated edges
    assert (view[:, :13] == GREY).all()
    assert (view[:, 47:] == GREY).all()
    disk = cv2.circle(np.zeros((80, 120, 3), np.uint8), (60, 40), 30, (255, 255, 255), -1)
    inside = square(disk, 60, "pad")[..., 0] > 192
    assert abs(np.ptp(np.flatnonzero(inside.any(axis=0))) - np.ptp(np.flatnonzero(inside.any(axis=1)))) <= 1


def test_stretching_repeats_the_edge_where_a_view_looks_beyond_it():
    picture = np.full((40, 40, 3), 255, np.uint8)
    turned = Geometry(angle=30, zoom_x=0.5, zoom_y=0.5, shift_x=0.2)
    assert (square(picture, 40, "stretch", turned) == 255).all()
    assert (square(picture, 40, "pad", turned) == GREY).any()


@pytest.mark.parametrize("aspect", ["stretch", "pad"])
@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        (Geometry(mirrored=True), lambda picture: picture[:, ::-1]),
        (Geometry(angle=90), lambda picture: np.rot90(picture, -1)),
        (Geometry(angle=-90), np.rot90),
        (Geometry(angle=180), lambda picture: picture[::-1, ::-1]),
        (Geometry(mirrored=True, angle=90), lambda picture: np.rot90(picture[:, ::-1], -1)),
        (Geometry(zoom_y=-1.0), lambda picture: picture[::-1]),
    ],
    ids=["mirror", "clockwise", "counter-clockwise", "half turn", "mirror, then turn", "upside down"],
)
def test_mirrors_and_right_angles_move_whole_pixels(geometry, expected, aspect):
    picture = noise(41, 41)
    assert_close(square(picture, 41, aspect, geometry), expected(picture))


def test_shifts_are_shares_of_the_side_to_the_right_and_down():
    picture = noise(40, 40)
    view = square(picture, 40, "pad", Geometry(shift_x=0.25, shift_y=-0.1))
    assert_close(view[:36, 10:], picture[4:, :30])
    assert (view[:, :9] == GREY).all()
    assert (view[37:] == GREY).all()


def test_zoom_magnifies_about_the_centre():
    picture = waves(60, 60)
    wide = square(picture, 60, "stretch", Geometry(zoom_x=2.0))
    expected = cv2.resize(picture[:, 15:45], (60, 60), interpolation=cv2.INTER_LINEAR)
    assert_close(wide[:, 2:-2], expected[:, 2:-2])
    small = square(picture, 60, "pad", Geometry(zoom_x=0.5, zoom_y=0.5))
    assert (small[:13] == GREY).all()
    assert (small[:, 47:] == GREY).all()
    assert not (small[20:40, 20:40] == GREY).all()


@pytest.mark.parametrize("aspect", ["stretch", "pad"])
@pytest.mark.parametrize("phase", [0, 1])
def test_large_pictures_are_averaged_and_not_sampled(aspect, phase):
    board = ((np.indices((256, 256)).sum(axis=0) + phase) % 2 * 255).astype(np.uint8)
    view = square(np.dstack([board] * 3), 64, aspect)
    assert_close(view, np.full_like(view, 128))
    columns = np.tile((np.arange(200) % 2 * 255).astype(np.uint8)[:, None], (200, 1, 3)).reshape(200, 200, 3)
    assert np.ptp(square(columns, 48, aspect).astype(int)) <= 64  # 25 pixels to 6: some unevenness is honest


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 500), (500, 1), (3, 7)])
@pytest.mark.parametrize("aspect", ["stretch", "pad"])
def test_tiny_and_narrow_pictures_become_squares_too(height, width, aspect):
    view = square(np.full((height, width, 3), 200, np.uint8), 24, aspect)
    assert (view.shape, view.dtype) == ((24, 24, 3), np.uint8)
    assert aspect == "pad" or (view == 200).all()


def test_a_side_twice_its_target_is_averaged_also_where_the_other_is_not():
    rows = np.zeros((64, 24, 3), np.uint8)
    rows[::2] = 255
    view = square(rows, 16, "stretch")
    assert np.abs(view.astype(int) - 127).max() <= 1


def test_augmentation_repeats_for_the_same_seed_epoch_and_image_and_differs_otherwise():
    picture = waves(40, 50)
    view = Augmentation(BUSY)(picture, (1, 2, 3))
    assert view.shape == (32, 32, 3)
    np.testing.assert_array_equal(Augmentation(BUSY)(picture, (1, 2, 3)), view)
    for other in ((0, 2, 3), (1, 0, 3), (1, 2, 0), (2, 1, 3)):
        assert (Augmentation(BUSY)(picture, other) != view).mean() > 0.3


def test_augmentation_leaves_the_picture_itself_alone():
    picture = waves(32, 32)
    before = picture.copy()
    for epoch in range(5):
        Augmentation(Recipe("colour", image_size=32, flip=False, brightness=0.5, contrast=0.5))(picture, (0, epoch, 0))
    np.testing.assert_array_equal(picture, before)


def test_a_recipe_without_augmentation_shows_the_plain_view():
    picture = noise(50, 40)
    plain = Augmentation(Recipe("plain", image_size=32, flip=False))
    np.testing.assert_array_equal(plain(picture, (0, 0, 0)), square(picture, 32, "stretch"))


def test_half_of_the_views_are_mirrored_and_nothing_else_happens_to_them():
    picture = noise(16, 16)
    flipping = Augmentation(Recipe("flip", image_size=16))
    mirrored = 0
    for index in range(200):
        view = flipping(picture, (0, 0, index))
        is_mirrored = np.abs(view.astype(int) - picture[:, ::-1]).max() <= 1
        assert is_mirrored or (view == picture).all()
        mirrored += is_mirrored
    assert 70 < mirrored < 130


def test_drawn_geometry_stays_within_the_recipe_and_reaches_far_into_it():
    augmentation = Augmentation(BUSY)
    drawn = [augmentation.geometry(np.random.default_rng(seed)) for seed in range(400)]
    angle = np.array([geometry.angle for geometry in drawn])
    shift = np.array([(geometry.shift_x, geometry.shift_y) for geometry in drawn])
    zoom = np.array([(geometry.zoom_x, geometry.zoom_y) for geometry in drawn])
    size, aspect = np.sqrt(zoom.prod(axis=1)), zoom[:, 0] / zoom[:, 1]
    for values, low, high in [(angle, -20, 20), (shift, -0.1, 0.1), (size, 0.8, 1.25), (aspect, 1 / 1.2, 1.2)]:
        margin = 0.05 * (high - low)
        assert low - 1e-9 <= values.min() < low + margin
        assert high - margin < values.max() <= high + 1e-9


def test_brightness_and_contrast_stay_within_the_recipe():
    picture = np.full((8, 8, 3), 100, np.uint8)
    brighten = Augmentation(Recipe("bright", image_size=8, flip=False, brightness=0.1))
    levels = [brighten(picture, (0, 0, index))[0, 0, 0].astype(int) for index in range(200)]
    assert min(levels) in range(74, 80)  # a tenth of white is 25.5 levels
    assert max(levels) in range(121, 127)


@pytest.fixture
def switching_often():
    """Let threads take turns much more often than they would, so that what they share shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.parametrize("threads", [2, 4])
def test_colours_are_the_same_for_any_number_of_threads(threads, switching_often):
    pictures = [noise(24, 24, seed) for seed in range(800)]
    augmentation = Augmentation(BUSY)
    one = [augmentation(picture, (7, 1, index)) for index, picture in enumerate(pictures)]
    with ThreadPoolExecutor(threads) as pool:
        many = pool.map(lambda index: augmentation(pictures[index], (7, 1, index)), range(len(pictures)))
        assert [index for index, view in enumerate(many) if (view != one[index]).any()] == []
