"""What several tests need: files with a given text, pictures, data sets by hand, and the words of a refusal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path

import cv2
import numpy as np
import pytest

from competition.commands.arguments import call_with_recipe
from competition.dataset import NO, YES, Dataset, one_row_an_image
from competition.errors import InvalidInput
from competition.task import Task

ABSENT = -1
CODES = {"n": 0, "m": 1, "y": 2}  # the letters as the engine encodes them, spelt out on purpose


def write(path: Path, content: str | bytes | Sequence[str]) -> Path:
    """Write bytes, a text, or lines; make the folders on the way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, str | bytes):
        content = "".join(f"{line}\n" for line in content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(call: Callable, *arguments) -> str:
    """The message of the InvalidInput that a call has to raise."""
    with pytest.raises(InvalidInput) as caught:
        call(*arguments)
    return str(caught.value)


def given_by(command: Callable, *words: str) -> dict:
    """What a command that begins with a recipe is called with for the words behind its name."""

    @wraps(command)
    def remember(**arguments):
        return arguments

    return call_with_recipe(remember, words)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def rgbx(picture: np.ndarray) -> np.ndarray:
    """A picture (height, width, 3) in the four channels that `decode` gives."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)


def waves(height: int, width: int) -> np.ndarray:
    """A smooth picture (height, width, 3) uint8 without any symmetry."""
    y, x = np.mgrid[:height, :width]
    channels = [np.sin(x / 9 + 1), np.cos(y / 7), np.sin((x + 2 * y) / 11)]
    return np.stack([np.rint(127 + 120 * channel) for channel in channels], axis=-1).astype(np.uint8)


def letter_codes(*rows: str) -> np.ndarray:
    return np.array([[CODES[letter] for letter in row] for row in rows], np.uint8)


def make_dataset(answers: Mapping[str, Sequence[int]], group: Sequence[int] | None = None) -> Dataset:
    """A dataset of images that do not exist: `answers[task][image]` is the class, or ABSENT."""
    count = len(next(iter(answers.values())))
    tasks, codes, labelled = [], {}, {}
    for name, given in answers.items():
        classes = np.asarray(given)
        size = max(2, classes.max() + 1)
        tasks.append(Task(name, tuple(f"c{number}" for number in range(size))))
        codes[name] = np.where(classes[:, None] == np.arange(size), YES, NO).astype(np.uint8)
        labelled[name] = classes != ABSENT
    source, names = Path("base/Annotations/label.csv"), [f"{number}.png" for number in range(count)]
    dataset = one_row_an_image(tuple(tasks), source, Path("base"), names, codes, labelled=labelled)
    return dataset if group is None else replace(dataset, group=np.asarray(group))
