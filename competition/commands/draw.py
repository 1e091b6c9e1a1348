"""Draw a data set in the format of a recipe."""

from competition.commands.arguments import Folder
from competition.drawing import DRAWERS


def draw(folder: Folder, /, images: int | None = None, seed: int = 0, recipe: str = "sketches") -> None:
    """Draw labelled images, and questions with their answers; the same seed gives the same files.

    Raises InvalidInput where the folder exists, and for a recipe that nothing is drawn for.

    Args:
        folder: where to; made new.
        images: labelled images; without it as many as the recipe's training takes.
        seed: of everything that is drawn.
        recipe: whose data; sketches are garments in the competition's format.
    """
    number = {} if images is None else {"images": images}
    DRAWERS[recipe](folder, seed=seed, **number)
    print(f"drew {folder}: train on it with `competition train {recipe} --data {folder}`")
