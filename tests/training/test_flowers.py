"""Flowers from the text files to a submission, with both tasks together and in turn."""

from dataclasses import replace
from pathlib import Path

import pytest

from competition.commands.submit import submit
from competition.commands.train import train
from competition.drawing.flowers import draw
from competition.layouts.flowers import read_questions
from competition.recipes.flowers import RECIPE, TASKS
from competition.scoring.predictions import read_predictions

FILE = "weights/squeezenet_v1.1_imagenet_notop.h5"
TURNS = pytest.mark.parametrize("turns", ["joint", "alternate"])
SMALL = {"weights": "none", "image_size": 32, "batch_size": 8, "precision": "float32"}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "flowers"
    draw(folder, 160, progress=False)
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "few"
    draw(folder, 40, progress=False)
    return folder


def test_a_training_gives_a_run_and_a_submission_of_the_same_kind_of_lines(few, tmp_path):
    recipe = replace(RECIPE, backbone="convnet", split_at="pool2", task_updates="alternate", epochs=(2,), **SMALL)
    run = train(recipe, few, tmp_path / "run", cache=tmp_path / "cache")
    kept = read_predictions(run)
    val = (few / "val.txt").read_text().splitlines()
    assert sorted(kept.images) == sorted(f"few{line.split(',')[0]}" for line in val)
    assert {score["task"] for score in run.read_json("scores.json")["best"]["tasks"]} == {"type", "colour"}
    output = submit([run.folder], output=tmp_path / "answers.txt", cache=tmp_path / "cache")
    asked, answers = read_questions(few / "test.txt", TASKS).images, read_questions(output, TASKS).images
    assert answers.names.tolist() == asked.names.tolist()
    assert all(answers.labelled[task.name].all() for task in TASKS)


@pytest.mark.slow
@TURNS
def test_from_the_public_weights_both_tasks_are_learned_together_and_in_turn(data, tmp_path, shared, turns):
    quick = {"image_size": 113, "epochs": (10,), "batch_size": 16, "precision": "float32"}
    recipe = replace(RECIPE, weights=str(shared / FILE), task_updates=turns, **quick)
    run = train(recipe, data, tmp_path / turns, cache=tmp_path / "cache")
    scores = run.read_json("scores.json")["best"]["tasks"]
    assert [score["task"] for score in scores] == ["type", "colour"]
    for score in scores:
        assert score["accuracy"] > score["chance"] + 0.2
