"""A folder of images, a folder per class in it: read, asked, answered, and refused."""

from pathlib import Path

import numpy as np
import pytest
from helpers import letter_codes, refusal, write

from competition.layouts.folder import question_files, read_labels, read_questions
from competition.layouts.registry import LAYOUTS
from competition.task import Task

KIND = Task("class", ("cat", "dog"))


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        write(folder / name, b"not looked at")
    return folder


@pytest.mark.parametrize("part", ["", "train/"])
def test_a_folder_is_a_class_by_the_alphabet(tmp_path, part):
    fill(
        tmp_path,
        *(part + name for name in ("dog/b.jpg", "dog/a.PNG", "cat/a.webp", "cat/.hidden.jpg", "dog/notes.txt")),
    )
    fill(tmp_path, "test/q.jpg", ".git/x.jpg", "__MACOSX/cat/a.jpg")
    dataset = read_labels(tmp_path)
    assert dataset.tasks == (KIND,)
    assert list(dataset.names) == ["cat/a.webp", "dog/a.PNG", "dog/b.jpg"]
    assert dataset.path(2) == tmp_path / part / "dog/b.jpg"
    np.testing.assert_array_equal(dataset.codes["class"], letter_codes("yn", "ny", "ny"))
    assert dataset.labelled["class"].all()
    assert len(set(dataset.group)) == 3
    assert not dataset.held_out.any()


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_what_the_folder_keeps_for_validation_is_held_out(tmp_path, name):
    fill(tmp_path, "train/cat/a.jpg", "train/dog/a.jpg", f"{name}/dog/a.jpg")
    dataset = read_labels(tmp_path)
    assert [str(dataset.path(row).relative_to(tmp_path)) for row in range(3)] == [
        "train/cat/a.jpg", "train/dog/a.jpg", f"{name}/dog/a.jpg"
    ]  # fmt: skip
    assert list(dataset.held_out) == [False, False, True]
    assert len(set(dataset.ids)) == 3


def test_the_recipe_names_the_task_and_the_order_of_its_classes(tmp_path):
    fill(tmp_path, "cat/a.jpg", "dog/a.jpg")
    animal = Task("animal", ("dog", "cat", "cow"))
    dataset = read_labels(tmp_path, (animal,))
    np.testing.assert_array_equal(dataset.codes["animal"], letter_codes("ynn", "nyn"))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["cat/a.jpg", "dog/a.txt"], "dog:1: holds no image"),
        (["cat/a.jpg", "dog/a.jpg", "dog/inner/b.jpg"], "dog:1: holds a folder, inner"),
        (["cat/a.jpg", "dog/a.jpg", "cat/b.GIF"], "cat:1: b.GIF is not read; allowed are .jpg"),
        (["cat/a.jpg"], "holds one folder of images, cat"),
        (["a.jpg"], "holds no folders of images"),
        (["cat/a.jpg", "dog/a.jpg", "b.jpg", "c.jpg"], ":1: images outside the class folders: 2, b.jpg for example"),
        (["cat/a.jpg", "dog/a.jpg", "b.gif"], ":1: b.gif is not read"),
        (["train/cat/a.jpg", "train/dog/a.jpg", "train/b.jpg"], "train:1: images outside the class folders: 1"),
        (
            ["train/cat/a.jpg", "train/dog/a.jpg", "val/cat/a.jpg", "val/b.jpg"],
            "val:1: images outside the class folders: 1",
        ),
        (["train/cat/a.jpg", "train/dog/a.jpg", "b.jpg"], ":1: images outside the class folders: 1"),
        (
            ["train/cat/a.jpg", "train/dog/a.jpg", "more/cat/b.jpg"],
            "more:1: lies beside train/, where only val/ and test/",
        ),
        (["train/cat/a.jpg", "train/dog/a.jpg", "val/cow/a.jpg"], "there is no class 'cow'; allowed are cat, dog"),
    ],
)
def test_folders_that_cannot_be_classes_are_refused(tmp_path, names, words):
    assert words in refusal(read_labels, fill(tmp_path, *names))


def test_tasks_that_a_folder_cannot_answer_are_refused(tmp_path):
    fill(tmp_path, "cat/a.jpg", "dog/a.jpg", "cow/a.jpg")
    assert "cow:1: there is no class 'cow'" in refusal(read_labels, tmp_path, (KIND,))
    multilabel = Task("class", KIND.classes, "multilabel")
    assert "class (multilabel)" in refusal(read_labels, tmp_path, (multilabel,))
    assert "not a folder" in refusal(read_labels, tmp_path / "cat/a.jpg", (KIND,))


def test_questions_are_the_images_of_test(tmp_path):
    assert question_files(tmp_path) == []
    assert question_files(tmp_path / "gone") == []  # as where the images of a run were moved
    fill(tmp_path, "test/b.jpg", "test/a.png")
    assert question_files(tmp_path) == [tmp_path / "test"]
    asked = read_questions(tmp_path / "test", (KIND,))
    assert list(asked.names) == ["a.png", "b.jpg"]
    assert asked.images.path(0) == tmp_path / "test/a.png"
    assert asked.images.codes == {}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["notes.txt"], "holds no image"),
        (["a.bmp", "b.jpg"], "a.bmp is not read"),
        (["cow/a.jpg"], "there is no class 'cow'"),
        (["a.jpg", "cat/a.jpg"], "images outside the class folders: 1, a.jpg for example"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(tmp_path, names, words):
    assert words in refusal(read_questions, fill(tmp_path, *names), (KIND,))


def test_a_submission_names_the_class_of_each_image(tmp_path):
    asked = read_questions(fill(tmp_path / "test", "b.jpg", "a.png"), (KIND,))
    given = {"class": np.array([[0.25, 0.75], [0.5, 0.5]])}
    written, probabilities = LAYOUTS["folder"].write_answers(tmp_path / "out.csv", asked, given, (KIND,))
    assert written.read_text() == "image,class\na.png,dog\nb.jpg,cat\n"
    assert probabilities.read_text().splitlines()[1] == "a.png,0.25000000,0.75000000"
