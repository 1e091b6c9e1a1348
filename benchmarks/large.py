"""Tables far larger than those of the competition: a million rows of labels, and thousands of columns."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.label_files import fold, probabilities, some_hashes, some_letters
from benchmarks.measure import seconds
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from benchmarks.until_step import peak
from competition.layouts.classes import SUFFIX
from competition.layouts.detect import sniff
from competition.layouts.fashionai import read_label_files
from competition.recipes.fashionai import TASKS
from competition.scoring.scores import score

ROWS, LETTERS = 1_000_000, 200
FEW, MANY, LINES = 2_000, 20_000, 100  # columns; lines below them


def rows(places: Places) -> Iterator[Measurement]:
    """Seconds and peak memory of each step on a million rows; how the time of `init` grows with the columns."""
    rng = np.random.default_rng(0)
    with workplace() as folder:
        file = write_labels(folder / "base/Annotations/label.csv", rng)
        found = []
        yield measured("read and encode", lambda: found.append(read_label_files([file], TASKS)))
        dataset = found.pop()
        hashes = some_hashes(len(dataset), rng)
        yield measured("near pairs and five folds", lambda: fold(dataset, hashes))
        answers = {task.name: probabilities(len(dataset), task, rng) for task in TASKS}
        yield measured("official metric", lambda: score(TASKS, answers, dataset.codes, dataset.labelled))
        few, many = (look_at_columns(folder / str(count), count, rng) for count in (FEW, MANY))
    detail = f"{many:.1f} against {few:.1f} s"
    ratio = many / MANY / (few / FEW)
    name = f"init: {MANY:,} columns over {FEW:,}, seconds a column"
    yield Measurement(name, ratio, 1.5, at_least=False, detail=detail)


def measured(step: str, work: Callable[[], object]) -> Measurement:
    """The seconds of a step; its detail says the peak memory of the process meanwhile."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    taken = seconds(work)
    return Measurement(f"{ROWS:,} rows: {step}, s", taken, detail=f"peak {peak():.2f} GB")


def write_labels(path: Path, rng: np.random.Generator) -> Path:
    """Write a million rows as in the competition, each about an image of its own."""
    path.parent.mkdir(parents=True)
    letters = [[some_letters(task, rng) for _ in range(LETTERS)] for task in TASKS]
    choices = zip(rng.integers(len(TASKS), size=ROWS), rng.integers(LETTERS, size=ROWS), strict=True)
    with path.open("w") as file:
        for number, (task, values) in enumerate(choices):
            file.write(f"Images/{number:07}.jpg,{TASKS[task].name}{SUFFIX},{letters[task][values]}\n")
    return path


def look_at_columns(folder: Path, columns: int, rng: np.random.Generator) -> float:
    """Seconds that `competition init` needs to understand a table of so many columns, each a task of three values."""
    folder.mkdir()
    header = ",".join(["image", *(f"part_{number}_shape" for number in range(columns))])
    lines = [
        ",".join([f"{line}.jpg", *np.array(["a", "b", ""])[rng.integers(3, size=columns)]]) for line in range(LINES)
    ]
    (folder / "labels.csv").write_text("\n".join([header, *lines]))
    return seconds(lambda: sniff(folder))
