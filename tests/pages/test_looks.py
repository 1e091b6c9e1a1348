"""Where networks looked: each is shown a picture as its own training was."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from small_data import TINY

from competition.images.decode import decode, read_file
from competition.images.warp import square
from competition.pages.looks import Question, looks
from competition.run import Run

SIZE = 16


class Looked:
    """Stands in for GradCam, and remembers the pictures that it was shown."""

    shown = ()

    def __init__(self, *_):
        pass

    def heat(self, images, classes):
        Looked.shown = (*Looked.shown, *images)
        return {task: np.ones((len(images), 2, 2), np.float32) for task in classes}


@pytest.mark.parametrize("aspects", [("stretch", "pad"), ("pad", "stretch")])
def test_each_network_is_shown_pictures_in_the_aspect_of_its_own_recipe(tmp_path, monkeypatch, aspects):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 60, 3), np.uint8)
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path)
    runs = [Run(tmp_path / aspect) for aspect in aspects]
    for run, aspect in zip(runs, aspects, strict=True):
        run.folder.mkdir()
        run.write_recipe(replace(TINY, aspect=aspect), {})
        run.weights.touch()
    network = SimpleNamespace(input=np.empty((1, SIZE, SIZE, 3)))
    monkeypatch.setattr("competition.model.restore.networks", lambda runs: [network for _ in runs])
    monkeypatch.setattr("competition.model.grad_cam.GradCam", Looked)
    monkeypatch.setattr(Looked, "shown", ())
    reported = SimpleNamespace(
        recipe=runs[0].read_recipe(), fold_of={"a": 0, "b": 1}, looked_with=lambda fold: runs[fold]
    )
    asked = [Question(image, TINY.tasks[0].name, 0) for image in "ab"]
    assert looks(reported, {"a": path, "b": path}, asked).keys() == {*asked}
    picture = decode(read_file(path))
    for given, aspect in zip(Looked.shown, aspects, strict=True):
        np.testing.assert_array_equal(given, square(picture, SIZE, aspect))
