"""A drawn data set of garments, in the layout of the FashionAI competition."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from competition.drawing.letters import Label, letters, plan
from competition.drawing.output import file_name, refuse, write_lines, write_pictures
from competition.drawing.picture import picture
from competition.files import whole_folder
from competition.recipes.fashionai import TASKS

SPLITS = ("base", "rank")
FEWEST = sum(len(task) for task in TASKS)


@dataclass(frozen=True)
class Garment:
    """One picture to draw: where it goes, relative to its split, what it shows, and the seed of its details."""

    path: str
    row: Label
    seed: tuple[int, int, int]


def draw(folder: Path, images: int = 4000, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draw `images` labelled pictures in `folder`/base, and a quarter as many questions with answers in `folder`/rank.

    Equal arguments give equal bytes, for any number of threads. The folder appears when it is complete.

    Raises InvalidInput for a folder that is not empty, too few images to show every value, and a negative seed.
    """
    folder = Path(folder)
    refuse(folder, images, FEWEST, f"all {FEWEST} values of the eight attributes", seed)
    splits = samples(images, seed)
    with whole_folder(folder) as unfinished:
        write_tables(unfinished, splits)
        work = [(unfinished / split / sample.path, sample) for split, todo in splits.items() for sample in todo]
        write_pictures(work, paint, progress, threads)


def samples(images: int, seed: int) -> dict[str, list[Garment]]:
    """What is drawn for each split; file names are digests that say nothing about the picture."""
    return {
        split: [
            Garment(f"Images/{row.task}_labels/{file_name(seed, split, i)}.jpg", row, (seed, k, i))
            for i, row in enumerate(plan(count, np.random.default_rng((seed, k))))
        ]
        for k, (split, count) in enumerate(zip(SPLITS, (images, images // 4), strict=True))
    }


def paint(sample: Garment) -> np.ndarray:
    """The picture of a sample."""
    row = sample.row
    return picture(row.task, row.value, row.maybe, np.random.default_rng(sample.seed))


def write_tables(folder: Path, splits: dict[str, list[Garment]]) -> None:
    """classes.csv, the labels of base, the questions and the answers of rank."""
    write_lines(folder / "classes.csv", [",".join((task.name, *task.classes)) for task in TASKS])
    write_lines(folder / "base/Annotations/label.csv", [table_row(s, letters(s.row)) for s in splits["base"]])
    write_lines(folder / "rank/Tests/question.csv", [table_row(s, "") for s in splits["rank"]])
    write_lines(folder / "rank/Tests/answers.csv", [table_row(s, letters(s.row)) for s in splits["rank"]])


def table_row(sample: Garment, answer: str) -> str:
    """One line of a label file, a question file or an answer file."""
    return f"{sample.path},{sample.row.task}_labels,{answer}"
