"""What thousands of classes cost: the peak memory of each command, over that of the same rows with few classes."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks.child import peak_of
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.layouts.classes import SUFFIX
from competition.task import DECIMALS

ROWS, FEW, MANY = 20_000, 50, 5_000
SIDE = 8  # pixels
QUICK = ["--epochs", "1", "--learning-rate", "1e-3", "--trains", "all", "--backbone", "small", "--image-size", "32"]
DIFFERENT = 50  # answers of a submission


def rows(places: Places) -> Iterator[Measurement]:
    """Gigabytes that `train`, `submit` and `score` need for MANY classes beyond those for FEW."""
    rng = np.random.default_rng(0)
    with workplace() as folder:
        draw(folder / "images", rng)
        for name, command in (("train", train), ("submit", submit), ("score", score)):
            few, many = (command(folder, count, rng) for count in (FEW, MANY))
            detail = f"{many:.2f} against {few:.2f} GB, {ROWS:,} rows"
            row = f"{name}: peak with {MANY:,} classes over that with {FEW}, GB more"
            yield Measurement(row, many - few, 2.0, at_least=False, detail=detail)


def draw(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    for number, pixels in enumerate(rng.integers(256, size=(ROWS, SIDE, SIDE, 3), dtype=np.uint8)):
        cv2.imwrite(str(folder / f"{number}.png"), pixels)


def labels(count: int, rng: np.random.Generator) -> np.ndarray:
    """The classes (ROWS,) int of the rows, each of them on two rows or more."""
    twice, others = np.arange(2 * count) % count, rng.integers(count, size=ROWS - 2 * count)
    return rng.permutation(np.concatenate([twice, others]))


def train(folder: Path, count: int, rng: np.random.Generator) -> float:
    data, names = folder / str(count), [f"{number}.png" for number in range(ROWS)]
    data.mkdir()
    (data / "images").symlink_to(folder / "images")
    found = labels(count, rng)
    write(data / "labels.csv", ["image,kind", *(f"{name},k{kind}" for name, kind in zip(names, found, strict=True))])
    write(data / "questions.csv", ["image", *names])
    peak_of(["init", f"kinds{count}", "--labels", str(data), "--weights", "none"], folder)
    return peak_of(["train", f"kinds{count}.py", "--data", str(data), *QUICK, "--run", f"runs/{count}"], folder)


def submit(folder: Path, count: int, _: np.random.Generator) -> float:
    return peak_of(["submit", f"runs/{count}", "--output", f"{count}.csv"], folder)


def score(folder: Path, count: int, rng: np.random.Generator) -> float:
    """As rows of the competition, because their score reads every probability from a file."""
    key, whole = f"kind{SUFFIX}", 10**DECIMALS  # shares that are rounded, and sum to 1
    shares = rng.multinomial(whole, np.full(count, 1 / count), size=DIFFERENT) / whole
    chances = [";".join(f"{share:.{DECIMALS}f}" for share in row) for row in shares]
    write(folder / f"given{count}.csv", (f"{row}.jpg,{key},{chances[row % DIFFERENT]}" for row in range(ROWS)))
    truth = enumerate(labels(count, rng))
    lines = (f"{row}.jpg,{key},{'n' * kind}y{'n' * (count - 1 - kind)}" for row, kind in truth)
    write(folder / f"answers{count}.csv", lines)
    return peak_of(["score", f"given{count}.csv", f"answers{count}.csv"], folder)


def write(file: Path, lines: Iterable[str]) -> None:
    with file.open("w") as opened:
        opened.writelines(f"{line}\n" for line in lines)
