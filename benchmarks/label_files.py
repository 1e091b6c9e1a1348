"""Label files, folds, the official metric and submissions, at the size of the competition."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.measure import median_seconds
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.data.folds import Folds, make_folds
from competition.data.near_duplicates import duplicate_groups
from competition.dataset import Dataset
from competition.layouts.classes import SUFFIX
from competition.layouts.fashionai import read_label_files, read_questions
from competition.layouts.fashionai_submission import write_answers
from competition.recipes.fashionai import TASKS
from competition.scoring.scores import score
from competition.task import Task

LABELS, QUESTIONS, TIMES, FEW = 89_683, 15_042, 5, 3


def rows(places: Places) -> Iterator[Measurement]:
    """Seconds to read labels, to compute the metric, to make folds and to write a submission, on drawn rows."""
    rng = np.random.default_rng(0)
    with workplace() as folder:
        file = write_rows(folder / "base/Annotations/label.csv", LABELS, rng)
        taken = median_seconds(lambda: read_label_files([file], TASKS), TIMES)
        yield Measurement(f"labels: read and encode {LABELS:,} rows, s", taken, 1.0, at_least=False)

        dataset = read_label_files([file], TASKS)
        answers = {task.name: probabilities(len(dataset), task, rng) for task in TASKS}
        taken = median_seconds(lambda: score(TASKS, answers, dataset.codes, dataset.labelled), TIMES)
        yield Measurement(f"official metric on {LABELS:,} rows, s", taken, 0.5, at_least=False)

        hashes = some_hashes(len(dataset), rng)
        taken = median_seconds(lambda: fold(dataset, hashes), FEW)
        yield Measurement(
            f"folds: near pairs among {LABELS:,} hashes, five folds, s",
            taken,
            15.0,
            at_least=False,
            detail="no decoding",
        )

        asked = read_questions(write_rows(folder / "rank/Tests/question.csv", QUESTIONS, rng), TASKS)
        answers = {task.name: probabilities(len(asked.images), task, rng) for task in TASKS}
        taken = median_seconds(lambda: write_answers(folder / "answers.csv", asked, answers, TASKS), TIMES)
        yield Measurement(
            f"submission: write and check {QUESTIONS:,} rows, s", taken, 1.0, at_least=False, detail="zip included"
        )


def write_rows(path: Path, count: int, rng: np.random.Generator) -> Path:
    """Write rows as in the competition: one image and one of the eight tasks each, with one y and sometimes an m."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for choice in rng.integers(len(TASKS), size=count):
            key = TASKS[choice].name + SUFFIX
            writer.writerow([f"Images/{key}/{rng.bytes(16).hex()}.jpg", key, some_letters(TASKS[choice], rng)])
    return path


def some_hashes(count: int, rng: np.random.Generator) -> np.ndarray:
    """Hashes (count,) uint64, some of them similar: those of count / 10 pictures, with up to 16 bits flipped."""
    hashes = rng.integers(2**64, size=count // 10 + 1, dtype=np.uint64)[rng.integers(count // 10 + 1, size=count)]
    turned = rng.integers(17, size=count)
    for bit in range(16):
        hashes ^= np.where(bit < turned, np.uint64(1) << rng.integers(64, size=count, dtype=np.uint64), np.uint64(0))
    return hashes


def fold(dataset: Dataset, hashes: np.ndarray) -> Folds:
    return make_folds(replace(dataset, group=duplicate_groups(hashes)), count=5, seed=0)


def some_letters(task: Task, rng: np.random.Generator) -> str:
    codes = np.where(rng.random(len(task)) < 0.05, "m", "n")
    codes[rng.integers(len(task))] = "y"
    return "".join(codes)


def probabilities(count: int, task: Task, rng: np.random.Generator) -> np.ndarray:
    """Random predictions (count, classes) float32; each row sums to 1."""
    return rng.dirichlet(np.ones(len(task)), size=count).astype(np.float32)
