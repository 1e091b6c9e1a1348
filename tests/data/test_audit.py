"""What an audit finds, against data sets whose contents are written down here."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ABSENT, make_dataset, write
from small_data import TINY, write_data

from competition.data.audit import audit_data, count_classes, count_formats, labelled_together, labels_an_image
from competition.dataset import MAYBE, Dataset
from competition.images.header import Header, read_header


def some_labels() -> Dataset:
    return make_dataset({"colour": [0, 0, 1, ABSENT], "shade": [ABSENT, 0, ABSENT, ABSENT]})


def test_classes_are_counted_with_their_share_of_the_labelled_images():
    dataset = some_labels()
    dataset.codes["colour"][2, 0] = MAYBE
    table = count_classes(dataset)
    assert [tuple(row) for row in table.itertuples(index=False)] == [
        ("colour", "c0", 2, 1, pytest.approx(2 / 3)),
        ("colour", "c1", 1, 0, pytest.approx(1 / 3)),
        ("shade", "c0", 1, 0, 1),
        ("shade", "c1", 0, 0, 0),
    ]


def test_tasks_that_occur_together_and_labels_an_image():
    dataset = some_labels()
    assert labelled_together(dataset).tolist() == [[3, 1], [1, 1]]
    assert labels_an_image(dataset).tolist() == [1, 2, 1]  # none of them, one, both


def test_formats_come_with_the_range_of_their_sides():
    table = count_formats([Header("PNG", 10, 20), Header("JPEG", 40, 30), Header("JPEG", 60, 50)])
    rows = table.set_index("format").T.to_dict()
    assert list(rows) == ["JPEG", "PNG"]
    assert rows["JPEG"] == {
        "images": 2,
        "smallest_shorter": 30,
        "smallest_longer": 40,
        "median_shorter": 40,
        "median_longer": 50,
        "largest_shorter": 50,
        "largest_longer": 60,
    }


@pytest.fixture
def data(tmp_path) -> Path:
    return write_data(tmp_path / "data", images=12, questions=3)


def test_an_audit_goes_on_where_images_are_broken_or_equal(data, tmp_path):
    images = data / "base/Images"
    (images / "001.jpg").write_bytes(b"no image")
    (images / "004.jpg").unlink()
    (images / "003.jpg").write_bytes((images / "000.jpg").read_bytes())
    audit = audit_data(TINY, data, tmp_path / "cache")
    assert [(problem.line, "no such file" in problem.text) for problem in audit.broken] == [(2, False), (5, True)]
    assert len(audit.dataset) == 12 and len(audit.readable) == len(audit.headers) == 10
    assert [leak.exact for leak in audit.leaks].count(True) == 1
    assert set(audit.headers) == {Header("JPEG", 40, 48)}


def test_labels_of_equal_files_that_contradict_each_other_are_named(data, tmp_path):
    labels = (data / "base/Annotations/label.csv").read_text().splitlines()
    answer = labels[0].split(",")[2]
    other = {"ynn": "nyn", "nyn": "nny", "nny": "ynn"}[answer]
    labels[3] = ",".join([*labels[3].split(",")[:2], other])
    write(data / "base/Annotations/label.csv", "\n".join(labels) + "\n")
    (data / "base/Images/003.jpg").write_bytes((data / "base/Images/000.jpg").read_bytes())
    [found] = audit_data(TINY, data, tmp_path / "cache").contradictions
    assert (found.line, "Images/000.jpg" in found.text) == (4, True)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_the_header_of_a_file_is_what_it_holds_whatever_its_name(ending, tmp_path):
    content = cv2.imencode(f".{ending}", np.zeros((7, 9, 3), np.uint8))[1].tobytes()
    path = write(tmp_path / "picture.jpg", content)
    assert read_header(path) == Header({"jpg": "JPEG"}.get(ending, ending.upper()), 7, 9)


def test_the_header_of_a_row_of_an_array(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((3, 5, 6, 3), np.uint8))
    assert read_header(tmp_path / "images.npy[1]") == Header("array", 5, 6)
