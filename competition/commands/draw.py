"""Draw a data set of garments in the competition's format."""

from pathlib import Path
from typing import Annotated

import tyro

from competition import drawing

Folder = Annotated[Path, tyro.conf.arg(metavar="DIR")]


def draw(folder: Folder, /, images: int = 4000, seed: int = 0) -> None:
    """Draw base/ with labels and rank/ with questions and their answers; the same seed gives the same files.

    Raises InvalidInput where the folder exists.

    Args:
        folder: where to; made new.
        images: images in base/; rank/ gets a quarter as many in addition.
        seed: of everything that is drawn.
    """
    drawing.draw(folder, images, seed)
    print(f"drew {folder}: train on it with `competition train sketches --data {folder}`")
