"""Draws the contact sheet in the README: one example of every value, one row per attribute, with their names.

python docs/pictures.py
"""

from pathlib import Path

import cv2
import numpy as np

from competition.drawing.picture import picture
from competition.recipes.fashionai import TASKS
from competition.task import Task

TILE, CAPTION = 110, 16
COLUMNS = max(len(task) for task in TASKS)


def sheet(path: Path, seed: int = 0) -> None:
    """Write the sheet, 1100 pixels wide, in the format of the path's suffix."""
    rows = [row(task, (seed, k)) for k, task in enumerate(TASKS)]
    encoded = cv2.imencode(Path(path).suffix, np.vstack(rows))[1]
    Path(path).write_bytes(encoded.tobytes())


def row(task: Task, seed: tuple[int, ...]) -> np.ndarray:
    """The examples of one task side by side, below its name: (height, width, 3) uint8, BGR."""
    title = np.full((CAPTION + 4, COLUMNS * TILE, 3), 255, np.uint8)
    write(title, task.name, 0.45)
    tiles = [tile(task.name, value, np.random.default_rng((*seed, k))) for k, value in enumerate(task.classes)]
    blank = np.full((TILE + CAPTION, TILE * (COLUMNS - len(task)), 3), 255, np.uint8)
    return np.vstack([title, np.hstack([*tiles, blank])])


def tile(task: str, value: str, rng: np.random.Generator) -> np.ndarray:
    """One example with the name of its value below: (height, width, 3) uint8, BGR."""
    small = cv2.resize(picture(task, value, None, rng), (TILE, TILE), interpolation=cv2.INTER_AREA)
    caption = np.full((CAPTION, TILE, 3), 255, np.uint8)
    write(caption, value.replace("Semi-High Collar", "Semi-High"), 0.36)
    return np.vstack([small, caption])


def write(image: np.ndarray, text: str, size: float) -> None:
    """Write small dark text at the left of a strip (height, width, 3) uint8."""
    cv2.putText(image, text, (2, 12), cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)


if __name__ == "__main__":
    sheet(Path(__file__).with_name("sketches.jpg"))
