"""Pictures inside a page: small copies of images, as addresses that need no file."""

from pathlib import Path

import cv2

from competition.images.decode import BadImage, decode, read_file
from competition.pages.parts import Line, Tile, data_uri

QUALITY = 80  # of JPEG: a photograph of 200 pixels takes about 8 kB


def tile_of(path: Path, side: int, text: str, lines: tuple[Line, ...] = (), kind: str = "") -> Tile | None:
    """A tile with an image whose longer side is at most `side` pixels, as all see it: turned by its EXIF orientation.

    None if it cannot be read.
    """
    try:
        picture = decode(read_file(path))[..., 2::-1]
    except BadImage:
        return None
    height, width = picture.shape[:2]
    scale = min(1, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return Tile(data_uri(content, "image/jpeg"), text, *size, lines, kind=kind)
