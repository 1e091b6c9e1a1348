"""Text files of paths and indices: read, refused line by line, and written."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, write

from competition.data.load import read_material
from competition.layouts.flowers import read_labels, read_lines, read_questions
from competition.layouts.registry import LAYOUTS
from competition.recipes.flowers import RECIPE, TASKS

FILES = ("train.txt", "val.txt", "test.txt")
KINDS = ("rose_red", "rose_pink", "rose_white", "daisy_red", "daisy_pink", "daisy_white")


def lines_of(folder: Path, **files: list[str]) -> list:
    """What is read of train, val and test."""
    return read_lines([write(folder / f"{name}.txt", rows) for name, rows in files.items()], TASKS)


def problems(folder: Path, **files: list[str]) -> list[str]:
    """The problems that a refusal lists, without the folder."""
    message = refusal(lambda: lines_of(folder, **files))
    return [line.strip().replace(f"{folder}/", "") for line in message.splitlines()[1:]]


def test_each_line_is_read_with_its_path_below_the_folder_its_indices_and_its_place(tmp_path):
    lines = lines_of(
        tmp_path,
        train=["/data/img1.jpg, 0, 1", "data/img2.jpg,1,2", "", "/data/./a b//img3.jpg ,  1 , 0 "],
        val=["/data/img4.jpg, 0, 0"],
        test=["/data/img5.jpg, 1, 1", "/data/img6.jpg"],
    )
    assert [(line.file.name, line.line, line.name, line.classes) for line in lines] == [
        ("train.txt", 1, "data/img1.jpg", (0, 1)),
        ("train.txt", 2, "data/img2.jpg", (1, 2)),
        ("train.txt", 4, "data/a b/img3.jpg", (1, 0)),
        ("val.txt", 1, "data/img4.jpg", (0, 0)),
        ("test.txt", 1, "data/img5.jpg", (1, 1)),
        ("test.txt", 2, "data/img6.jpg", ()),
    ]


COLUMNS = "/data/img1.jpg, index of type, index of colour"
TYPES, COLOURS = "allowed are 0 (rose), 1 (daisy)", "allowed are 0 (red), 1 (pink), 2 (white)"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/a.jpg, 2, 1", f"the index of type is '2'; {TYPES}"),
        ("/a.jpg, 0, 3", f"the index of colour is '3'; {COLOURS}"),
        ("/a.jpg, -1, 3", f"the index of type is '-1'; {TYPES}; the index of colour is '3'; {COLOURS}"),
        ("/a.jpg, rose, 1", f"the index of type is 'rose'; {TYPES}"),
        ("/a.jpg, 0, 1.0", f"the index of colour is '1.0'; {COLOURS}"),
        ("/a.jpg, 0,", f"the index of colour is ''; {COLOURS}"),
        ("/a.jpg, 0, ²", f"the index of colour is '²'; {COLOURS}"),
        ("/a.jpg, 0", f"2 columns in '/a.jpg, 0'; allowed are 3: {COLUMNS}"),
        ("/a.jpg, 0, 1, 1", f"4 columns in '/a.jpg, 0, 1, 1'; allowed are 3: {COLUMNS}"),
        ("/a.jpg", f"1 columns in '/a.jpg'; allowed are 3: {COLUMNS}"),
        ("/, 0, 1", "'/' names no image"),
    ],
)
@pytest.mark.parametrize("file", ["train", "val"])
def test_a_bad_line_is_named_with_what_is_allowed(tmp_path, file, line, problem):
    assert problems(tmp_path, **{file: ["/good.jpg, 1, 2", line]}) == [f"{file}.txt:2: {problem}"]


def test_a_question_may_lack_its_classes_and_nothing_less(tmp_path):
    assert [line.classes for line in lines_of(tmp_path, asked=["/a.jpg", "/b.jpg, 1, 2"])] == [(), (1, 2)]
    assert problems(tmp_path, test=["/a.jpg", "/b.jpg, 1"]) == [
        f"test.txt:2: 2 columns in '/b.jpg, 1'; allowed are 3: {COLUMNS}; or the path alone"
    ]


def test_an_image_stands_once_in_all_files_however_its_path_is_written(tmp_path):
    found = problems(
        tmp_path,
        train=["/a.jpg, 0, 1", "/b.jpg, 0, 1", "/c/../a.jpg, 0, 1"],
        val=["b.jpg, 1, 1"],
        test=["//b.jpg"],
    )
    assert found == [
        "test.txt:1: b.jpg is already in train.txt:2; keep one of the two",
        "train.txt:3: a.jpg is already in train.txt:1; keep one of the two",
        "val.txt:1: b.jpg is already in train.txt:2; keep one of the two",
    ]


def test_the_problems_of_all_files_come_together(tmp_path):
    found = problems(tmp_path, train=["/a.jpg, 9, 1", "/b.jpg"], val=["/c.jpg, 0, 9"], test=["/../d.jpg"])
    assert [problem.split(": ")[0] for problem in found] == ["test.txt:1", "train.txt:1", "train.txt:2", "val.txt:1"]


def test_a_file_without_lines_is_refused_with_what_they_should_be(tmp_path):
    words = "train.txt is empty; expected are lines /data/img1.jpg"
    assert words in refusal(read_lines, [write(tmp_path / "train.txt", "")], TASKS)


def test_a_name_with_a_line_break_is_refused(tmp_path):
    words = r"train.txt:2: image '/a\nb.jpg' has a line break in its name"
    assert words in problems(tmp_path, train=['"/a', 'b.jpg", 0, 1'])[0]


def published(folder: Path, **files: list[str]) -> Path:
    """A data folder with these text files, and the images that they name."""
    for name, rows in files.items():
        write(folder / f"{name}.txt", rows)
        for row in filter(None, rows):
            content = cv2.imencode(".jpg", noise(8, 8, seed=len(list(folder.rglob("*")))))[1].tobytes()
            write(folder / row.split(",")[0].strip("/"), content)
    return folder


TRAIN = ["/data/img3.jpg, 0, 1", "", "/data/img1.jpg, 1, 2"]
VAL = ["/data/img2.jpg, 1, 0"]
TWINS = ((1, 2), (7, 2), (8, 2))  # number and group


def test_train_and_val_become_one_dataset_of_which_val_is_held_out(tmp_path):
    folder = published(tmp_path / "flowers", train=TRAIN, val=VAL, test=["/data/img4.jpg, 0, 0"])
    dataset = read_labels(folder, TASKS)
    assert dataset.names.tolist() == ["data/img3.jpg", "data/img1.jpg", "data/img2.jpg"]
    assert dataset.ids.tolist() == [f"flowers/data/img{number}.jpg" for number in (3, 1, 2)]
    assert dataset.held_out.tolist() == [False, False, True]
    assert [dataset.place(row) for row in range(3)] == [
        f"{folder}/{end}" for end in ("train.txt:1", "train.txt:3", "val.txt:1")
    ]
    assert all(dataset.path(row).is_file() for row in range(3))
    assert len(set(dataset.group)) == 3
    np.testing.assert_array_equal(dataset.targets()["type"], [[1, 0], [0, 1], [0, 1]])
    np.testing.assert_array_equal(dataset.targets()["colour"], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert all(dataset.labelled[task.name].all() for task in TASKS)


def test_a_training_validates_on_val_txt(tmp_path):
    folder = published(tmp_path / "flowers", train=TRAIN, val=VAL)
    material = read_material(RECIPE, folder, False, tmp_path / "cache")
    assert (material.training.tolist(), material.held_out.tolist()) == ([0, 1], [2])


def test_the_same_picture_in_train_and_in_val_is_refused_unless_folds_keep_it_together(tmp_path):
    folder = published(tmp_path / "flowers", train=TRAIN, val=[*VAL, "/data/img7.jpg, 1, 2", "/data/img8.jpg, 1, 2"])
    for name in ("img7", "img8"):
        (folder / f"data/{name}.jpg").write_bytes((folder / "data/img1.jpg").read_bytes())
    message = refusal(read_material, RECIPE, folder, False, tmp_path / "cache")
    assert "2 of 3 images that the data set holds out have the same bytes as one to train on" in message
    assert f"{folder}/data/img7.jpg ({folder}/val.txt:2)" in message
    assert f"{folder}/data/img1.jpg ({folder}/train.txt:3)" in message
    assert "`competition folds`" in message
    material = read_material(replace(RECIPE, validation=0), folder, False, tmp_path / "cache")
    assert len(material.training) == 5  # where nothing is judged, nothing leaks
    rows = [f"flowers/data/img{number}.jpg,{group},{group % 2}" for number, group in ((3, 0), (2, 1), *TWINS)]
    folds = write(tmp_path / "folds.csv", ["image,group,fold", *rows])
    material = read_material(RECIPE, folder, False, tmp_path / "cache", (folds, 0))
    assert material.held_out.tolist() == [0, 1, 3, 4]


def test_an_image_that_is_missing_is_named_with_its_line(tmp_path):
    folder = published(tmp_path / "flowers", train=TRAIN, val=VAL)
    (folder / "data/img1.jpg").unlink()
    message = refusal(read_material, RECIPE, folder, False, tmp_path / "cache")
    assert f"{folder}/train.txt:3: {folder}/data/img1.jpg" in message


@pytest.mark.parametrize(
    ("there", "missing"), [("train", "no val.txt"), ("val", "no train.txt"), ("test", "no train.txt and no val.txt")]
)
def test_a_folder_without_its_lists_is_refused_with_the_way_to_make_them(tmp_path, there, missing):
    message = refusal(read_labels, published(tmp_path, **{there: VAL}), TASKS)
    assert f"{tmp_path} holds {missing};" in message
    assert "`competition lists` writes for a folder" in message


def test_a_question_may_not_be_trained_on(tmp_path):
    folder = published(tmp_path, train=TRAIN, val=VAL, test=["/data/img1.jpg"])
    assert "test.txt:1: data/img1.jpg is already in train.txt:3" in refusal(read_labels, folder, TASKS)


def test_a_submission_is_written_like_the_published_lines_and_names_with_a_comma_read_back(tmp_path):
    asked = ["/data/img1.jpg", '"/data/a,b.jpg"', '"/data/a""b.jpg"']
    questions = read_questions(write(tmp_path / "test.txt", asked), TASKS)
    given = {
        "type": np.array([[0.2, 0.8], [0, 1], [1, 0]], np.float32),
        "colour": np.array([[0.5, 0.1, 0.4], [0, 1, 0], [1, 0, 0]], np.float32),
    }
    path, beside = LAYOUTS["flowers"].write_answers(tmp_path / "mine.txt", questions, given, TASKS)
    assert path.read_text().splitlines()[0] == "/data/img1.jpg, 1, 0"
    lines = read_lines([path], TASKS)
    assert [(line.name, line.classes) for line in lines[1:]] == [("data/a,b.jpg", (1, 1)), ('data/a"b.jpg', (0, 0))]
    assert beside.read_text().splitlines()[:2] == [
        "image,type_rose,type_daisy,colour_red,colour_pink,colour_white",
        "data/img1.jpg,0.20000000,0.80000001,0.50000000,0.10000000,0.40000001",
    ]
