"""Public formats from the organisers' files to a submission in their shape: imported, trained, answered, checked."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import write

from competition.__main__ import main
from competition.commands.submit import submit
from competition.commands.train import train
from competition.recipes import load_recipe

pytestmark = pytest.mark.slow

COLOURS = {"blue": 0, "green": 1, "red": 2}  # by their channel
TRAINED, ASKED = 60, 12
Colours = list[str]


def picture(path: Path, colours: str, seed: int) -> None:
    """A square in one colour, or in the sum of several."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 60, (32, 32, 3)).astype(np.uint8)
    for colour in colours.split():
        pixels[..., COLOURS[colour]] += 180
    cv2.imwrite(str(path), pixels)


def one_of(count: int) -> Colours:
    return [list(COLOURS)[number % 3] for number in range(count)]


def any_of(count: int) -> Colours:
    """All combinations of colours in turn, their words in an order that changes."""
    known = ["red", "green blue", "blue red green", "blue", "red green", "green", "blue red"]
    return [known[number % len(known)] for number in range(count)]


def numbers_by_id(home: Path, learned: Colours, asked: Colours) -> None:
    """Kaggle, APTOS: ids without an ending, grades as numbers, a placeholder in every row of the sample."""
    write(home / "train.csv", ["id_code,diagnosis", *(f"t{n},{COLOURS[one]}" for n, one in enumerate(learned))])
    write(home / "test.csv", ["id_code", *(f"q{n}" for n in range(len(asked)))])
    write(home / "sample_submission.csv", ["id_code,diagnosis", *(f"q{n},0" for n in reversed(range(len(asked))))])
    draw(home / "train_images/t{}.png", learned)
    draw(home / "test_images/q{}.png", asked)


def columns_of_classes(home: Path, learned: Colours, asked: Colours) -> None:
    """Kaggle, dog breeds: a label a row, and a sample with a probability for each class, in an order of its own."""
    write(home / "labels.csv", ["id,breed", *(f"t{n},{one}" for n, one in enumerate(learned))])
    sample = ["id,red,blue,green", *(f"q{n},0.3,0.3,0.4" for n in range(len(asked)))]
    write(home / "sample_submission.csv", sample)
    draw(home / "train/t{}.jpg", learned)
    draw(home / "test/q{}.jpg", asked)


def tags_in_a_cell(home: Path, learned: Colours, asked: Colours) -> None:
    """Kaggle, Planet: several tags with blanks between them, in folders called after the format of the images."""
    write(home / "train_v2.csv", ["image_name,tags", *(f"train_{n},{one}" for n, one in enumerate(learned))])
    write(home / "sample_submission_v2.csv", ["image_name,tags", *(f"test_{n},red blue" for n in range(len(asked)))])
    draw(home / "train-jpg/train_{}.jpg", learned)
    draw(home / "test-jpg/test_{}.jpg", asked)


def folders_of_classes(home: Path, learned: Colours, asked: Colours) -> None:
    """Kaggle, plant seedlings: a folder a class, and a sample with the names of files."""
    for number, colour in enumerate(learned):
        picture(home / f"train/{colour}/{number}.png", colour, number)
    write(home / "sample_submission.csv", ["file,species", *(f"q{n}.png,blue" for n in range(len(asked)))])
    draw(home / "test/q{}.png", asked)


def numbers_in_json(home: Path, learned: Colours, asked: Colours) -> None:
    """iMaterialist: JSON of images and annotations whose labels are numbers, and a sample of several of them."""
    ids = [[str(COLOURS[colour] + 10) for colour in one.split()] for one in learned]
    content = {
        "images": [{"imageId": str(n), "url": f"http://images.example/{n}.jpg"} for n in range(len(learned))],
        "annotations": [{"imageId": str(n), "labelId": one} for n, one in enumerate(ids)],
    }
    write(home / "train.json", json.dumps(content))
    write(home / "sample_submission.csv", ["image_id,label_id", *(f"q{n},10 12" for n in range(len(asked)))])
    draw(home / "train/{}.jpg", learned)
    draw(home / "test/q{}.jpg", asked)


def draw(pattern: Path, colours: Colours) -> None:
    for number, one in enumerate(colours):
        picture(Path(str(pattern).format(number)), one, number)


@pytest.mark.parametrize(
    ("lay_out", "drawn", "answer_of"),
    [
        (numbers_by_id, one_of, lambda cells: list(COLOURS)[int(cells[0])]),
        (columns_of_classes, one_of, lambda cells: ("red", "blue", "green")[np.argmax([*map(float, cells)])]),
        (tags_in_a_cell, any_of, lambda cells: cells[0]),
        (folders_of_classes, one_of, lambda cells: cells[0]),
        (numbers_in_json, any_of, lambda cells: " ".join(list(COLOURS)[int(one) - 10] for one in cells[0].split())),
    ],
    ids=lambda value: value.__name__ if callable(value) and value.__name__ != "<lambda>" else "",
)
def test_from_the_organisers_files_to_a_submission_in_their_shape(
    tmp_path, monkeypatch, capsys, lay_out: Callable, drawn: Callable, answer_of: Callable
):
    monkeypatch.chdir(tmp_path)
    home, truth = tmp_path / "input", drawn(ASKED)
    lay_out(home, drawn(TRAINED), truth)
    with redirect_stdout(io.StringIO()) as said:
        assert main(["init", "mine", "--labels", str(home)]) == 0
    recipe, data = load_recipe("mine.py"), said.getvalue().split("--data ")[1].split()[0]
    assert [len(task) for task in recipe.tasks] == [len(COLOURS)]
    quick = replace(recipe, backbone="convnet", epochs=(12,), learning_rate=(3e-3,), precision="float32")
    written = submit([train(quick, Path(data)).folder])
    (sample,) = home.glob("sample*.csv")
    assert f"{sample} is a sample of a submission, answered in its shape" in capsys.readouterr().out
    assert main(["check", str(written), str(sample)]) == 0
    ours, theirs = ([line.split(",") for line in file.read_text().splitlines()] for file in (written, sample))
    assert ours[0] == theirs[0]
    assert [cells[0] for cells in ours] == [cells[0] for cells in theirs]
    found = {cells[0].rsplit(".")[0].strip("qtes_"): set(answer_of(cells[1:]).split()) for cells in ours[1:]}
    right = [found[str(number)] == set(colours.split()) for number, colours in enumerate(truth)]
    assert np.mean(right) >= 0.8
