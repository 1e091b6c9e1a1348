"""Transforms: what each does at a strength, within which bounds, and that pixels depend on view and seed alone."""

import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from helpers import noise, waves

from competition.images.transforms import BUILD, GREY, Transforms
from competition.recipe import STRONGEST

RISING = {
    "brightness": (0.05, 0.2, 0.8),
    "contrast": (0.05, 0.2, 0.8),
    "saturation": (0.1, 0.4, 1),
    "hue": (0.03, 0.1, 0.4),
    "grey": (0.1, 0.4, 1),
    "blur": (1, 2, 8),
    "noise": (0.02, 0.1, 0.5),
    "compression": (0.4, 0.8, 1),
    "erase": (0.05, 0.2, 0.8),
    "cutout": (0.05, 0.2, 0.8),
}
ALL = tuple((name, strengths[1]) for name, strengths in RISING.items())
IN_HALF_OF_THE_VIEWS = ("blur", "noise", "compression", "erase", "cutout")
SEEDS = range(1000, 1200)
ORANGE = (200, 120, 40)  # no two channels alike, and none at an end of its range


def flat(height: int, width: int, colour=ORANGE) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def views_of(picture: np.ndarray, *chosen: tuple[str, float], seeds=SEEDS) -> np.ndarray:
    """(seeds, height, width, 3) int, so that differences may be negative."""
    transforms = Transforms(chosen)
    return np.stack([transforms(picture, seed) for seed in seeds]).astype(int)


