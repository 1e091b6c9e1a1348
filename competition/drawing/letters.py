"""Which picture shows what: every task and value equally often, and a few rows that are between two values."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from competition.recipes.fashionai import TASKS

MAYBE_SHARE = 0.02

# lengths from the shortest to the longest, which is not the order of the letters
BY_LENGTH = {
    "coat_length": ("High Waist", "Regular", "Long", "Micro", "Knee", "Midi", "Ankle&Floor"),
    "pant_length": ("Short Pant", "Mid", "3/4", "Cropped Pant", "Full"),
    "skirt_length": ("Short", "Knee", "Midi", "Ankle", "Floor"),
    "sleeve_length": ("Sleeveless", "Cup Sleeves", "Short", "Elbow", "3/4", "Wrist", "Long", "Extra Long"),
}

# designs that shade into one another
LOOKALIKES = {
    "collar_design": (("Shirt Collar", "Peter Pan"), ("Peter Pan", "Puritan Collar")),
    "lapel_design": (
        ("Notched", "Shawl Collar"),
        ("Collarless", "Shawl Collar"),
        ("Shawl Collar", "Plus Size Shawl"),
    ),
    "neck_design": (
        ("Turtle Neck", "Low Turtle Neck"),
        ("Ruffle Semi-High Collar", "Low Turtle Neck"),
        ("Draped Collar", "Low Turtle Neck"),
    ),
    "neckline_design": (
        ("V", "Deep V"),
        ("V", "Round"),
        ("Round", "Square"),
        ("Straight Neck", "Round"),
        ("Strapless Neck", "Off Shoulder"),
    ),
}


@dataclass(frozen=True)
class Label:
    """What one picture shows: `value` (the y), and in few of them `maybe` (the m)."""

    task: str
    value: str
    maybe: str | None = None


@cache
def neighbours(task: str, value: str) -> tuple[str, ...]:
    """The values that `value` can be taken for; none for Invisible."""
    pairs = tuple(pairwise(BY_LENGTH[task])) if task in BY_LENGTH else LOOKALIKES[task]
    return tuple(b if a == value else a for a, b in pairs if value in (a, b))


def plan(images: int, rng: np.random.Generator) -> list[Label]:
    """`images` rows in random order, every value of every task equally often (give or take one)."""
    values = [Label(task.name, value) for task in TASKS for value in task.classes]
    deck = [values[i] for i in rng.permutation(len(values))]
    rows = [deck[i % len(deck)] for i in rng.permutation(images)]
    open_to_doubt = [i for i, row in enumerate(rows) if neighbours(row.task, row.value)]
    for i in rng.choice(open_to_doubt, round(MAYBE_SHARE * images), replace=False):
        row = rows[i]
        rows[i] = Label(row.task, row.value, str(rng.choice(neighbours(row.task, row.value))))
    return rows


def letters(row: Label) -> str:
    """`y`, `m` and `n` for each value of the row's task, in the order of its classes."""
    classes = next(task.classes for task in TASKS if task.name == row.task)
    return "".join("y" if c == row.value else "m" if c == row.maybe else "n" for c in classes)
