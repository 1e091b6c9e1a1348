"""Draw a synthetic data set in the format that a recipe reads."""

from competition.commands.arguments import Folder
from competition.drawing import DRAWERS


def draw(folder: Folder, /, images: int | None = None, seed: int = 0, recipe: str = "sketches") -> None:
    """Draw labelled images, and questions with their answers; the same seed gives the same files.

    Raises InvalidInput if the folder exists, and for a recipe without a drawn data set.

    Args:
        folder: the new folder to write.
        images: the number of labelled images; by default, as many as the recipe needs.
        seed: the seed of the random numbers.
        recipe: the recipe that reads the data; sketches draws garments in the competition's format.
    """
    number = {} if images is None else {"images": images}
    DRAWERS[recipe](folder, seed=seed, **number)
    print(f"drew {folder}: train on it with `competition train {recipe} --data {folder}`")
