"""Spoilt arrays, predictions and tensors: each is opened, or refused with the name of the file."""

import io

import numpy as np
from helpers import write
from hostile import bounded, folder, read_or_refused, spoilt
from hypothesis import given
from hypothesis import strategies as st
from predicted import at_random

from competition.images.arrays import open_array, open_pictures
from competition.layouts import arrays
from competition.run import Run
from competition.scoring.predictions import HELD_OUT, read_predictions, views_of

NPY_WORDS = (
    *(
        b"'|O'",
        b"'<f8'",
        b"'<U9'",
        b"'|V99999999'",
        b"'<M8[ns]'",
        b"True",
        b"(4, 8, 8, 3)",
        b"(99999999999, 8, 8, 3)",
        b"(-1,)",
        b"()",
    ),
    *(
        b"(" * 300,
        b"[('a', '<f8')]",
        b"'shape'",
        b"'descr'",
        b", ",
        b"}",
        b"{",
        b"9" * 5000,
        b"\x02\0",
        b"\x03\0",
        b"\xff\xff",
        b"1e9",
        b"\0",
    ),
)


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


IMAGES = npy(np.zeros((4, 8, 8, 3), np.uint8))
LABELS = [
    npy(np.array([0, 1, 2, 1])),
    npy(np.eye(4, 3, dtype=np.uint8)),
    npy(np.asfortranarray(np.eye(4, 3))),
    npy(np.arange(4.0)),
]


@given(spoilt(IMAGES[:140] + b"", [], NPY_WORDS))
def test_a_spoilt_array_of_images_is_opened_or_refused(content):
    with folder() as home:
        pictures = read_or_refused(home, open_pictures, write(home / "train_images.npy", content + bytes(760)))
        if pictures is not None:
            with bounded():
                assert pictures[len(pictures) - 1].tobytes() is not None


@given(st.data())
def test_spoilt_labels_beside_images_are_read_or_refused(data):
    with folder() as home:
        write(home / "train_images.npy", IMAGES)
        content = data.draw(spoilt(data.draw(st.sampled_from(LABELS)), LABELS, NPY_WORDS))
        write(home / "train_kind.npy", content)
        read_or_refused(home, arrays.read_labels, home, ())
        read_or_refused(home, open_array, home / "train_kind.npy")


def predictions() -> bytes:
    with folder() as home:
        home.mkdir()
        one = at_random(0, count=12)
        one.write(Run(home), HELD_OUT, {"flip": one.probabilities})
        return (home / HELD_OUT).read_bytes()


PREDICTIONS = predictions()
MEMBERS = dict(np.load(io.BytesIO(PREDICTIONS)).items())


@given(spoilt(PREDICTIONS))
def test_a_spoilt_file_of_predictions_is_read_or_refused(content):
    with folder() as home:
        write(home / HELD_OUT, content)
        read_or_refused(home, views_of, Run(home))
        read_or_refused(home, read_predictions, Run(home))


@given(st.data())
def test_predictions_with_a_spoilt_array_are_read_or_refused(data):
    import zipfile

    content, name = io.BytesIO(), data.draw(st.sampled_from([*MEMBERS]))
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, array in MEMBERS.items():
            whole = npy(array)
            archive.writestr(f"{member}.npy", data.draw(spoilt(whole, [], NPY_WORDS)) if member == name else whole)
    with folder() as home:
        write(home / HELD_OUT, content.getvalue())
        found = read_or_refused(home, read_predictions, Run(home))
        if found is not None:
            with bounded():
                found.score()
