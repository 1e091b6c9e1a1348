"""Arrays as a data set: what is read, that images stay on the disk, and which files are refused with which words."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write

from competition.dataset import NO, YES, ask_everything, one_row_an_image
from competition.layouts.arrays import question_files, read_labels, read_questions
from competition.layouts.registry import LAYOUTS
from competition.task import Task

STYLE = Task("style", ("flat", "dots", "rows"))


def one_hot(numbers: list[int], classes: int) -> np.ndarray:
    return np.array([[int(k == number) for k in range(classes)] for number in numbers], np.uint8)


def pictures(count: int, side: int = 8) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, side, side, 3), np.uint8)


def save(folder: Path, **arrays: np.ndarray) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return folder


@pytest.fixture
def data(tmp_path) -> Path:
    """Three images to train on, two held out, two to answer with known styles."""
    return save(
        tmp_path / "data",
        train_images=pictures(3),
        train_style=one_hot([2, 0, 1], 3),
        train_genre=np.array([1, 0, 3]),
        val_images=pictures(2),
        val_style=one_hot([1, 1], 3),
        val_genre=np.array([2, 0]),
        test_images=pictures(2),
        test_style=one_hot([0, 2], 3),
    )


def test_a_file_whose_name_has_its_accents_apart_is_of_the_same_task(tmp_path):
    task = Task("\N{LATIN SMALL LETTER E WITH ACUTE}tat", ("a", "b"))
    apart = {"train_e\N{COMBINING ACUTE ACCENT}tat": np.array([1, 0])}
    for tasks in ((), (task,)):
        dataset = read_labels(save(tmp_path / "data", train_images=pictures(2), **apart), tasks)
        assert (dataset.codes[task.name] == YES).argmax(axis=1).tolist() == [1, 0]


def test_one_hot_rows_and_class_numbers_become_the_same_letters(data):
    dataset = read_labels(data, ())
    assert [task.name for task in dataset.tasks] == ["genre", "style"]
    assert [len(task) for task in dataset.tasks] == [4, 3]
    assert (dataset.codes["style"] == YES).argmax(axis=1).tolist() == [2, 0, 1, 1, 1]
    assert (dataset.codes["genre"] == YES).argmax(axis=1).tolist() == [1, 0, 3, 2, 0]
    for codes in dataset.codes.values():
        assert ((codes == YES).sum(axis=1) == 1).all()
        assert ((codes == NO).sum(axis=1) == codes.shape[1] - 1).all()
    assert all(present.all() for present in dataset.labelled.values())


@pytest.mark.parametrize(
    "labels",
    [
        one_hot([2, 0, 1], 3).astype(np.float32),
        one_hot([2, 0, 1], 3).astype(bool),
        np.array([2, 0, 1], np.int8),
        np.array([[2], [0], [1]]),
    ],
    ids=["floats", "bools", "numbers", "column"],
)
def test_labels_may_be_of_any_numeric_type(labels, data):
    save(data, train_style=labels)
    assert (read_labels(data, ()).codes["style"][:3] == YES).argmax(axis=1).tolist() == [2, 0, 1]


def test_without_val_nothing_is_held_out(data):
    for file in data.glob("val_*"):
        file.unlink()
    dataset = read_labels(data, ())
    assert len(dataset) == 3
    assert not dataset.held_out.any()


def test_classes_csv_names_the_classes_and_orders_the_tasks(data):
    write(data / "classes.csv", ["style,flat,dots,rows", "genre,a,b,c,d"])
    assert read_labels(data, ()).tasks == (STYLE, Task("genre", ("a", "b", "c", "d")))


def test_a_classes_csv_beside_the_questions_must_agree_with_the_tasks_that_are_asked(data):
    tasks = read_labels(data, ()).tasks
    write(data / "classes.csv", ["style,flat,dots,rows"])
    assert "does not agree with the recipe" in refusal(read_questions, *question_files(data), tasks)


def test_a_multilabel_task_takes_any_number_of_ones(data):
    save(data, train_style=np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1]]))
    tasks = (Task("style", STYLE.classes, "multilabel"), Task("genre", tuple("abcd")))
    assert (read_labels(data, tasks).codes["style"][:3] == YES).tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]


GOOD = pictures(3)
STYLES = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
BAD_FILES = {
    "lengths": ({"train_style": np.eye(2)}, ["train_style.npy: 2 labels, but train_images.npy has 3 images"]),
    "shapes": ({"val_images": pictures(2, 6)}, ["val_images.npy: images of shape (6, 6, 3)", "are (8, 8, 3)"]),
    "floats": ({"train_images": GOOD / 255}, ["train_images.npy: float64 of shape (3, 8, 8, 3)", "(255 * images)"]),
    "grey": ({"train_images": GOOD[..., 0]}, ["uint8 of shape (3, 8, 8)", "uint8 (images, height, width, 3)"]),
    "no images": ({"train_images": GOOD[:0]}, ["uint8 of shape (0, 8, 8, 3)"]),
    "two ones": ({"train_style": [[1, 0, 1], *STYLES[1:]]}, ["style.npy[0]: 1 in column 0, 1 in column 2; allowed is"]),
    "no one": ({"train_style": [*STYLES[:2], [0, 0, 0]]}, ["train_style.npy[2]: only 0; allowed is a single 1"]),
    "a two": ({"train_style": [[0, 2, 0], *STYLES[1:]]}, ["train_style.npy[0]: 2 in column 1"]),
    "a half": ({"train_style": [[0.5, 0.5, 0], *STYLES[1:]]}, ["train_style.npy[0]: 0.5 in column 0"]),
    "nan": ({"train_style": [*STYLES[:2], [np.nan, 0, 0]]}, ["train_style.npy[2]: nan in column 0"]),
    "float numbers": ({"train_genre": [1.0, 0, 2]}, ["train_genre.npy: float64 of shape (3,)", "whole numbers"]),
    "a cube": ({"train_genre": np.zeros((3, 2, 2), int)}, ["train_genre.npy: int64 of shape (3, 2, 2)"]),
    "negative": ({"train_genre": [1, -1, 2]}, ["train_genre.npy[1]: class -1; genre has the classes 0 to 2"]),
    "a column more": ({"val_style": np.eye(4)[:2]}, ["val_style.npy: 4 columns, but style has 3 classes"]),
    "a task more": (
        {"train_mood": [0, 1, 0]},
        ["val_mood.npy is missing; each part (train, val) needs the labels of every task"],
    ),
}


@pytest.mark.parametrize(("arrays", "words"), BAD_FILES.values(), ids=BAD_FILES)
def test_arrays_that_do_not_fit_are_refused(arrays, words, data):
    message = refusal(read_labels, save(data, **arrays), ())
    for word in words:
        assert word in message


def test_files_that_are_missing_or_no_arrays_are_refused(data):
    write(data / "train_genre.npy", "no array")
    assert "train_genre.npy is not a whole .npy file of numbers" in refusal(read_labels, data, ())
    write(data / "train_genre.npy", (data / "train_style.npy").read_bytes()[:-1])
    assert "train_genre.npy is not a whole .npy file" in refusal(read_labels, data, ())
    np.save(data / "train_genre.npy", np.array([{}, {}, {}]), allow_pickle=True)
    assert "train_genre.npy is not a whole .npy file of numbers" in refusal(read_labels, data, ())
    (data / "train_genre.npy").unlink()
    assert "train_genre.npy is missing; each part" in refusal(read_labels, data, ())
    (data / "val_images.npy").unlink()
    assert "val_images.npy cannot be read: No such file" in refusal(read_labels, data, ())
    (data / "train_images.npy").unlink()
    assert "train_images.npy cannot be read: No such file" in refusal(read_labels, data, ())
    assert question_files(data / "elsewhere") == []


def test_a_data_set_without_labels_and_a_task_without_a_file_are_refused(data):
    assert "train_mood.npy is missing" in refusal(
        read_labels, data, (STYLE, Task("genre", tuple("abcd")), Task("mood", ("a", "b")))
    )
    assert "there is no task 'genre'; allowed are style" in refusal(read_labels, data, (STYLE,))
    assert "there is no task 'style'" in refusal(
        read_questions, data / "test_images.npy", (Task("genre", tuple("abcd")),)
    )
    for file in data.glob("*_[gs]*.npy"):
        file.unlink()
    assert "there is no file of labels at all" in refusal(read_labels, data, ())


READ_IT = """
import resource
import sys
from pathlib import Path
from competition.layouts.arrays import read_labels
from competition.images.decode import decode, read_file

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)

