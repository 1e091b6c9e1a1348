"""Flowers from the text files to a submission, with both tasks together and in turn."""

from dataclasses import replace
from pathlib import Path

import pytest

from competition.commands.submit import submit
from competition.commands.train import train
from competition.drawing.flowers import draw
from competition.layouts.flowers import read_questions
from competition.recipes.flowers import RECIPE, TASKS
from competition.run import Run
from competition.scoring.predictions import read_predictions

# Without the public weights a small network shows all but what is learned.
SMALL = {"backbone": "convnet", "split_at": "pool2", "image_size": 32, "epochs": (2,)}
QUICK = {"image_size": 113, "epochs": (10,)}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "flowers"
    draw(folder, 160, progress=False)
    return folder


@pytest.fixture(scope="module")
def runs(data, squeezenet_weights, tmp_path_factory) -> dict[str, Run]:
    folder, fields = tmp_path_factory.mktemp("runs"), SMALL if squeezenet_weights == "none" else QUICK
    recipe = replace(RECIPE, weights=squeezenet_weights, batch_size=16, precision="float32", **fields)
    return {
        turns: train(replace(recipe, task_updates=turns), data, folder / turns, cache=folder / "cache")
        for turns in ("joint", "alternate")
    }


@pytest.mark.slow
def test_a_training_gives_a_run_and_a_submission_of_the_same_kind_of_lines(runs, data, tmp_path):
    val = (data / "val.txt").read_text().splitlines()
    for run in runs.values():
        assert sorted(read_predictions(run).images) == sorted(f"flowers{line.split(',')[0]}" for line in val)
        assert [score["task"] for score in run.read_json("scores.json")["best"]["tasks"]] == ["type", "colour"]
    output = submit([runs["alternate"].folder], output=tmp_path / "answers.txt", cache=tmp_path)
    asked, answers = read_questions(data / "test.txt", TASKS).images, read_questions(output, TASKS).images
    assert answers.names.tolist() == asked.names.tolist()
    assert all(answers.labelled[task.name].all() for task in TASKS)


@pytest.mark.slow
@pytest.mark.parametrize("turns", ["joint", "alternate"])
def test_from_the_public_weights_both_tasks_are_learned_together_and_in_turn(runs, shared, turns):
    for score in runs[turns].read_json("scores.json")["best"]["tasks"]:
        assert score["accuracy"] > score["chance"] + 0.2
