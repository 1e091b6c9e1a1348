"""A drawn data set on disk, in the layout of the FashionAI competition."""

import os
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from competition.drawing.letters import Row, letters, plan
from competition.drawing.picture import picture
from competition.errors import InvalidInput
from competition.recipes.fashionai_tasks import TASKS

SPLITS = ("base", "rank")
JPEG_QUALITY = 90
FEWEST = sum(len(task) for task in TASKS)


@dataclass(frozen=True)
class Sample:
    """One picture to draw: where it goes, relative to its split, what it shows, and the seed of its details."""

    path: str
    row: Row
    seed: tuple[int, int, int]


def draw(folder: Path, images: int = 4000, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draws a data set in the competition's format.

    `folder`/base holds `images` labelled pictures, `folder`/rank a quarter as many questions with their answers.
    Equal arguments give equal bytes, for any number of threads. The folder appears when it is complete.

    Raises InvalidInput where the folder holds something already, where `images` cannot show every value once, and
    where the seed is negative.
    """
    folder = Path(folder)
    refuse(folder, images, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}-{os.getpid()}-unfinished")
    unfinished.mkdir()
    try:
        fill(unfinished, samples(images, seed), progress, threads)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse(folder: Path, images: int, seed: int) -> None:
    """Raises InvalidInput where `draw` could not keep its promise, before anything is written."""
    if images < FEWEST:
        raise InvalidInput(
            f"{images} images cannot show all {FEWEST} values of the eight attributes: draw {FEWEST} or more"
        )
    if seed < 0:
        raise InvalidInput(f"the seed is {seed}; it is a number from 0 on")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} exists already and is not an empty folder: name another, or remove it first")


def samples(images: int, seed: int) -> dict[str, list[Sample]]:
    """What is drawn for each split; file names are digests that tell nothing about the picture."""
    return {
        split: [
            Sample(f"Images/{row.task}_labels/{file_name(seed, split, i)}.jpg", row, (seed, k, i))
            for i, row in enumerate(plan(count, np.random.default_rng((seed, k))))
        ]
        for k, (split, count) in enumerate(zip(SPLITS, (images, images // 4), strict=True))
    }


def file_name(seed: int, split: str, index: int) -> str:
    """32 hexadecimal digits."""
    return blake2b(f"{seed}/{split}/{index}".encode(), digest_size=16).hexdigest()


def fill(folder: Path, splits: dict[str, list[Sample]], progress: bool, threads: int | None) -> None:
    """Writes the tables, then the pictures."""
    write_tables(folder, splits)
    for split in splits:
        for task in TASKS:
            (folder / split / "Images" / f"{task.name}_labels").mkdir(parents=True)
    work = [(folder / split / sample.path, sample) for split, todo in splits.items() for sample in todo]
    with one_opencv_thread(), ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        try:
            done = pool.map(write_picture, work)
            deque(tqdm(done, "drawing", len(work), unit="image", disable=None if progress else True), maxlen=0)
        finally:  # an error, or Ctrl-C, must not wait for thousands of pictures
            pool.shutdown(wait=False, cancel_futures=True)


def write_picture(job: tuple[Path, Sample]) -> None:
    """Draws one sample and writes it as JPEG."""
    path, sample = job
    row = sample.row
    image = picture(row.task, row.value, row.maybe, np.random.default_rng(sample.seed))
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(code.tobytes())


def write_tables(folder: Path, splits: dict[str, list[Sample]]) -> None:
    """classes.csv, the labels of base, the questions and the answers of rank."""
    write_lines(folder / "classes.csv", [",".join((task.name, *task.classes)) for task in TASKS])
    write_lines(folder / "base/Annotations/label.csv", [table_row(s, letters(s.row)) for s in splits["base"]])
    write_lines(folder / "rank/Tests/question.csv", [table_row(s, "") for s in splits["rank"]])
    write_lines(folder / "rank/Tests/answers.csv", [table_row(s, letters(s.row)) for s in splits["rank"]])


def table_row(sample: Sample, answer: str) -> str:
    """One line of a label file, a question file or an answer file."""
    return f"{sample.path},{sample.row.task}_labels,{answer}"


def write_lines(path: Path, lines: list[str]) -> None:
    """A text file, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Lets the pool alone decide how many cores draw; OpenCV's own setting is put back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