before = most()
dataset = read_labels(Path(sys.argv[1]), ())
for row in range(0, len(dataset), 200):
    decode(read_file(dataset.path(row)))
print(len(dataset), most() - before)
"""


def test_answers_go_into_the_file_that_is_named_whatever_its_ending(tmp_path):
    task = Task("style", ("a", "b"))
    images = one_row_an_image((task,), tmp_path / "test_images.npy", tmp_path, ["test_images.npy[0]"], {})
    asked, given = ask_everything(tmp_path / "test_images.npy", images), {"style": np.array([[0.2, 0.8]])}
    path, _ = LAYOUTS["arrays"].write_answers(tmp_path / "out.dat", asked, given, (task,))
    with np.load(path) as arrays:
        assert arrays["style"].tolist() == [[0, 1]]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out-probabilities.csv", "out.dat"]


def test_images_are_never_loaded_whole(tmp_path):
    """Of 1.2 GB of images, every two-hundredth read, a process never holds more than 0.2 GB, also not for a moment."""
    count, side = 100_000, 64
    shape = (count, side, side, 3)
    images = np.lib.format.open_memmap(tmp_path / "train_images.npy", "w+", np.uint8, shape)
    images[-1] = 7  # the file is sparse: zeros take no room
    del images
    save(tmp_path, train_style=np.arange(count) % 3)
    assert (tmp_path / "train_images.npy").stat().st_size > 1.2 * 10**9
    command = [sys.executable, "-c", READ_IT, str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, kilobytes = map(int, printed.split())
    assert rows == count
    assert kilobytes < 200_000
