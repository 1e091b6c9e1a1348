"""Split a folder of labelled images into the three text files that the recipe flowers reads."""

from pathlib import Path
from typing import Annotated

import tyro

from competition.data.lists import write_lists
from competition.errors import InvalidInput
from competition.recipes.flowers import TASKS


def lists(folder: Annotated[Path, tyro.conf.arg(metavar="FOLDER")], /, seed: int = 0) -> None:
    """Write train.txt, val.txt and test.txt (60, 25 and 15 %) for images in FOLDER/rose_red, FOLDER/daisy_pink, ….

    Each kind of flower is split in these shares, to within one image; the same seed gives the same files. Raises
    InvalidInput if a file exists already, and for folders or images that cannot be listed.

    Args:
        folder: the folder that holds a folder <type>_<colour> of images for each kind.
        seed: the seed of the random split.
    """
    if seed < 0:
        raise InvalidInput(f"--seed is {seed}; allowed are whole numbers from 0")
    for name, count in write_lists(folder, TASKS, seed).items():
        print(f"{folder / name}: {count:,} images")
    print(f"train on them with `competition train flowers --data {folder}`")
