"""Draw a data set in the format of a recipe."""

import difflib
from pathlib import Path
from typing import Annotated

import tyro

from competition.drawing import DRAWERS
from competition.errors import InvalidInput

Folder = Annotated[Path, tyro.conf.arg(metavar="DIR")]


def draw(folder: Folder, /, images: int | None = None, seed: int = 0, recipe: str = "sketches") -> None:
    """Draw labelled images, and questions with their answers; the same seed gives the same files.

    Raises InvalidInput where the folder exists, and for a recipe that nothing is drawn for.

    Args:
        folder: where to; made new.
        images: labelled images; without it as many as the recipe's training takes.
        seed: of everything that is drawn.
        recipe: whose data; sketches are garments in the competition's format.
    """
    if recipe not in DRAWERS:
        close = difflib.get_close_matches(recipe, DRAWERS, n=1)
        hint = f"; perhaps you meant {close[0]}" if close else ""
        raise InvalidInput(f"nothing is drawn for {recipe!r}; allowed are {', '.join(DRAWERS)}{hint}")
    number = {} if images is None else {"images": images}
    DRAWERS[recipe](folder, seed=seed, **number)
    print(f"drew {folder}: train on it with `competition train {recipe} --data {folder}`")
