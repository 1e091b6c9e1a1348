"""Flowers from the text files to a submission, with both tasks together and in turn."""

from dataclasses import replace
from pathlib import Path

import pytest

from competition.commands.submit import submit
from competition.commands.train import train
from competition.drawing.flowers import draw
from competition.layouts.flowers import read_questions
from competition.recipes.flowers import RECIPE as PUBLISHED
from competition.recipes.flowers import TASKS
from competition.recipes.flowers_efficientnet import RECIPE
from competition.run import Run
from competition.scoring.predictions import read_predictions

TURNS = ("joint", "alternate")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "flowers"
    draw(folder, 160, progress=False)
    return folder


@pytest.fixture(scope="module")
def runs(data, tmp_path_factory) -> dict[str, Run]:
    """A run for each `task_updates`, on small pictures."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = replace(RECIPE, image_size=96, epochs=(6,), batch_size=16, precision="float32")
    return {
        turns: train(replace(recipe, task_updates=turns), data, folder / turns, cache=folder / "cache")
        for turns in TURNS
    }


@pytest.mark.slow
def test_the_published_network_trains(data, tmp_path):
    recipe = replace(PUBLISHED, weights="none", image_size=64, batch_size=8, precision="float32")
    assert train(recipe, data, tmp_path / "run", smoke=True, cache=tmp_path).finished


@pytest.mark.slow
def test_a_training_gives_a_run_and_a_submission_of_the_same_kind_of_lines(runs, data, tmp_path):
    val = (data / "val.txt").read_text().splitlines()
    asked = read_questions(data / "test.txt", TASKS).images
    for turns, run in runs.items():
        assert sorted(read_predictions(run).images) == sorted(f"flowers{line.split(',')[0]}" for line in val)
        assert [score["task"] for score in run.read_json("scores.json")["best"]["tasks"]] == ["type", "colour"]
        output = submit([run.folder], output=tmp_path / f"{turns}.txt", cache=tmp_path)
        answers = read_questions(output, TASKS).images
        assert answers.names.tolist() == asked.names.tolist()
        assert all(answers.labelled[task.name].all() for task in TASKS)


@pytest.mark.slow
@pytest.mark.parametrize("turns", TURNS)
def test_from_installed_weights_both_tasks_are_learned_together_and_in_turn(runs, turns):
    for score in runs[turns].read_json("scores.json")["best"]["tasks"]:
        assert score["accuracy"] > score["chance"] + 0.2
