"""Pictures inside a page: small copies of images, as addresses that need no file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2

from competition.images.decode import BadImage, decode, read_file
from competition.pages.parts import Layer, Line, Tile, data_uri
from competition.threads import in_threads

SIDE, QUALITY = 240, 82  # pixels of the longer side; of JPEG, with which a photograph takes some 12 kB


class Photograph(NamedTuple):
    """A small picture: its address, and its sides in pixels."""

    address: str
    height: int
    width: int

    def tile(self, text: str, lines: Sequence[Line] = (), layers: Sequence[Layer] = (), kind: str = "") -> Tile:
        return Tile(self.address, text, self.width, self.height, lines, layers, kind)


def photograph(path: Path, side: int = SIDE) -> Photograph | None:
    """An image file as a JPEG of at most `side` pixels; None where it cannot be read."""
    try:
        picture = decode(read_file(path))
    except BadImage:
        return None
    height, width = picture.shape[:2]
    share = min(1, side / max(height, width))
    sides = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.cvtColor(cv2.resize(picture, sides, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2BGR)
    content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return Photograph(data_uri(content, "image/jpeg"), sides[1], sides[0])


def photographs(path_of: Mapping[str, Path], images: Iterable[str]) -> dict[str, Photograph]:
    """Each image that can be read, by its name."""
    names = [*dict.fromkeys(images)]
    made = in_threads(photograph, [path_of[name] for name in names], "photographs")
    return {name: one for name, one in zip(names, made, strict=True) if one}
