"""Looking at every image before training: what is bad, what is the same, and what need not be read again."""

import hashlib
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ABSENT, make_dataset, noise, refusal, write

from competition.data.check_images import contradictions, drop_bad_images, inspect
from competition.layouts.fashionai import read_label_files
from competition.task import Task

NAMES = ("a.png", "copy.png", "b.png", "c.png")


def png(seed: int) -> bytes:
    return cv2.imencode(".png", noise(8, 8, seed))[1].tobytes()


@pytest.fixture
def folder(tmp_path) -> Path:
    """base/ with four images, of which the first two have the same bytes."""
    for name, seed in zip(NAMES, (1, 1, 2, 3), strict=True):
        write(tmp_path / "base" / name, png(seed))
    write(tmp_path / "base/Annotations/label.csv", [f"{name},size,yn" for name in NAMES])
    return tmp_path


@pytest.fixture
def look(folder):
    return lambda: inspect(read_label_files([folder / "base/Annotations/label.csv"]), folder / "cache")


def spoil(path: Path, later: int = 0, longer: int = 0) -> None:
    """Replace the content by zeros, `longer` and `later` by so many bytes and seconds than the old content."""
    status = path.stat()
    path.write_bytes(bytes(status.st_size + longer))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + later * 10**9))


def test_good_images_have_the_digest_of_their_bytes(folder, look):
    inspection = look()
    assert inspection.digests == [hashlib.sha256((folder / "base" / name).read_bytes()).hexdigest() for name in NAMES]
    assert inspection.good.all()
    assert not inspection.problems


def test_bad_images_are_listed_with_the_line_that_names_them(folder, look):
    (folder / "base/a.png").unlink()
    write(folder / "base/b.png", png(2)[:-30])
    inspection = look()
    np.testing.assert_array_equal(inspection.good, [False, True, False, True])
    labels = folder / "base/Annotations/label.csv"
    assert [str(problem).partition(" (")[0] for _, problem in sorted(inspection.problems.items())] == [
        f"{labels}:1: {folder / 'base/a.png'}: there is no such file",
        f"{labels}:3: {folder / 'base/b.png'}: not an image, or cut short; allowed are whole JPEG, PNG and WebP files",
    ]


def test_an_image_seen_whole_is_not_read_again_while_size_and_time_stay(folder, look):
    before = look()
    spoil(folder / "base/b.png")
    assert look().digests == before.digests


@pytest.mark.parametrize("change", [lambda path: spoil(path, later=1), lambda path: spoil(path, longer=1), Path.unlink])
def test_an_image_that_changed_or_vanished_is_noticed(folder, look, change):
    look()
    change(folder / "base/b.png")
    assert list(look().problems) == [2]


def test_bad_images_are_not_remembered(folder, look):
    path = folder / "base/b.png"
    good = path.read_bytes()
    spoil(path)
    stamp = path.stat().st_mtime_ns
    assert list(look().problems) == [2]
    assert list(look().problems) == [2]
    path.write_bytes(good)
    os.utime(path, ns=(stamp, stamp))
    assert not look().problems


def test_the_memory_is_one_whole_file_for_all_data_sets(folder, look):
    look()
    assert {path.name for path in (folder / "cache").iterdir()} == {".images.json.lock", "images.json"}
    first = json.loads((folder / "cache/images.json").read_text())
    assert first.keys() == {str(folder / "base" / name) for name in NAMES}
    write(folder / "web/d.png", png(4))
    web = read_label_files([write(folder / "web/Annotations/label.csv", ["d.png,size,yn"])])
    assert inspect(web, folder / "cache").good.all()
    assert json.loads((folder / "cache/images.json").read_text()).keys() == {*first, str(folder / "web/d.png")}


@pytest.mark.parametrize("content", ["", '{"/a.png": [1, 2', "[]"])
def test_a_spoilt_memory_is_forgotten_and_not_fatal(folder, look, content):
    write(folder / "cache/images.json", content)
    assert look().good.all()


