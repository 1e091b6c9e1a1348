"""The command that makes folds, from a folder of images to the files and what it prints."""

import csv
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, write

from competition.__main__ import main
from competition.commands import folds as folds_command
from competition.commands.folds import FOLDS, Plan, folds, prepare_folds
from competition.data.check_images import drop_bad_images, inspect
from competition.data.folds import make_folds, read_folds
from competition.errors import InvalidInput
from competition.layouts.fashionai import read_label_files
from competition.recipe import Recipe

IMAGES = 30


def save(path: Path, seed: int, quality: int = 95) -> Path:
    smooth = cv2.GaussianBlur(cv2.resize(noise(12, 9, seed), (90, 120), interpolation=cv2.INTER_CUBIC), (0, 0), 2)
    return write(path, cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """30 images of two classes, of which 2 is 1 saved again and 4 a copy of 3; and 3 questions, the first 5 again."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    for row in range(IMAGES):
        save(folder / f"base/{row}.jpg", 1 if row == 2 else row, 60 if row == 2 else 95)
    shutil.copy(folder / "base/3.jpg", folder / "base/4.jpg")
    for row, seed in enumerate((5, 101, 102)):
        save(folder / f"rank/{row}.jpg", seed, 70)
    write(
        folder / "base/Annotations/label.csv",
        [f"{row}.jpg,size_labels,{'yn' if row % 3 and row != 4 else 'ny'}" for row in range(30)],
    )
    write(folder / "rank/Tests/question.csv", [f"{row}.jpg,size_labels," for row in range(3)])
    return folder


def read_csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_it_writes_folds_and_leaks_and_prints_both(data, capsys):
    assert main(["folds", "--data", "mine"]) == 0
    made = read_folds(FOLDS / "mine.csv")
    assert (len(made), made.count, len(made.test)) == (IMAGES, 5, 0)
    assert len(set(made.group)) == IMAGES - 2
    place = {image: row for row, image in enumerate(made.image)}
    for pair in (("base/1.jpg", "base/2.jpg"), ("base/3.jpg", "base/4.jpg")):
        rows = [place[name] for name in pair]
        assert len(set(made.group[rows])) == len(set(made.fold[rows])) == 1
    assert [(row[0], row[2], row[4], row[6]) for row in read_csv(FOLDS / "mine-leaks.csv")[1:]] == [
        ("near", "base/5.jpg", "rank/0.jpg", "base and rank"),
        ("exact", "base/3.jpg", "base/4.jpg", "base"),
        ("near", "base/1.jpg", "base/2.jpg", "base"),
    ]
    assert cv2.imread(str(FOLDS / "mine-leaks.png")).shape[1] > 4 * 190
    printed = capsys.readouterr().out
    for words in (
        "30 images in 28 groups, the largest of 2",
        "pairs: 1 exact, 2 near (distance at most 4)",
        "questions: 1 of 3 images look like labelled ones",
        "no class is further from its share than 1 + its largest group",
    ):
        assert words in printed
    sizes = [line.split()[:2] for line in printed.splitlines() if line[:4].strip().isdecimal()]
    assert sizes == [[str(fold), str((made.fold == fold).sum())] for fold in range(5)]


def test_a_file_of_folds_is_never_overwritten(data, capsys):
    assert main(["folds", "--data", "mine", "--output", "my/own.csv", "--folds", "3", "--test-share", "0.2"]) == 0
    before = (data.parent / "my/own.csv").read_bytes()
    assert "test        6" in capsys.readouterr().out
    assert main(["folds", "--data", "mine", "--output", "my/own.csv"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: my/own.csv exists; folds are made once")
    assert "--output" in captured.err
    assert captured.out == ""  # and no image was looked at
    assert (data.parent / "my/own.csv").read_bytes() == before
    assert {path.name for path in (data.parent / "my").glob("[!.]*")} == {"own.csv", "own-leaks.csv", "own-leaks.png"}


def test_of_two_that_make_one_file_at_once_one_does_and_the_other_is_refused(data, monkeypatch):
    both = Barrier(2)

    def make_together(*given):
        both.wait(60)  # so that both have seen that there is no file yet
        return make_folds(*given)

    monkeypatch.setattr(folds_command, "make_folds", make_together)

    def make(seed: int) -> str:
        try:
            return str(folds(Plan(seed=seed), data=Path("mine"), output=Path("own.csv")))
        except InvalidInput as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = [*pool.map(make, (0, 1))]
    winner = said.index("own.csv")
    assert said[1 - winner].startswith("own.csv exists; folds are made once")
    monkeypatch.undo()
    monkeypatch.chdir(data.parent)
    folds(Plan(seed=winner), data=Path("mine"), output=Path("alone.csv"))
    assert Path("own.csv").read_bytes() == Path("alone.csv").read_bytes()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--folds", "1"], "1 folds; allowed are 2 or more"),
        (["--test-share", "1"], "a test share of 1.0"),
        (["--distance", "40"], "a distance of 40 bits; allowed are 0"),
        (["--folds", "29"], "28 groups of images are too few for 29 folds"),
    ],
)
def test_a_choice_that_cannot_be_exits_with_one_and_writes_nothing(data, capsys, flags, words):
    assert main(["folds", "--data", "mine", *flags]) == 1
    assert words in capsys.readouterr().err
    assert not FOLDS.exists()


def test_without_data_it_takes_the_sketches(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["folds"]) == 1
    assert "data/sketches is not a folder" in capsys.readouterr().err


def test_the_same_seed_makes_the_same_file(data):
    first, again, other = (
        folds(Plan(seed=seed), data=data, output=Path(f"{n}.csv")) for n, seed in enumerate((1, 1, 2))
    )
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_bad_images_stop_it_unless_they_are_to_be_skipped(data, capsys):
    write(data / "base/7.jpg", b"\xff\xd8\xff no picture")
    assert "1 of 30 images cannot be used" in refusal(lambda: folds(data=data))
    made = read_folds(folds(data=data, skip_bad_images=True))
    assert len(made) == IMAGES - 1
    assert "base/7.jpg" not in made.image


def test_a_question_that_cannot_be_read_is_named_and_not_compared(data, capsys):
    (data / "rank/0.jpg").unlink()
    folds(data=data)
    printed = capsys.readouterr().out
    assert (
        f"not compared: {data / 'rank/Tests/question.csv'}:1: {data / 'rank/0.jpg'}: there is no such file" in printed
    )
    assert "questions: 0 of 2 images look like labelled ones" in printed


def test_a_data_set_without_questions_has_folds_all_the_same(data, capsys):
    shutil.rmtree(data / "rank")
    assert len(read_folds(folds(data=data))) == IMAGES
    assert "questions: 0 of 0" in capsys.readouterr().out


def test_a_group_larger_than_a_fold_is_a_warning(data):
    for row in range(6, IMAGES, 3):  # of the same class
        shutil.copy(data / "base/3.jpg", data / f"base/{row}.jpg")
    with pytest.warns(UserWarning, match="a group of 10 images is larger than a fold;"):
        folds(data=data)


def test_another_command_can_make_them_from_the_images_it_has_read(data):
    dataset = read_label_files([data / "base/Annotations/label.csv"])
    dataset, digests = drop_bad_images(dataset, inspect(dataset), skip=False)
    made = prepare_folds(dataset, digests, data, Path("some.csv"), Plan(folds=3), recipe=Recipe("any"))
    np.testing.assert_array_equal(read_folds(Path("some.csv")).of(dataset).fold, made.fold)
