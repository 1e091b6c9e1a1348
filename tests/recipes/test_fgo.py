"""fgo from end to end: the counts as published, training on cached features, answers in the system's own file."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from competition.commands.submit import submit
from competition.commands.train import train
from competition.drawing.fgo import draw
from competition.layouts.fgo import read_labels, read_questions
from competition.layouts.registry import LAYOUTS
from competition.model.network import build_network, set_trainable
from competition.recipes.fgo import RECIPE, TASKS
from competition.recipes.fgo_efficientnet import RECIPE as EFFICIENTNET
from competition.run import Run
from competition.scoring.predictions import read_predictions
from competition.training.compile import learning_rate


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wallpapers") / "drawn"
    draw(folder, images=200, progress=False)
    return folder


@pytest.fixture(scope="module")
def run(data, tmp_path_factory) -> Run:
    """A run from installed weights, on small pictures."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = replace(EFFICIENTNET, image_size=160, epochs=(15,), validation=0.3, precision="float32")
    return train(recipe, data, folder / "fgo-1", cache=folder / "cache")


def test_the_network_has_the_published_numbers_of_parameters():
    network = build_network(replace(RECIPE, weights="none"))
    set_trainable(network, RECIPE.trains[0])
    trainable = sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    assert (network.count_params(), trainable) == (20_428_954, 404_570)
    widths = [layer.units for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    assert sorted(widths) == sorted([256, 256, *(width for task in TASKS for width in (128, 64, len(task)))])
    heads = {task.name: network.get_layer(task.name).activation.__name__ for task in TASKS}
    assert heads == {**{task.name: "softmax" for task in TASKS[:4]}, "color": "sigmoid"}


def test_the_rate_is_halved_as_published():
    """0.01 * 0.5 ** floor((1 + e) / 5), with 23 steps an epoch."""
    rate = learning_rate(RECIPE, RECIPE.stages[0], 23)
    for epoch in range(50):
        assert float(rate(23 * epoch + 11)) == pytest.approx(0.01 * 0.5 ** ((1 + epoch) // 5))


@pytest.mark.slow
def test_a_run_says_how_the_labels_are_answered(run):
    scores = run.read_json("scores.json")
    assert [task["task"] for task in scores["best"]["tasks"]] == [task.name for task in TASKS]
    assert scores["best"]["tasks"][0]["rows"] == len(read_predictions(run)) == 60
    assert pd.read_csv(run.folder / "labels.csv")["label"].tolist() == list(TASKS[4].classes)
    assert not (run.folder / "confusion/color.csv").exists()
    assert (run.folder / "confusion/region.csv").is_file()


@pytest.mark.slow
def test_the_best_epoch_is_the_one_with_the_least_loss(run):
    assert RECIPE.monitor == "loss"
    rows = pd.read_csv(run.folder / "history.csv")
    assert run.read_json("scores.json")["best_epoch"] == rows["epoch"][rows["val_loss"].argmin()]


@pytest.mark.slow
def test_answers_are_written_in_the_merged_layout_and_read_back_as_they_were(run, data, tmp_path, capsys):
    path = submit((run.folder,), output=tmp_path / "answers/labels.csv", cache=tmp_path)
    assert "score by the answers" in capsys.readouterr().out
    back, asked = read_labels(path.parent, TASKS), read_questions(data / "questions.csv", TASKS)
    assert back.names.tolist() == asked.images.names.tolist()
    given = pd.read_csv(path.with_name("labels-probabilities.csv"))
    for task in TASKS:
        values = given[[f"{task.name}_{name}" for name in task.classes]].to_numpy()
        likeliest = values == values.max(axis=1, keepdims=True)
        expected = values > 0.5 if task.kind == "multilabel" else likeliest
        np.testing.assert_array_equal(back.codes[task.name] == 2, expected)
    assert pd.read_csv(path).columns.tolist() == pd.read_csv(data / "answers.csv").columns.tolist()


@pytest.mark.slow
def test_known_answers_survive_the_way_through_the_file(data, tmp_path):
    asked = read_questions(data / "questions.csv", TASKS)
    sure = {task.name: (asked.images.codes[task.name] == 2).astype(float) for task in TASKS}
    LAYOUTS["fgo"].write_answers(tmp_path / "labels.csv", asked, sure, TASKS)
    back = read_labels(tmp_path, TASKS)
    for task in TASKS:
        np.testing.assert_array_equal(back.codes[task.name], asked.images.codes[task.name])


@pytest.mark.slow
def test_every_task_is_learnt_on_drawn_pictures_from_installed_weights(run):
    *single, colour = run.read_json("scores.json")["best"]["tasks"]
    assert min(task["accuracy"] - task["chance"] for task in single) > 0.25
    share = pd.read_csv(run.folder / "labels.csv")["share_true"].mean()  # the AP of answers at random
    assert colour["ap"] > share + 0.15
