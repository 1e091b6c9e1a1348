"""A contact sheet: many pictures, small, in a grid, each with a frame and a caption."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from competition.files import whole_file
from competition.images.decode import BadImage, decode, read_file

TILE, MARGIN, FRAME = 190, 12, 3
LETTER, LINE = 12, 16  # pixels: the size of the captions, and from line to line
TITLE = 18
FONT = "sans"  # OpenCV's own, which knows Chinese too
WHITE, PAPER, INK = (255, 255, 255), (244, 244, 244), (30, 30, 30)
GREY, RED, AMBER, BLUE = (150, 150, 150), (200, 40, 40), (225, 150, 20), (40, 100, 200)
Colour = tuple[int, int, int]


class Tile(NamedTuple):
    """A picture, as a file or (height, width, 3 or 4) uint8, with the lines below it and the colour of its frame."""

    picture: Path | np.ndarray
    caption: Sequence[str] = ()
    colour: Colour = GREY


def sheet(tiles: Sequence[Tile], columns: int, title: Sequence[str] = (), together: int = 1) -> np.ndarray:
    """The tiles row by row, `columns` in a row, under lines of title: (height, width, 3) uint8.

    `together` tiles touch each other, as the two of a pair do; `columns` is a multiple of it. A file that cannot be
    read becomes a tile that says so.
    """
    if columns < 1 or columns % together:
        raise ValueError(f"{columns} columns; allowed are multiples of {together}")
    lines = max((len(tile.caption) for tile in tiles), default=0)
    width = min(columns, -(-max(len(tiles), together) // together) * together)
    drawn = [_draw(tile, lines) for tile in tiles]
    rows = [_row(drawn[start : start + width], width, together) for start in range(0, len(drawn), width)]
    strip = _title(title)
    across = max(part.shape[1] for part in (strip, *rows))
    return np.vstack([_widened(part, across) for part in (strip, *rows)])


def write_sheet(path: Path, picture: np.ndarray) -> None:
    """Write a sheet as PNG."""
    with whole_file(path) as temporary:
        temporary.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes())


def _title(lines: Sequence[str]) -> np.ndarray:
    """Lines of text on paper as wide as the longest."""
    widths = [_width(line, TITLE) for line in lines]
    strip = _paper(MARGIN + len(lines) * (TITLE + 8), 2 * MARGIN + max(widths, default=0))
    for number, line in enumerate(lines):
        _write(strip, line, MARGIN, MARGIN + TITLE + number * (TITLE + 8), TITLE)
    return strip


def _widened(part: np.ndarray, across: int) -> np.ndarray:
    return np.hstack([part, _paper(len(part), across - part.shape[1])])


def _row(drawn: Sequence[np.ndarray], width: int, together: int) -> np.ndarray:
    """Tiles side by side, a margin after each `together`, blank where there are fewer than `width`."""
    height, across = drawn[0].shape[:2]
    blank = _paper(height, across)
    parts = [_paper(height, MARGIN)]
    for place in range(width):
        parts.append(drawn[place] if place < len(drawn) else blank)
        if (place + 1) % together == 0:
            parts.append(_paper(height, MARGIN))
    return np.vstack([_paper(MARGIN, sum(part.shape[1] for part in parts)), np.hstack(parts)])


def _draw(tile: Tile, lines: int) -> np.ndarray:
    """A tile with room for so many lines: the whole picture in a square with a frame, its caption below."""
    canvas = _paper(TILE + lines * LINE + LINE // 2, TILE)
    canvas[:TILE] = tile.colour
    inner = canvas[FRAME : TILE - FRAME, FRAME : TILE - FRAME]
    inner[:] = WHITE
    try:
        small = _fit(tile.picture, len(inner))
        top, left = (len(inner) - small.shape[0]) // 2, (len(inner) - small.shape[1]) // 2
        inner[top : top + small.shape[0], left : left + small.shape[1]] = small
    except BadImage as error:
        _write(canvas, f"cannot be read: {error}", 2 * FRAME, TILE // 2, LETTER)
    for number, line in enumerate(tile.caption):
        _write(canvas, line, FRAME, TILE + (number + 1) * LINE - 2, LETTER)
    return canvas


def _fit(picture: Path | np.ndarray, side: int) -> np.ndarray:
    """The picture with its longer side `side`, (height, width, 3) uint8. Raises BadImage."""
    pixels = decode(read_file(picture)) if isinstance(picture, Path) else picture
    scale = side / max(pixels.shape[:2])
    size = [max(1, round(length * scale)) for length in pixels.shape[1::-1]]
    return cv2.resize(pixels[..., :3], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _paper(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), PAPER, np.uint8)


def _write(canvas: np.ndarray, text: str, left: int, base: int, size: int) -> None:
    """A line of text from `left` on, its middle left out where it is wider than the canvas."""
    room, short, kept = canvas.shape[1] - left - FRAME, text, len(text)
    while kept > 2 and _width(short, size) > room:
        kept -= 1
        short = f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"
    cv2.putText(canvas, short, (left, base), INK, cv2.FontFace(FONT), size)


def _width(text: str, size: int) -> int:
    return cv2.getTextSize((1, 1), text, (0, 0), cv2.FontFace(FONT), size)[2]
