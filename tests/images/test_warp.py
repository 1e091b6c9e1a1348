"""Views: the plain square, each change of geometry by itself, and augmentation that repeats."""

from itertools import permutations

import cv2
import numpy as np
import pytest
from helpers import noise, rgbx, waves

from competition.images import warp as views
from competition.images.warp import Geometry
from competition.recipe import Recipe

GREY = 128
BUSY = Recipe(
    "busy",
    image_size=32,
    rotation=20,
    zoom=(0.8, 1.25),
    aspect_jitter=0.2,
    shift=0.1,
    transforms=(("brightness", 0.2), ("erase", 0.3)),
)


def square(picture: np.ndarray, *arguments) -> np.ndarray:
    return views.square(rgbx(picture), *arguments)


class Augmentation(views.Augmentation):
    """Takes pictures of three channels."""

    def __call__(self, picture: np.ndarray, seed: tuple[int, int, int]) -> np.ndarray:
        return super().__call__(rgbx(picture), seed)


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


@pytest.mark.parametrize("aspect", ["stretch", "pad"])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (31, 33), (64, 16), (129, 500), (1, 700), (700, 1), (35, 70)])
def test_a_shrunk_picture_is_less_than_twice_its_target_and_stays_as_it_is(height, width, aspect):
    picture = rgbx(noise(height, width))
    shrunk = views.shrink(picture, 16, aspect)
    longest, shortest = max(shrunk.shape[:2]), min(shrunk.shape[:2])
    assert longest < 32 or aspect == "stretch"
    assert all(side < 32 for side in shrunk.shape[:2])
    assert shortest >= min(height, width, 16) or aspect == "pad"
    np.testing.assert_array_equal(views.shrink(shrunk, 16, aspect), shrunk)


def test_shrinking_averages_pairs_of_pixels():
    picture = rgbx(noise(21, 40))
    both = picture[:20].reshape(10, 2, 20, 2, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(
        views.shrink(picture, 10, "stretch").astype(int), both.reshape(10, 10, 2, 4).mean(axis=2), atol=1.1
    )
    rows = picture[:20].reshape(10, 2, 40, 4).mean(axis=1)
    np.testing.assert_allclose(views.shrink(picture, 10, "stretch").shape, (10, 10, 4))
    np.testing.assert_allclose(views.shrink(picture[:, :19], 10, "stretch").astype(int), rows[:, :19], atol=0.6)


def test_a_view_may_be_written_where_it_is_wanted():
    picture, out = rgbx(waves(40, 50)), np.zeros((32, 32, 3), np.uint8)
    assert views.square(picture, 32, "stretch", out=out) is out
    np.testing.assert_array_equal(out, views.square(picture, 32, "stretch"))
    view = views.Augmentation(BUSY)(picture, (1, 2, 3), out)
    assert view is out
    np.testing.assert_array_equal(out, Augmentation(BUSY)(waves(40, 50), (1, 2, 3)))


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
    changing = Augmentation(Recipe("colour", image_size=32, flip=False, transforms=BUSY.transforms))
    for epoch in range(5):
        changing(picture, (0, epoch, 0))
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
    drawn = [augmentation.geometry(shares) for shares in np.random.default_rng(0).random((400, 6))]
    angle = np.array([geometry.angle for geometry in drawn])
    shift = np.array([(geometry.shift_x, geometry.shift_y) for geometry in drawn])
    zoom = np.array([(geometry.zoom_x, geometry.zoom_y) for geometry in drawn])
    size, aspect = np.sqrt(zoom.prod(axis=1)), zoom[:, 0] / zoom[:, 1]
    ranges = [(angle, -20, 20), (size, 0.8, 1.25), (aspect, 1 / 1.2, 1.2), *((way, -0.1, 0.1) for way in shift.T)]
    for values, low, high in ranges:
        margin = 0.05 * (high - low)
        assert low - 1e-9 <= values.min() < low + margin
        assert high - margin < values.max() <= high + 1e-9


@pytest.mark.parametrize("varied", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["seed", "epoch", "image"])
def test_transforms_change_the_view_that_the_warp_made(varied):
    picture = np.full((16, 16, 3), 255, np.uint8)
    recipe = Recipe("dim", image_size=16, aspect="pad", flip=False, zoom=(0.5, 0.5), transforms=(("brightness", 0.4),))
    seeds = np.outer(np.arange(100), varied)
    corners = [Augmentation(recipe)(picture, seed)[0, 0, 0] for seed in seeds]
    assert min(corners) < GREY - 90  # the border is there when the brightness changes
    assert max(corners) > GREY + 90


def test_the_numbers_of_neighbouring_seeds_are_unrelated():
    numbers = [views.unrelated_numbers(seed) for seed in np.ndindex(10, 10, 200)]
    shares = np.array(numbers, np.float64).reshape(10, 10, 200, 7) / 2**64
    assert len(np.unique(shares)) == shares.size
    for column in np.moveaxis(shares, 3, 0):
        assert np.abs(np.sort(column.ravel()) - np.linspace(0, 1, column.size)).max() < 0.015  # all are as likely
    columns = [np.roll(shares, 1, axis).reshape(-1, 7) for axis in range(3)]
    related = np.corrcoef(np.hstack([shares.reshape(-1, 7), *columns]), rowvar=False)
    assert np.abs(related - np.eye(28)).max() < 0.04  # five standard deviations would be 0.035


def test_the_order_of_seed_epoch_and_image_counts():
    seeds = list(permutations((1, 2, 3)))
    assert len({views.unrelated_numbers(seed) for seed in seeds}) == len(seeds)


def test_a_drawn_shift_is_of_whole_pixels_so_that_it_does_not_blur():
    picture, recipe = noise(16, 16), Recipe("shifted", image_size=16, flip=False, shift=0.2)
    shifted = Augmentation(recipe)
    seen = set()
    for index in range(60):
        view = shifted(picture, (0, 0, index))
        inner = view[4:12, 4:12]
        places = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-3, 4)
            if (inner == picture[4 - down : 12 - down, 4 - right : 12 - right]).all()
        ]
        assert len(places) == 1
        seen.add(places[0])
    assert len(seen) > 20


@pytest.mark.parametrize("seed", range(12))
def test_a_view_beyond_the_edges_repeats_their_pixels_as_opencv_does(seed):
    rng = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(noise(*rng.integers(1, 90, 2), seed), (0, 0), 2)
    picture = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    zoom_x, zoom_y = np.exp(rng.uniform(-3, 1, 2))  # from a twentieth, which reaches beyond what is repeated
    geometry = Geometry(bool(seed % 2), rng.uniform(-180, 180), zoom_x, zoom_y, *rng.uniform(-0.5, 0.5, 2))
    small = views.shrink(picture, 48, "stretch")
    matrix = views._matrix(*small.shape[:2], 48, "stretch", geometry)
    expected = cv2.warpAffine(small, matrix, (48, 48), borderMode=cv2.BORDER_REPLICATE)[..., :3]
    difference = np.abs(views.square(picture, 48, "stretch", geometry).astype(int) - expected)
    assert difference.max() <= 1  # the numbers are larger where edges are repeated, and round otherwise
    assert (difference > 0).mean() < 0.01