def changed(views: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return (views != picture).any(axis=(1, 2, 3))


def holes(views: np.ndarray) -> np.ndarray:
    """(seeds, height, width) bool: where the views of a picture without grey have become grey."""
    return (views == GREY).all(axis=3)


def test_the_examples_here_leave_none_out():
    assert RISING.keys() == BUILD.keys() == STRONGEST.keys()


@pytest.mark.parametrize("name", BUILD)
def test_a_transform_changes_views_of_any_size_and_leaves_the_given_one_alone(name):
    for height, width in [(40, 50), (8, 8), (13, 31)]:
        given = noise(height, width)
        transforms = Transforms(((name, RISING[name][2]),))
        made = [transforms(given, seed) for seed in range(30)]
        np.testing.assert_array_equal(given, noise(height, width))
        assert {(view.shape, view.dtype.name) for view in made} == {((height, width, 3), "uint8")}
        assert changed(np.stack(made), given).mean() > 0.2


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("share", [0.001, 1])
def test_the_weakest_and_the_strongest_that_are_allowed_can_be_applied(name, share):
    for picture in (noise(40, 50), noise(8, 8)):
        views_of(picture, (name, share * STRONGEST[name]), seeds=range(20))


@pytest.mark.parametrize("name", BUILD)
def test_the_effect_grows_with_the_strength(name):
    picture = waves(48, 64)
    effects = [np.abs(views_of(picture, (name, strength)) - picture).mean() for strength in RISING[name]]
    assert 0 < 1.3 * effects[0] < effects[1] < effects[2] / 1.3


@pytest.mark.parametrize("name", IN_HALF_OF_THE_VIEWS)
def test_half_of_the_views_keep_their_details(name):
    picture = noise(24, 24)
    assert 0.35 < changed(views_of(picture, (name, STRONGEST[name])), picture).mean() < 0.6


@pytest.mark.parametrize("strength", [0.1, 0.4])
def test_brightness_adds_up_to_a_share_of_white(strength):
    added = views_of(flat(8, 8, 127), ("brightness", strength))[:, 0, 0, 0] - 127
    assert -255 * strength - 1 <= added.min() < -255 * strength * 0.9
    assert 255 * strength * 0.9 < added.max() <= 255 * strength


@pytest.mark.parametrize("strength", [0.25, 1])
def test_contrast_multiplies_levels_by_up_to_a_share_more_or_less(strength):
    factors = views_of(flat(8, 8, 120), ("contrast", strength))[:, 0, 0, 0] / 120
    assert 1 - strength - 0.01 <= factors.min() < 1 - 0.9 * strength
    assert 1 + 0.9 * strength < factors.max() <= 1 + strength


@pytest.mark.parametrize("strength", [0.3, 1])
def test_saturation_multiplies_the_distance_from_grey(strength):
    colour = (140, 120, 100)
    colourful = np.ptp(views_of(flat(8, 8, colour), ("saturation", strength))[:, 0, 0], axis=-1) / 40
    assert 1 - strength - 0.03 <= colourful.min() < 1 - 0.8 * strength
    assert 1 + 0.8 * strength < colourful.max() <= 1 + strength + 0.03


@pytest.mark.parametrize("strength", [0.05, 0.5])
def test_hue_turns_by_up_to_a_share_of_the_circle(strength):
    views = views_of(flat(8, 8), ("hue", strength))[:, :1, 0].astype(np.uint8)
    hue, saturation, value = cv2.cvtColor(views, cv2.COLOR_RGB2HSV)[:, 0].astype(int).T
    turned = (hue - 15 + 90) % 180 - 90  # OpenCV counts to 180, and orange is 15
    assert -180 * strength - 2 <= turned.min() < -150 * strength
    assert 150 * strength < turned.max() <= 180 * strength + 2
    assert np.abs(saturation - 204).max() <= 2
    assert np.abs(value - 200).max() <= 2


@pytest.mark.parametrize("strength", [0.2, 1])
def test_grey_takes_the_colour_of_a_share_of_the_views(strength):
    picture = waves(16, 16)
    views = views_of(picture, ("grey", strength))
    grey = (np.ptp(views, axis=3) == 0).all(axis=(1, 2))
    assert abs(grey.mean() - strength) < 0.1
    np.testing.assert_array_equal(grey, changed(views, picture))


@pytest.mark.parametrize("strength", [1, 4])
def test_blur_spreads_a_point_over_up_to_so_many_pixels(strength):
    side, middle = 61, 30
    line = np.zeros((side, side, 3), np.uint8)
    line[:, middle] = 255  # a line, because the rounded edges of a blurred point would be lost
    profiles = views_of(line, ("blur", strength))[:, middle, :, 0]
    spread = np.sqrt((profiles * (np.arange(side) - middle) ** 2).sum(axis=1) / profiles.sum(axis=1))
    assert 0.85 * strength < spread.max() <= 1.01 * strength


@pytest.mark.parametrize("strength", [0.05, 0.15])
def test_noise_is_grey_and_deviates_by_up_to_a_share_of_white(strength):
    noises = views_of(flat(64, 64, 127), ("noise", strength)) - 127
    assert (np.ptp(noises, axis=3) == 0).all()
    deviations = noises[..., 0].std(axis=(1, 2)) / 255
    assert 0.8 * strength < deviations.max() < 1.05 * strength
    assert np.abs(noises.mean(axis=(1, 2, 3))).max() < 3


def as_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """The pixels of a picture after it was saved as JPEG."""
    encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED).tobytes()


