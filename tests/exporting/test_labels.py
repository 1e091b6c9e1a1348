"""What labels.json and README.md of an export say of a promise."""

from types import SimpleNamespace

import numpy as np
import pytest
from served import RECIPE, promise

from competition.exporting.labels import labels_of
from competition.exporting.readme import Measured, readme
from competition.run import Run


@pytest.fixture
def run(tmp_path) -> Run:
    run = Run(tmp_path / "mine-1")
    run.write_recipe(RECIPE, {"precision": "float32"})
    run.write_json("scores.json", {})
    run.weights.write_bytes(b"weights")
    return run


def readme_of(labels: dict) -> str:
    proof = SimpleNamespace(format="onnx", map=(0, 0, 0), from_float32=0, from_own=0, changed=0, rows=3, alike=1)
    text = readme(labels, [Measured(proof, 1, (1, 1))], networks=1, pictures="3 pictures", own="float32")
    return " ".join(text.split())


def test_without_a_promise_there_are_no_thresholds_and_what_makes_one_is_named(run: Run):
    labels = labels_of(run, None)
    assert labels["promise"] is None
    assert [task["thresholds"] for task in labels["tasks"]] == [None, None]
    assert "nothing is promised: make a promise with `competition promise`, and export again" in readme_of(labels)


def test_a_promise_of_nothing_states_no_precision(run: Run):
    promise(run.folder, colour=[np.inf], tags=[np.inf] * 3)
    labels = labels_of(run, None)
    assert labels["promise"]["precision"] == 0.98
    assert "nothing is promised" in readme_of(labels) and "is tagged is right" not in readme_of(labels)


def test_a_promise_gives_each_class_its_threshold(run: Run):
    promise(run.folder, colour=[0.8], tags=[0.7, np.inf, 0.9])
    labels = labels_of(run, None)
    assert [task["thresholds"] for task in labels["tasks"]] == [[0.8] * 3, [0.7, None, 0.9]]
    assert (labels["promise"]["precision"], labels["promise"]["confidence"]) == (0.98, 0.95)
    words = (
        "with a probability of 0.95, at least 0.98 of what is tagged is right. This was found on pictures of another"
    )
    assert words in readme_of(labels)
