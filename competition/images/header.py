"""What the header of a picture's file says: its format and size."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from competition.files import open_file
from competition.images.arrays import open_pictures
from competition.images.decode import ARRAY_ROW, file_of

FORMATS = ("JPEG", "PNG", "WEBP")


class Header(NamedTuple):
    """The format of a file, and the height and width in pixels of its picture, as they are stored: not yet turned."""

    format: str
    height: int
    width: int


def read_header(path: Path) -> Header:
    """The header of a file that `decode` can read, or of a row of an array (images.npy[17])."""
    if ARRAY_ROW.fullmatch(path.name):
        return Header("array", *open_pictures(file_of(path)).shape[1:3])
    with open_file(path) as file, Image.open(file, formats=FORMATS) as picture:
        return Header("JPEG" if picture.format == "MPO" else picture.format, picture.height, picture.width)
