"""CIFAR-10 as two tasks: image folders and arrays, good and bad, what is drawn, fetched, built and written."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, write

from competition.commands.fetch import fetch
from competition.drawing import DRAWERS
from competition.drawing.cifar10 import Sample, draw, paint
from competition.images.decode import decode, read_file
from competition.layouts.cifar10 import question_files, read_labels, read_questions
from competition.layouts.registry import LAYOUTS
from competition.recipes import load_recipe
from competition.task import Task

TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
EIGHT = [name for name in TEN if name not in ("deer", "horse")]
KINDS = dict(zip(EIGHT, ["vehicle"] * 2 + ["animal"] * 4 + ["vehicle"] * 2, strict=True))


def words(dataset) -> dict[str, list[str]]:
    """The class of each image, a list a task."""
    return {t.name: [t.classes[row.index(2)] for row in dataset.codes[t.name].tolist()] for t in dataset.tasks}


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two images a class to train on, one to test; their pixels say which."""
    for number, name in enumerate(TEN):
        for split, count in (("train", 2), ("test", 1)):
            for index in range(count):
                picture = cv2.imencode(".png", np.full((32, 32, 3), 10 * number + index, np.uint8))[1]
                write(tmp_path / split / name / f"{index:04d}.png", picture.tobytes())
    return tmp_path


@pytest.fixture
def arrays(tmp_path) -> Path:
    """Five of each class in turn to train on, one to test, with labels of both shapes that Keras and others give."""
    for split, count in (("train", 50), ("test", 10)):
        np.save(tmp_path / f"x_{split}.npy", np.stack([noise(32, 32, seed) for seed in range(count)]))
    np.save(tmp_path / "y_train.npy", (np.arange(50) % 10).astype(np.uint8)[:, None])
    np.save(tmp_path / "y_test.npy", np.arange(10))
    return tmp_path


def test_of_a_folder_eight_classes_are_read_and_their_kind_is_derived(folder):
    dataset = read_labels(folder)
    assert [(task.name, task.classes) for task in dataset.tasks] == [
        ("object", tuple(EIGHT)),
        ("kind", ("animal", "vehicle")),
    ]
    expected = [name for name in EIGHT for _ in range(2)]
    assert words(dataset) == {"object": expected, "kind": [KINDS[name] for name in expected]}
    assert [str(name).split("/")[1] for name in dataset.names] == expected
    for row, name in enumerate(expected):
        assert decode(read_file(dataset.path(row)))[0, 0, 0] == 10 * TEN.index(name) + row % 2
    assert all(dataset.labelled[task.name].all() for task in dataset.tasks)


def test_of_arrays_the_same_and_the_rows_stay_those_of_the_file(arrays):
    dataset = read_labels(arrays)
    kept = [row for row in range(50) if TEN[row % 10] in EIGHT]
    assert dataset.names.tolist() == [f"x_train.npy[{row}]" for row in kept]
    assert words(dataset)["object"] == [TEN[row % 10] for row in kept]
    assert words(dataset)["kind"] == [KINDS[TEN[row % 10]] for row in kept]
    assert dataset.place(5) == f"{arrays / 'y_train.npy'}:7"  # the seventh label, of row 6
    np.testing.assert_array_equal(decode(read_file(dataset.path(5)))[..., :3], noise(32, 32, 6))


def test_questions_are_the_test_part_with_answers_where_they_are_known(folder, arrays):
    assert question_files(folder) == [folder / "test", arrays / "x_test.npy"]
    for file in question_files(folder):
        asked = read_questions(file)
        assert words(asked.images)["object"] == EIGHT
        assert asked.tasks.tolist() == ["object", "kind"] * 8
    (arrays / "y_test.npy").unlink()
    asked = read_questions(arrays / "x_test.npy")
    assert len(asked.images) == 10
    assert not asked.images.codes


def test_a_flat_folder_is_asked_without_answers(folder):
    for name in ("b.png", "a.png"):
        write(folder / "flat" / name, (folder / "test/bird/0000.png").read_bytes())
    asked = read_questions(folder / "flat")
    assert asked.names.tolist() == ["flat/a.png"] * 2 + ["flat/b.png"] * 2
    assert not asked.images.codes


