"""What it costs that two processes sum their gradients over loopback: against one with the same threads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.threads import VARIABLE, count_threads

BACKBONE, SIZE = "squeezenet", 227
IMAGES, EPOCHS, ROUNDS = 512, 3, 2  # enough for the ends of epochs to weigh little
LOCAL = Path(__file__).parents[1] / "deploy/local.py"


def rows(places: Places) -> Iterator[Measurement]:
    """Images a second of two processes over twice those of one, in turns; no goal."""
    each = max(1, count_threads() // 2)
    with workplace() as folder:
        competition(folder, 1, each, "draw", "data", "--recipe", "sketches", "--images", str(IMAGES))
        pairs = [[speed(folder, workers, each) for workers in (1, 2)] for _ in range(ROUNDS)]
        one, two = map(max, zip(*pairs, strict=True))
        detail = f"{one:.1f} images/s with one process, {two:.1f} with two, {each} threads each"
        yield Measurement(f"{BACKBONE} at {SIZE}: efficiency of two", two / 2 / one, detail=detail)


def speed(folder: Path, workers: int, threads: int) -> float:
    """Images a second that so many processes train on, each with so many threads, after the first epoch."""
    run = folder / f"runs/{len(list(folder.glob('runs/*')))}"
    flags = ["--data", "data", "--run", str(run), "--backbone", BACKBONE, "--image-size", str(SIZE)]
    flags += ["--epochs", str(EPOCHS), "--precision", "float32", "--validation", "0", "--weights", "none"]
    competition(folder, workers, threads, "train", "sketches", *flags)
    return IMAGES / pd.read_csv(run / "history.csv")["seconds"][1:].min()


def competition(folder: Path, workers: int, threads: int, *arguments: str) -> None:
    """Run a command with so many processes, each with so many threads."""
    command = [sys.executable, str(LOCAL), str(workers), sys.executable, "-m", "competition", *arguments]
    environment = os.environ | {VARIABLE: str(workers * threads), "PYTHONPATH": str(LOCAL.parents[1])}
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
