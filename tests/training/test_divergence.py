"""A training whose numbers are no longer finite ends with what was good before, or with nothing that looks finished."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal
from small_data import TINY, read_data, write_data

from competition.commands.train import train
from competition.data.load import read_material
from competition.images.cache import Pictures
from competition.model.predict import predict
from competition.model.restore import restore
from competition.run import Run
from competition.scoring.predictions import read_predictions
from competition.training.find_rate import find_rate
from competition.training.prepare import Preparation

CONVNET = replace(TINY, backbone="convnet")
TWO_STAGES = replace(CONVNET, epochs=(2, 2), learning_rate=(1e-3, 1e30), trains=("heads", "all"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("squares") / "data")


def history(run: Run) -> list[dict[str, str]]:
    with (run.folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("trains", "rate"), [("all", 1e30), ("heads", 1e38)])
def test_the_run_is_finished_with_its_last_good_epoch(data, tmp_path, trains, rate):
    recipe = replace(TWO_STAGES, trains=("heads", trains), learning_rate=(1e-3, rate))
    place = rf"stage 2 \({trains}\), epoch \d, step \d, peak learning rate {rate:g}".replace("+", r"\+")
    with pytest.warns(UserWarning, match=rf"{place}: the .* finite numbers?; epoch [12] is kept\. Try a lower"):
        run = train(recipe, data, tmp_path / "run", cache=tmp_path)
    scores = run.read_json("scores.json")
    assert run.finished
    assert scores["best_epoch"] <= 2
    assert {row["stage"] for row in history(run)} == {"1"}
    assert all(math.isfinite(scores[name]["map"]) for name in ("best", "last", "heads"))
    kept = read_predictions(run)
    dataset = read_data(data)
    held_out = dataset.take(np.flatnonzero(np.isin(dataset.ids, kept.images)))
    for name, given in predict(restore(run), Pictures(held_out, recipe)).items():
        np.testing.assert_allclose(given, kept.probabilities[name], atol=1e-6)


@pytest.mark.parametrize(("batch_size", "validation"), [(16, 0.15), (64, 0.15), (64, 0.0)])
def test_without_a_good_epoch_there_is_no_run_that_looks_finished(data, tmp_path, batch_size, validation):
    """With one step an epoch the loss is that of the first weights: what shows it is what the weights give after it."""
    recipe = replace(CONVNET, learning_rate=(1e30,), batch_size=batch_size, validation=validation)
    message = refusal(lambda: train(recipe, data, tmp_path / "run", cache=tmp_path))
    assert message.startswith("stage 1 (all), epoch 1, step ")
    assert "finite number" in message
    assert "no epoch before it can be kept. Try a lower --learning-rate" in message
    run = Run(tmp_path / "run")
    assert not run.finished
    assert not run.weights.exists()


def test_a_range_test_does_not_begin_with_weights_that_are_no_numbers(data, tmp_path):
    recipe = replace(TWO_STAGES, epochs=(1, 1, 1), learning_rate=(1e-3, 1e30, 1e-3), trains=("heads", "all", "all"))
    material = read_material(recipe, data, False, tmp_path)
    preparation = Preparation.of(replace(recipe, batch_size=4), material, tmp_path)
    with pytest.warns(UserWarning, match="epoch 1 is kept"):
        message = refusal(find_rate, preparation, 3, 1e-6, 1e-2)
    assert "so stage 3 has no weights to begin with" in message