def test_everything_wrong_with_a_folder_is_said_at_once(folder):
    write(folder / "train/whale/0000.png", b"")
    write(folder / "train/0000.png", b"")
    write(folder / "train/.DS_Store", b"")
    write(folder / "train/cat/0000.gif", b"")
    for path in (folder / "train/truck").iterdir():
        path.unlink()
    (folder / "train/truck").rmdir()
    for path in (folder / "train/bird").iterdir():
        path.unlink()
    message = refusal(read_labels, folder)
    assert "train/whale:1: there is no class 'whale'; allowed are airplane, automobile" in message
    assert "train:1: images outside the class folders: 1, 0000.png for example" in message
    assert "train/cat:1: 0000.gif is not read; allowed are .jpg" in message
    assert "train/bird:1: holds no image" in message
    assert "train:1: holds no folder truck" in message
    assert ".DS_Store" not in message


def test_a_folder_with_both_or_neither_is_refused(folder, arrays, tmp_path):
    assert "either train/ with a folder per class, or x_train.npy and y_train.npy; found: both" in refusal(
        read_labels, folder
    )
    (tmp_path / "empty").mkdir()
    assert "found: neither" in refusal(read_labels, tmp_path / "empty")
    assert "is not a folder" in refusal(read_labels, tmp_path / "nowhere")
    assert "holds no image" in refusal(read_questions, tmp_path / "empty")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(49) % 10, "shape (49,); for 50 images allowed are whole numbers of shape (50,) or (50, 1)"),
        (np.zeros((50, 2), int), "shape (50, 2)"),
        (np.zeros(50), "float64"),
        (np.where(np.arange(50) == 7, 10, 0), "row 7: label 10"),
        (np.where(np.arange(50) == 3, -1, 0), "row 3: label -1"),
    ],
)
def test_labels_that_do_not_fit_the_images_are_refused(arrays, labels, message):
    np.save(arrays / "y_train.npy", labels)
    found = refusal(read_labels, arrays)
    assert message in found
    assert str(arrays / "y_train.npy") in found


def test_arrays_that_are_no_pictures_or_have_no_labels_are_refused(arrays):
    np.save(arrays / "x_train.npy", np.zeros((50, 3, 32, 32), np.uint8))
    assert "shape (50, 3, 32, 32); images are uint8 (images, height, width, 3)" in refusal(read_labels, arrays)
    np.save(arrays / "x_train.npy", np.zeros((50, 32, 32, 3)))
    assert "float64" in refusal(read_labels, arrays)
    write(arrays / "x_train.npy", "no array")
    assert "x_train.npy is not a whole .npy file of numbers" in refusal(read_labels, arrays)
    (arrays / "y_train.npy").unlink()
    assert "y_train.npy is missing" in refusal(read_labels, arrays)
    assert "named x_….npy" in refusal(read_questions, arrays / "y_test.npy")


def test_other_tasks_are_refused(folder):
    assert "tasks of its own (object: airplane" in refusal(read_labels, folder, (Task("object", ("a", "b")),))


def test_what_is_written_reads_back_as_the_answers_that_were_given(folder, tmp_path):
    asked = read_questions(folder / "test")
    rng = np.random.default_rng(0)
    given = {task.name: rng.dirichlet(np.ones(len(task)), 8) for task in asked.images.tasks}
    path, beside = LAYOUTS["cifar10"].write_answers(tmp_path / "mine.csv", asked, given, asked.images.tasks)
    lines = path.read_text().splitlines()
    assert lines[0] == "image,object,kind"
    best = EIGHT[given["object"][2].argmax()], ["animal", "vehicle"][given["kind"][2].argmax()]
    assert lines[3] == f"test/bird/0000.png,{best[0]},{best[1]}"
    read = read_questions(path).images
    assert read.names.tolist() == asked.images.names.tolist()
    for task in read.tasks:
        np.testing.assert_array_equal(read.codes[task.name].argmax(axis=1), given[task.name].argmax(axis=1))
    assert beside.read_text().splitlines()[0].startswith("image,object_airplane,object_automobile")


def test_a_csv_of_answers_is_refused_with_its_lines(tmp_path):
    lines = ["a.jpg,horse,animal", "../b.jpg,cat,animal", "c.jpg,cat", "d.jpg,cat,animal", "d.jpg,dog,animal"]
    file = write(tmp_path / "a.csv", ["image,object,kind", *lines])
    message = refusal(read_questions, file)
    assert f"{file}:2: there is no object 'horse'; allowed are airplane" in message
    assert f"{file}:3: image '../b.jpg' lies outside" in message
    assert f"{file}:4: 2 cells in 'c.jpg,cat'; the header names 3 columns" in message
    assert f"{file}:6: d.jpg is already in line 5" in message
    assert "allowed is image,object,kind" in refusal(read_questions, write(file, ["a.jpg,cat,animal"]))


