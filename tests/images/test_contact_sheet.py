"""A contact sheet: where each picture stands, in which colours, and what does not fit."""

import cv2
import numpy as np
import pytest
from helpers import write

from competition.images.contact_sheet import FRAME, MARGIN, PAPER, RED, TILE, Tile, sheet, write_sheet


def plain(*colour: int, height: int = 40, width: int = 40) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def places(picture: np.ndarray, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the pixels of a colour."""
    rows, columns = np.nonzero((picture == colour).all(axis=2))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_tiles_stand_row_by_row_with_a_margin_between():
    colours = [(9, 0, 0), (0, 9, 0), (0, 0, 9)]
    drawn = sheet([Tile(plain(*colour), ("one line",)) for colour in colours], columns=2)
    (top, _, left, right), (other_top, _, next_left, _), (below, *_) = (places(drawn, colour) for colour in colours)
    assert top == other_top < below
    assert left == MARGIN + FRAME
    assert right - left + 1 == TILE - 2 * FRAME
    assert next_left == left + TILE + MARGIN
    assert drawn.dtype == np.uint8


def test_tiles_of_a_pair_touch():
    drawn = sheet([Tile(plain(9, 0, number)) for number in range(4)], columns=4, together=2)
    lefts = [places(drawn, (9, 0, number))[2] for number in range(4)]
    assert list(np.diff(lefts)) == [TILE, TILE + MARGIN, TILE]
    with pytest.raises(ValueError, match="3 columns; allowed are multiples of 2"):
        sheet([], columns=3, together=2)


def test_a_picture_is_shown_whole_in_its_shape():
    for height, width in ((100, 50), (30, 90), (4, 400)):
        top, bottom, left, right = places(sheet([Tile(plain(9, 0, 0, height=height, width=width))], 1), (9, 0, 0))
        longer = TILE - 2 * FRAME
        assert max(bottom - top, right - left) + 1 == longer
        assert (bottom - top + 1) / (right - left + 1) == pytest.approx(height / width, rel=0.02, abs=0.02)


def test_a_frame_has_the_colour_of_its_tile():
    drawn = sheet([Tile(plain(9, 0, 0), colour=RED)], 1)
    assert tuple(drawn[MARGIN + MARGIN, MARGIN]) == RED
    assert (drawn == RED).all(axis=2).sum() == TILE**2 - (TILE - 2 * FRAME) ** 2


def ink(drawn: np.ndarray) -> int:
    return int((drawn < 128).all(axis=2).sum())


def test_captions_stay_below_their_own_tile():
    white = plain(255, 255, 255)
    short, long = (sheet([Tile(white, (text,)), Tile(white)], 2) for text in ("abc", "abc" * 200))
    assert short.shape == long.shape
    assert 0 < ink(short) < ink(long)
    assert ink(long[:, MARGIN + TILE :]) == 0


def test_a_caption_that_is_too_long_loses_its_middle_and_not_its_end():
    first, second, third = (
        sheet([Tile(plain(255, 255, 255), (text,))], 1) for text in ("a" * 90 + "1", "a" * 90 + "2", "a" * 120 + "2")
    )
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, third)


def test_a_caption_may_be_chinese():
    white = plain(255, 255, 255)
    drawn = [sheet([Tile(white, (text,))], 1) for text in ("领口", "袖长", "??")]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_title_that_is_wider_than_the_tiles_widens_the_sheet():
    drawn = sheet([Tile(plain(9, 0, 0))], 1, ["a title of very many words, " * 5])
    assert drawn.shape[1] > 4 * TILE
    assert tuple(drawn[-1, -1]) == PAPER
    assert ink(sheet([], 4, ["nothing"])) > 0


def test_a_file_is_decoded_and_one_that_cannot_be_read_says_so(tmp_path):
    png = write(tmp_path / "a.png", cv2.imencode(".png", plain(200, 0, 9)[..., ::-1])[1].tobytes())
    drawn = sheet([Tile(png), Tile(tmp_path / "gone.png")], 2)
    assert places(drawn, (200, 0, 9))[2] == MARGIN + FRAME
    assert ink(drawn[:, 2 * MARGIN + TILE :]) > 0


def test_what_is_written_has_the_same_pixels(tmp_path):
    drawn = sheet([Tile(plain(200, 100, 9))], 1, ["title"])
    write_sheet(tmp_path / "new/sheet.png", drawn)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "new/sheet.png"))[..., ::-1], drawn)
