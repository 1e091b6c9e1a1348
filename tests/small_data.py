"""Small data sets in the competition's format, for tests that train."""

from pathlib import Path

import cv2
import h5py
import numpy as np

from competition.dataset import Dataset, one_row_an_image
from competition.layouts.fashionai import read_label_files
from competition.recipe import Recipe
from competition.task import Task

COLOUR = Task("colour", ("red", "green", "blue"))
SHADE = Task("shade", ("dark", "light"))
TINY = Recipe(
    name="tiny",
    tasks=(COLOUR, SHADE),
    image_size=32,
    backbone="small",
    weights="none",
    dropout=0.0,
    flip=False,
    batch_size=16,
    precision="float32",
)


def write_data(folder: Path, images: int = 48, questions: int = 10, seed: int = 0) -> Path:
    """Plain coloured squares: two of three carry a colour only, one of three a shade only; a question of each task."""
    rng = np.random.default_rng(seed)
    labels = [_write_image(folder / "base", index, rng) for index in range(images)]
    asked = [_write_image(folder / "rank", index, rng) for index in range(questions)]
    _write(folder / "base/Annotations/label.csv", labels)
    _write(folder / "rank/Tests/question.csv", [f"{row.rpartition(',')[0]}," for row in asked])
    _write(folder / "rank/Tests/answers.csv", asked)
    return folder


def _write_image(root: Path, index: int, rng: np.random.Generator) -> str:
    colour, light = int(rng.integers(3)), int(rng.integers(2))
    picture = rng.integers(0, 40, (40, 48, 3)).astype(np.uint8)
    picture[..., colour] += 200 if light else 70
    name = f"Images/{index:03d}.jpg"
    (root / "Images").mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(root / name), picture[..., ::-1])
    task, value, count = ("shade_labels", light, 2) if index % 3 == 2 else ("colour_labels", colour, 3)
    return f"{name},{task},{''.join('y' if k == value else 'n' for k in range(count))}"


def _write(path: Path, rows: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def read_data(folder: Path) -> Dataset:
    return read_label_files([folder / "base/Annotations/label.csv"], TINY.tasks)


def random_labels(rows: int, seed: int = 0, tasks: tuple[Task, ...] = TINY.tasks, present: float = 0.6) -> Dataset:
    """A dataset without files: random codes, with some m, for a random share of the rows a task."""
    rng = np.random.default_rng(seed)
    codes, labelled = {}, {}
    for task in tasks:
        has = rng.random(rows) < present
        answers = np.where(rng.random((rows, len(task))) < 0.2, 1, 0)
        answers[np.arange(rows), rng.integers(len(task), size=rows)] = 2
        codes[task.name], labelled[task.name] = (answers * has[:, None]).astype(np.uint8), has
    source, names = Path("base/Annotations/label.csv"), [f"{row}.jpg" for row in range(rows)]
    return one_row_an_image(tasks, source, Path("base"), names, codes, labelled=labelled)


def weights_of(folder: Path) -> dict[str, np.ndarray]:
    """The arrays in the weights file of a run, by their names."""
    found = {}
    with h5py.File(folder / "model.weights.h5") as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found
