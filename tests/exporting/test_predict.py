"""The exported script: how it reads pictures, and what it makes of the answers of networks, with a runtime by hand."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from runpy import run_path

import cv2
import numpy as np
import pytest
from helpers import write
from pictures_of_all_kinds import write_pictures

import competition.exporting
from competition.images.decode import decode, read_file
from competition.images.warp import halvings, shrink, square

SCRIPT = Path(competition.exporting.__file__).with_name("predict.py")
SIZE = 32
LABELS = {
    "image_size": SIZE,
    "aspect": "stretch",
    "tasks": [
        {"name": "größe", "output": "xn--gre", "kind": "multiclass", "classes": ["klein", "groß, breit"]},
        {"name": "tags", "output": "tags", "kind": "multilabel", "classes": ["wet", "big", "red"]},
    ],
}
RUNTIME = """
import numpy as np

class InferenceSession:
    '''Answers as its file says, tags first; the first probability is how light the picture is.'''
    def __init__(self, file):
        self.tags = np.loadtxt(file)

    def get_outputs(self):
        return [type("Output", (), {"name": name}) for name in ("tags", "xn--gre")]

    def run(self, names, given):
        image = given["image"]
        assert image.shape == (1, 32, 32, 3) and image.dtype == np.uint8 and names == ["tags", "xn--gre"]
        light = image.mean() / 255
        return [np.float32([self.tags]), np.float32([[light, 1 - light]])]
"""


@pytest.fixture
def script(tmp_path) -> Path:
    """predict.py and labels.json in a folder, and two networks in a format whose runtime is RUNTIME."""
    folder = tmp_path / "exported"
    write(folder / "labels.json", json.dumps(LABELS, ensure_ascii=False))
    write(folder / "onnx/seed-0-fold-0.onnx", "0.9 0.4 0.2")
    write(folder / "onnx/seed-0-fold-1.onnx", "0.7 0.8 0.3")
    write(tmp_path / "runtime/onnxruntime.py", RUNTIME)
    return Path(shutil.copy(SCRIPT, folder))


def call(script: Path, *words: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(script.parents[1] / "runtime")}
    return subprocess.run(
        [sys.executable, script, *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("aspect", ["stretch", "pad"])
def test_pictures_of_all_kinds_become_the_squares_that_the_project_makes(script, tmp_path, aspect):
    write(script.with_name("labels.json"), json.dumps(LABELS | {"aspect": aspect}))
    theirs, files = run_path(str(script))["square"], write_pictures(tmp_path / "pictures")
    unequal = {}
    for file in files:
        ours = decode(read_file(file), halvings=lambda *sides: min(halvings(*sides, SIZE, aspect)))
        ours = square(shrink(ours, SIZE, aspect), SIZE, aspect)
        if (largest := np.abs(ours.astype(int) - theirs(file)).max()) > 0:
            unequal[file.name] = largest
    assert len(files) == 21
    assert unequal == {}


def test_it_prints_the_mean_of_all_networks_for_every_picture_in_the_folder(script, tmp_path):
    grey = np.full((40, 50, 3), 204, np.uint8)
    for name in ("b.png", "sub/a.jpg"):
        (tmp_path / "shown" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "shown" / name), grey)
    write(tmp_path / "shown/notes.txt", "no picture")
    done = call(script, str(tmp_path / "shown"), "onnx")
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["image", "task", "class", "probability"]
    names = [str(tmp_path / "shown" / name) for name in ("b.png", "sub/a.jpg")]
    assert [row for row in rows if row[0] == names[0]] == [
        [names[0], "größe", "klein", "0.800000"],  # 204 / 255
        [names[0], "tags", "wet", "0.800000"],  # above a half in both
        [names[0], "tags", "big", "0.600000"],  # in the mean alone
    ]
    assert [row[0] for row in rows] == [names[0]] * 3 + [names[1]] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "python predict.py PICTURES FORMAT"),
        (["shown", "litert"], "holds no litert"),
        (["shown", "onnx"], "a.jpg is damaged, or no picture"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_line(script, tmp_path, words, said):
    write(tmp_path / "shown/a.jpg", b"\xff\xd8\xff and no more")
    done = call(script, *(str(tmp_path / word) if word == "shown" else word for word in words))
    assert (done.returncode, done.stdout.count("\n") <= 1) == (1, True)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_damaged_is_named_and_the_others_are_answered(script, tmp_path):
    for name, content in (
        ("a.jpg", b""),
        ("b.png", cv2.imencode(".png", np.zeros((40, 50, 3), np.uint8))[1].tobytes()),
        ("c.JPG", b"no"),
    ):
        write(tmp_path / "shown" / name, content)
    done = call(script, str(tmp_path / "shown"), "onnx")
    assert done.returncode == 1
    assert [Path(line.split(" is damaged")[0]).name for line in done.stderr.splitlines()] == ["a.jpg", "c.JPG"]
    assert {Path(row[0]).name for row in csv.reader(io.StringIO(done.stdout)) if row[0] != "image"} == {"b.png"}


def test_it_has_at_most_sixty_lines_and_needs_the_project_for_nothing():
    lines = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line]
    assert len(lines) <= 60
    assert not [line for line in lines if "import competition" in line or "from competition" in line]