def test_the_layout_is_entered_everywhere():
    assert load_recipe("cifar10").layout == load_recipe("cifar10_resnet").layout == "cifar10"
    assert LAYOUTS["cifar10"].read_labels is read_labels
    assert DRAWERS["cifar10"] is draw


def test_drawn_classes_are_told_apart_by_their_outline_and_not_by_colour():
    """The nearest mean of blurred edges is right far more often than chance, the nearest mean colour is not."""
    drawn = [(kind, paint(Sample(kind, (5, 0, index)))) for kind in TEN for index in range(60)]

    def hits(features) -> float:
        values = np.array([features(picture.astype(np.float32)).ravel() for _, picture in drawn]).reshape(10, 60, -1)
        means = values[:, :40].mean(axis=1)
        distance = np.linalg.norm(values[:, 40:, None] - means, axis=-1)
        return float((distance.argmin(axis=-1) == np.arange(10)[:, None]).mean())

    def edges(picture):
        strength = sum(np.abs(cv2.Sobel(picture.max(axis=-1), cv2.CV_32F, *way)) for way in ((1, 0), (0, 1)))
        both = strength + strength[:, ::-1]  # it may be mirrored
        return cv2.GaussianBlur(both / np.linalg.norm(both), (0, 0), 1.5)

    assert hits(edges) > 0.3
    assert hits(lambda picture: picture.mean(axis=(0, 1))) < 0.2


@pytest.fixture
def keras_cifar10(monkeypatch):
    import keras

    def give(result):
        def load_data():
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)

    return give


def test_what_keras_gives_becomes_arrays_that_are_read(tmp_path, keras_cifar10):
    pictures = np.stack([noise(32, 32, seed) for seed in range(20)]).transpose(0, 3, 1, 2)
    numbers = (np.arange(20) % 10).astype(np.uint8)[:, None]
    keras_cifar10(((pictures.transpose(0, 2, 3, 1), numbers), (pictures[:10].transpose(0, 2, 3, 1), numbers[:10])))
    fetch(tmp_path / "cifar")
    assert len(read_labels(tmp_path / "cifar")) == 16
    dataset = read_questions(tmp_path / "cifar/x_test.npy").images
    assert words(dataset)["object"] == EIGHT
    np.testing.assert_array_equal(decode(read_file(dataset.path(2)))[..., :3], noise(32, 32, 2))
    assert "not an empty folder" in refusal(fetch, tmp_path / "cifar")


def test_after_ctrl_c_nothing_is_left_that_the_next_fetch_would_refuse(tmp_path, keras_cifar10, monkeypatch):
    part = np.stack([noise(32, 32, seed) for seed in range(10)]), np.arange(10, dtype=np.uint8)[:, None]
    keras_cifar10((part, part))
    save, turns = np.save, iter(range(4))

    def interrupted(*arguments, **options):
        if next(turns) == 2:
            raise KeyboardInterrupt
        save(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(np, "save", interrupted)
        fetch(tmp_path / "cifar")
    assert [*tmp_path.iterdir()] == []
    fetch(tmp_path / "cifar")
    assert len(read_labels(tmp_path / "cifar")) == 8


def test_without_a_connection_the_user_is_told_what_to_do(tmp_path, keras_cifar10):
    keras_cifar10(Exception("URL fetch failure"))
    message = refusal(fetch, tmp_path / "cifar")
    assert "could not be downloaded (URL fetch failure)" in message
    assert "competition draw DIR --recipe cifar10" in message
    assert not (tmp_path / "cifar").exists()


def test_the_published_network_has_exactly_its_parameters():
    from competition.model.network import build_network

    network = build_network(load_recipe("cifar10"))
    assert network.count_params() == 13_532_590
    assert network.get_layer("object").input.shape == (None, 128)
    assert network.get_layer("kind").input.shape == (None, 100)


def test_the_residual_network_halves_the_side_three_times_and_learns_at_another_size():
    from competition.model.network import backbone_of, build_network

    for size, side in ((32, 4), (64, 8)):
        network = build_network(replace(load_recipe("cifar10_resnet"), image_size=size))
        assert backbone_of(network).output.shape == (None, side, side, 256)
        assert network.count_params() == 1_648_362
