"""Whether memory grows with the number of images."""

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import train_until
from benchmarks.places import Places, some_images, workplace
from benchmarks.report import Measurement
from benchmarks.startup import images_only
from competition.dataset import LETTERS, Dataset
from competition.layouts.classes import SUFFIX, find_classes

MANY, STEPS, BATCH = 89_683, 200, 32
BUDGET = 20  # seconds of steps, on a slow machine fewer than STEPS


def rows(places: Places) -> Iterator[Measurement]:
    """Peak memory of a training on many images: as a ratio to one on few images, and in GB."""
    dataset = some_images(places)
    few = len(dataset)
    with workplace() as folder:
        small, large = (peak(dataset, count, places, folder / str(count)) for count in (few, MANY))
    name = f"memory: up to {STEPS} steps and one read of {MANY:,} rows"
    detail = f"peak {large:.2f} against {small:.2f} GB; SqueezeNet 227, {BATCH} a step"
    yield Measurement(f"{name} over {few:,}", large / small, 1.15, at_least=False, detail=detail)
    yield Measurement(f"{name}, GB", max(small, large), 3, at_least=False)


def peak(dataset: Dataset, count: int, places: Places, folder: Path) -> float:
    """Peak memory in GB of a training on the dataset repeated to `count` images, in a process of its own."""
    repeat(dataset, count, folder)
    if classes := find_classes(places.data):
        shutil.copy(classes, folder)
    epochs = math.ceil(STEPS * BATCH / count)
    recipe = ["clothing_squeezenet", "--data", ".", "--weights", places.weights]
    flags = [*images_only(epochs), "--batch-size", str(BATCH), "--validation", "0"]
    _, gigabytes = train_until(STEPS, [*recipe, *flags], folder, BUDGET)
    return gigabytes


def repeat(dataset: Dataset, count: int, folder: Path) -> None:
    """Write a data set of `count` images, each a link to one of the dataset's, with one row for its first task."""
    images, labels = folder / "base/Images", folder / "base/Annotations/label.csv"
    for path in (images, labels.parent):
        path.mkdir(parents=True)
    rows = [one_row(dataset, row) for row in range(len(dataset))]
    with labels.open("w", encoding="utf-8") as file:
        for number in range(count):
            source = dataset.path(number % len(dataset)).absolute()
            name = f"Images/{number:06}{source.suffix}"
            (folder / "base" / name).symlink_to(source)
            file.write(f"{name},{rows[number % len(dataset)]}\n")


def one_row(dataset: Dataset, row: int) -> str:
    """Key and letters of the first task for which an image is labelled."""
    task = next(task.name for task in dataset.tasks if dataset.labelled[task.name][row])
    return f"{task}{SUFFIX},{''.join(LETTERS[code] for code in dataset.codes[task][row])}"
