"""A contact sheet: small pictures in a grid, each with a frame and a caption."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from competition.files import whole_file
from competition.images.decode import BadImage, decode, read_file

TILE, MARGIN, FRAME = 190, 12, 3
LETTER, LINE = 12, 16  # pixels: font size and line height of the captions
TITLE, TITLE_LINE = 18, 26
FONT = "sans"  # OpenCV's own, which has Chinese characters; Pillow's has none
WHITE, PAPER, INK = (255, 255, 255), (244, 244, 244), (30, 30, 30)
GREY, RED, AMBER, BLUE = (150, 150, 150), (200, 40, 40), (225, 150, 20), (40, 100, 200)


class Tile(NamedTuple):
    """A picture, as a file or (height, width, 3 or 4) uint8, with the lines of its caption and a frame's colour."""

    picture: Path | np.ndarray
    caption: Sequence[str] = ()
    colour: tuple[int, int, int] = GREY


def sheet(tiles: Sequence[Tile], columns: int, title: Sequence[str] = (), together: int = 1) -> np.ndarray:
    """Draw the tiles row by row, `columns` in a row, below the lines of the title: (height, width, 3) uint8.

    Groups of `together` tiles touch each other. A file that cannot be read becomes a tile that says so. Raises
    ValueError if `columns` is not a multiple of `together`.
    """
    if columns < 1 or columns % together:
        raise ValueError(f"{columns} columns; allowed are multiples of {together}")
    groups = min(columns // together, max(1, -(-len(tiles) // together)))
    lines = max((len(tile.caption) for tile in tiles), default=0)
    top, height = MARGIN + len(title) * TITLE_LINE, MARGIN + TILE + lines * LINE + LINE // 2
    width = max([groups * (together * TILE + MARGIN), *(_width(line, TITLE) + MARGIN for line in title)])
    rows = -(-len(tiles) // (groups * together))
    paper = np.full((top + rows * height, MARGIN + width, 3), PAPER, np.uint8)
    for number, line in enumerate(title):
        _write(paper, line, MARGIN, MARGIN + TITLE + number * TITLE_LINE, TITLE)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, groups * together)
        left = MARGIN + column * TILE + column // together * MARGIN
        _draw(paper[top + row * height + MARGIN :, left : left + TILE], tile)
    return paper


def write_sheet(path: Path, picture: np.ndarray) -> None:
    """Write a sheet (height, width, 3) uint8 as PNG."""
    with whole_file(path) as temporary:
        Image.fromarray(picture).save(temporary, "PNG")


def _draw(paper: np.ndarray, tile: Tile) -> None:
    """Draw a tile at the top of `paper` (height, TILE, 3): the whole picture in a framed square, its caption below."""
    side, problem = TILE - 2 * FRAME, ""
    try:
        pixels = decode(read_file(tile.picture)) if isinstance(tile.picture, Path) else tile.picture
    except BadImage as error:
        pixels, problem = np.full((side, side, 3), WHITE, np.uint8), f"cannot be read: {error}"
    small = ImageOps.pad(Image.fromarray(pixels[..., :3]), (side, side), color=WHITE)
    paper[:TILE] = ImageOps.expand(small, FRAME, tile.colour)
    _write(paper, problem, 2 * FRAME, TILE // 2, LETTER)
    for number, line in enumerate(tile.caption, start=1):
        _write(paper, line, FRAME, TILE + number * LINE - 2, LETTER)


def _write(paper: np.ndarray, text: str, left: int, base: int, size: int) -> None:
    """Write a line of text from `left` on; if it is wider than the paper, … replaces its middle."""
    room, short, kept = paper.shape[1] - left - FRAME, text, len(text)
    while kept > 2 and _width(short, size) > room:
        kept -= 1
        short = f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"
    cv2.putText(paper, short, (left, base), INK, cv2.FontFace(FONT), size)


def _width(text: str, size: int) -> int:
    return cv2.getTextSize((1, 1), text, (0, 0), cv2.FontFace(FONT), size)[2]