@pytest.mark.parametrize(("strength", "lowest"), [(0.1, 90), (0.6, 40), (1, 1)])
def test_compression_saves_as_jpeg_with_all_qualities_down_to_the_lowest(strength, lowest):
    picture = noise(16, 16)
    made = {view.astype(np.uint8).tobytes() for view in views_of(picture, ("compression", strength))}
    by_quality = [as_jpeg(picture, quality) for quality in range(lowest, 101)]
    assert made <= {picture.tobytes(), *by_quality}
    assert made & set(by_quality[: 1 + len(by_quality) // 10])
    assert made & set(by_quality[-1 - len(by_quality) // 10 :])


@pytest.mark.parametrize(("height", "width"), [(8, 8), (13, 31), (40, 40), (64, 20)])
@pytest.mark.parametrize("strength", [0.02, 0.1, 0.35, 0.9])
@pytest.mark.parametrize("name", ["erase", "cutout"])
def test_holes_never_cover_more_than_their_share(name, strength, height, width):
    covered = holes(views_of(flat(height, width), (name, strength))).mean(axis=(1, 2))
    assert covered.max() <= strength


@pytest.mark.parametrize("strength", [0.1, 0.35, 0.9])
def test_erase_makes_one_rectangle_of_a_quarter_of_its_share_and_more(strength):
    hidden = holes(views_of(flat(60, 80), ("erase", strength)))
    hidden = hidden[hidden.any(axis=(1, 2))]
    area = hidden.any(axis=1).sum(axis=1) * hidden.any(axis=2).sum(axis=1)
    np.testing.assert_array_equal(hidden.sum(axis=(1, 2)), area)
    assert 0.2 * strength < (area / (60 * 80)).min()
    assert 0.8 * strength < (area / (60 * 80)).max()


def test_cutout_makes_up_to_eight_small_holes():
    hidden = holes(views_of(flat(100, 100), ("cutout", 0.1)))
    pieces = [cv2.connectedComponents(view.astype(np.uint8))[0] - 1 for view in hidden]
    assert max(pieces) == 8
    assert set(pieces) >= {0, 7, 8}  # fewer where some touch
    assert hidden.any(axis=0).mean() > 0.95  # everywhere, in the long run


def test_transforms_are_applied_in_the_order_of_the_list():
    brighten, erase = ("brightness", 0.4), ("erase", 0.5)
    erased_last = views_of(flat(20, 20), brighten, erase)
    erased_first = views_of(flat(20, 20), erase, brighten)
    assert 0.3 < holes(erased_last).any(axis=(1, 2)).mean() < 0.7
    assert holes(erased_first).any(axis=(1, 2)).mean() < 0.05


def test_each_transform_draws_numbers_of_its_own():
    views = views_of(flat(20, 20), ("grey", 0.5), ("erase", 0.2), ("brightness", 0.1))
    erased = np.ptp(views[..., 0], axis=(1, 2)) > 0
    grey = (np.ptp(views, axis=3) == 0).mean(axis=(1, 2)) == 1
    together = [(erased & grey).mean(), (erased & ~grey).mean(), (~erased & grey).mean(), (~erased & ~grey).mean()]
    assert min(together) > 0.15
    darker = np.median(views[..., 0], axis=(1, 2)) < np.where(grey, 135, ORANGE[0])
    assert 0.35 < darker[erased].mean() < 0.65
    assert 0.35 < darker[~erased].mean() < 0.65


@pytest.mark.parametrize("name", BUILD)
def test_the_same_seed_repeats_a_view_and_others_differ(name):
    picture, chosen = noise(32, 32), (name, RISING[name][1])
    np.testing.assert_array_equal(views_of(picture, chosen), views_of(picture, chosen))
    backwards = views_of(picture, chosen, seeds=SEEDS[::-1])[::-1]
    np.testing.assert_array_equal(views_of(picture, chosen), backwards)  # what came before leaves no trace
    distinct = len({view.tobytes() for view in backwards})
    assert distinct == 2 if name == "grey" else distinct > 15


@pytest.fixture
def switching_often():
    """Let threads take turns much more often than they would, so that what they share shows."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_views_are_the_same_for_any_number_of_threads(switching_often):
    pictures = [noise(24, 24, seed) for seed in range(500)]
    transforms = Transforms(ALL)
    expected = [transforms(picture, seed) for seed, picture in enumerate(pictures)]
    for threads in (1, 2, 4):
        with ThreadPoolExecutor(threads) as pool:
            made = pool.map(lambda seed: transforms(pictures[seed], seed), range(len(pictures)))
            assert (threads, [seed for seed, view in enumerate(made) if (view != expected[seed]).any()]) == (
                threads,
                [],
            )