def test_images_with_the_same_bytes_are_one_group(look, folder):
    dataset, digests = drop_bad_images(read_label_files([folder / "base/Annotations/label.csv"]), look(), skip=False)
    assert len(digests) == len(dataset) == 4
    assert dataset.group[0] == dataset.group[1]
    assert len(set(dataset.group)) == 3


def contradicting(folder: Path, look, *letters: str, classes: tuple[str, ...] = ("small", "large")) -> list[str]:
    """What is said of the four images, of which the first two are the same, with these letters; "" is no label."""
    labels = folder / "base/Annotations/label.csv"
    given = [(name, one) for name, one in zip(NAMES, letters, strict=True) if one]
    write(labels, [f"{name},size_labels,{one}" for name, one in given])
    dataset = read_label_files([labels], (Task("size", classes),))
    return [str(one) for one in contradictions(drop_bad_images(dataset, look(), skip=False)[0])]


def test_files_with_the_same_bytes_and_other_labels_are_named_with_both_lines_and_values(folder, look):
    labels = folder / "base/Annotations/label.csv"
    assert contradicting(folder, look, "yn", "ny", "ny", "yn") == [
        f"{labels}:2: size: copy.png is large, but a.png is small ({labels}:1)"
    ]
    assert contradicting(folder, look, "nmy", "nny", "mny", "nny", classes=("s", "m", "l")) == [
        f"{labels}:2: size: copy.png is l, but a.png is m? + l ({labels}:1)"
    ]


def test_equal_labels_and_absent_ones_contradict_nothing(folder, look):
    assert contradicting(folder, look, "yn", "yn", "ny", "ny") == []
    assert contradicting(folder, look, "", "ny", "yn", "yn") == []


def test_every_copy_is_compared_with_the_first_that_is_labelled_for_the_task():
    dataset = make_dataset({"size": [ABSENT, 1, 0, 1, 0], "hue": [2, 0, ABSENT, 1, 1]}, group=[7, 7, 7, 7, 3])
    said = [(one.line, one.text.split(" (")[0]) for one in contradictions(dataset)]
    assert said == [
        (2, "hue: 1.png is c0, but 0.png is c2"),
        (3, "size: 2.png is c0, but 1.png is c1"),
        (4, "hue: 3.png is c1, but 0.png is c2"),
    ]


@pytest.mark.parametrize("digest", ["../../elsewhere", "", 7, None])
def test_digests_that_are_none_are_found_again(folder, look, digest):
    """Caches name files after them."""
    wanted = look().digests
    file = folder / "cache/images.json"
    entries = {path: [*stamp, digest] for path, (*stamp, _) in json.loads(file.read_text()).items()}
    write(file, json.dumps(entries))
    assert look().digests == wanted


def test_bad_images_stop_a_training_unless_it_may_skip_them(folder, look):
    (folder / "base/copy.png").unlink()
    inspection, dataset = look(), read_label_files([folder / "base/Annotations/label.csv"])
    message = refusal(drop_bad_images, dataset, inspection, False)
    assert message.startswith("1 of 4 images cannot be used")
    assert "--skip-bad-images" in message
    assert f"label.csv:2: {folder / 'base/copy.png'}: there is no such file" in message
    kept, digests = drop_bad_images(dataset, inspection, skip=True)
    assert list(kept.names) == ["a.png", "b.png", "c.png"]
    assert digests == [inspection.digests[row] for row in (0, 2, 3)]
    assert len(set(kept.group)) == 3


def test_nothing_is_left_where_every_image_is_bad(folder, look):
    for name in NAMES:
        (folder / "base" / name).unlink()
    message = refusal(drop_bad_images, read_label_files([folder / "base/Annotations/label.csv"]), look(), True)
    assert "every single one is bad" in message
    assert len(message.splitlines()) == 5
