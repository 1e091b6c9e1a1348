"""What a learning-rate range test needs: said before images are read or a network is built, and so without Keras."""

import math

from competition.errors import InvalidInput
from competition.recipe import Recipe

FEWEST = 10  # steps


def refuse(recipe: Recipe, number: int, lowest: float, highest: float) -> None:
    """Raises InvalidInput for a stage that does not exist, and a range that does not rise."""
    if not 1 <= number <= len(recipe.stages):
        raise InvalidInput(f"--stage {number}: allowed are 1 to {len(recipe.stages)}, the stages of {recipe.name}")
    if not 0 < lowest < highest < math.inf:
        raise InvalidInput(f"the rate cannot rise from {lowest:g} to {highest:g}; allowed is 0 < --lowest < --highest")


def whole_batches(images: int, batch_size: int, steps: int | None, accumulate: int) -> int:
    """How many steps the test takes: the last batch, filled up with rows that do not count, has a loss too small.

    Raises InvalidInput where they are too few to see anything.
    """
    whole = images // batch_size
    taken = whole if steps is None else min(whole, steps)
    if taken // accumulate < FEWEST:
        more = "" if steps is None else ", or more --steps"
        raise InvalidInput(
            f"{taken // accumulate} steps are too few to see where the loss turns: one pass over {images:,} images "
            f"has {whole // accumulate}, and {FEWEST} are needed; give a smaller --batch-size{more}"
        )
    return taken
