"""A drawn data set of roses and daisies, in the layout of the recipe flowers: text files of paths and indices."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from competition.drawing.blossoms import picture
from competition.drawing.output import refuse, write_lines, write_pictures
from competition.files import whole_folder
from competition.recipes.flowers import COLOUR, TYPE

KINDS = tuple(product(TYPE.classes, COLOUR.classes))
TRAINING, VALIDATION = 0.6, 0.25  # shares of the images; the rest are the questions
FEWEST = 40  # 15 % of these are one picture of each kind


@dataclass(frozen=True)
class Sample:
    """One picture to draw: a flower of a type and a colour, and the seed of its details."""

    type: str
    colour: str
    seed: tuple[int, int]

    @property
    def path(self) -> str:
        """Relative to the data folder; numbers as in the published files, which count from 1."""
        return f"data/img{self.seed[1] + 1}.jpg"

    @property
    def line(self) -> str:
        """The line of the text files: the path, the index of the type, the index of the colour."""
        return f"/{self.path}, {TYPE.classes.index(self.type)}, {COLOUR.classes.index(self.colour)}"


def draw(folder: Path, images: int = 400, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draw `images` flowers in `folder`/data; train.txt, val.txt and test.txt name 60, 25 and 15 % of them.

    Equal arguments give equal bytes, for any number of threads. The folder appears when it is complete.
    Raises InvalidInput for a folder that is not empty, too few images for every kind of flower in each file, and a
    negative seed.
    """
    folder = Path(folder)
    refuse(folder, images, FEWEST, "all six kinds of flowers in each of three files", seed)
    lists = samples(images, seed)
    with whole_folder(folder) as unfinished:
        for name, todo in lists.items():
            write_lines(unfinished / name, [sample.line for sample in todo])
        write_pictures([(unfinished / s.path, s) for todo in lists.values() for s in todo], paint, progress, threads)


def samples(images: int, seed: int) -> dict[str, list[Sample]]:
    """What is drawn for each text file, every kind equally often; an image's number says nothing about its kind."""
    rng = np.random.default_rng(seed)
    numbers = rng.permutation(images)
    ends = np.round(np.array([TRAINING, TRAINING + VALIDATION]) * images).astype(int)
    return {
        name: [Sample(*KINDS[place % len(KINDS)], (seed, int(number))) for place, number in enumerate(part)]
        for name, part in zip(("train.txt", "val.txt", "test.txt"), np.split(numbers, ends), strict=True)
    }


def paint(sample: Sample) -> np.ndarray:
    """The picture of a sample."""
    return picture(sample.type, sample.colour, np.random.default_rng(sample.seed))
