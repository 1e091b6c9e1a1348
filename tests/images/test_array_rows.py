"""Images that are rows of an array on the disk are checked, read and refused like files."""

import os
from pathlib import Path

import numpy as np
import pytest

from competition.data.check_images import inspect
from competition.dataset import one_row_an_image
from competition.images.cache import Pictures
from competition.images.decode import ROW, BadImage, decode, read_file
from competition.recipe import Recipe


@pytest.fixture
def pictures_file(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", rng.integers(0, 256, (5, 12, 10, 3), np.uint8))
    return tmp_path / "images.npy"


def row(file: Path, number: int) -> Path:
    return file.with_name(f"{file.name}[{number}]")


def test_a_row_of_an_array_is_the_picture_that_stands_there(pictures_file):
    expected = np.load(pictures_file)
    for number in (0, 4):
        found = decode(read_file(row(pictures_file, number)))
        np.testing.assert_array_equal(found[..., :3], expected[number])
        assert (found[..., 3] == 255).all()


def test_rows_are_inspected_like_files_and_again_when_the_array_changes(pictures_file, tmp_path):
    names = [f"images.npy[{number}]" for number in range(6)]
    dataset = one_row_an_image((), tmp_path / "labels.npy", tmp_path, names, {})
    first = inspect(dataset, tmp_path / "cache")
    assert len(set(first.digests[:5])) == 5
    assert "only 5 rows" in str(first.problems[5])
    assert first.problems[5].line == 6
    np.save(tmp_path / "others.npy", np.load(pictures_file)[::-1])
    (tmp_path / "others.npy").replace(pictures_file)
    os.utime(pictures_file, (1, 1))
    assert inspect(dataset, tmp_path / "cache").digests[:5] == first.digests[4::-1]


def test_the_network_sees_a_row_as_it_sees_a_file(pictures_file, tmp_path):
    dataset = one_row_an_image((), tmp_path / "labels.npy", tmp_path, ["images.npy[2]"], {})
    found = Pictures(dataset, Recipe("any", image_size=16))[0]
    np.testing.assert_array_equal(found[..., :3], np.load(pictures_file)[2])


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), "float32"),
        (np.zeros((2, 8, 8), np.uint8), "(2, 8, 8)"),
        (np.zeros((2, 8, 8, 4), np.uint8), "(2, 8, 8, 4)"),
    ],
)
def test_an_array_of_another_kind_is_no_image(array, words, tmp_path):
    np.save(tmp_path / "images.npy", array)
    with pytest.raises(BadImage, match="images are uint8") as error:
        read_file(tmp_path / "images.npy[0]")
    assert words in str(error.value)


def test_what_is_no_array_or_not_there_is_refused(tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    for name, words in (("text.npy[0]", "is not a whole .npy file of numbers"), ("none.npy[0]", "No such file")):
        with pytest.raises(BadImage, match=words):
            read_file(tmp_path / name)
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(BadImage, match="is not a whole"):
        read_file(tmp_path / "objects.npy[0]")


def test_once_an_array_is_open_no_header_is_parsed_for_its_rows(pictures_file, monkeypatch):
    """Loader threads read rows at the same time, and Python 3.11 cannot parse a header in two threads at once."""
    read_file(row(pictures_file, 0))

    def parsed(*_):
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr("ast.literal_eval", parsed)
    found = decode(read_file(row(pictures_file, 3)))
    assert found.shape == (12, 10, 4)


@pytest.mark.parametrize("rest", [b"", b"\0" * 8, bytes(np.array([1, 1], np.uint32)) + b"abc"])
def test_a_file_that_begins_like_a_row_is_no_image(rest, tmp_path):
    (tmp_path / "a.png").write_bytes(ROW + rest)
    with pytest.raises(BadImage, match="not an image, or cut short"):
        decode(read_file(tmp_path / "a.png"))
