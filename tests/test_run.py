"""Runs: folders that are never overwritten, recipes that come back equal."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write

from competition.recipe import Recipe
from competition.recipes import load_recipe
from competition.run import Run, list_runs, new_run, newest_finished_run
from competition.task import Task


def finished(root: Path, name: str, age: int, **made) -> Run:
    """A run that was started `age` seconds before noon, whenever its files were copied to where they are."""
    run = Run(root / name)
    started = datetime(2001, 1, 1, 12) - timedelta(seconds=age)
    run.write_recipe(Recipe("mine"), {"started": started.isoformat(), **made})
    run.write_json("scores.json", {})
    return run


def test_runs_are_numbered_after_the_highest_one_of_their_recipe(tmp_path):
    assert new_run("mine", root=tmp_path / "runs").folder == tmp_path / "runs/mine-1"
    for name in ("mine-9", "mine-10", "other-30", "mine-smoke-40", "mine-x", "mine-"):
        (tmp_path / "runs" / name).mkdir()
    assert new_run("mine", root=tmp_path / "runs").name == "mine-11"
    assert new_run("mine-smoke", root=tmp_path / "runs").name == "mine-smoke-41"
    assert new_run("mine", root=tmp_path / "runs").name == "mine-12"


def test_a_folder_that_exists_is_never_a_new_run(tmp_path):
    folder = tmp_path / "deep/er/mine"
    assert new_run("mine", folder).folder == folder
    message = refusal(new_run, "mine", folder)
    assert message.startswith(f"{folder} exists")
    assert "--run" in message


@pytest.mark.parametrize("name", ["fashionai", "clothing"])
def test_the_recipe_of_a_run_comes_back_equal(tmp_path, name):
    tasks = (Task("size", ("klein", "groß")), Task("worn", ("hat",), "multilabel"))
    recipe = replace(load_recipe(name), tasks=tasks, zoom=(0.7, 1.3))
    run = Run(tmp_path)
    run.write_recipe(recipe, {"command": "competition train"})
    assert run.read_recipe() == recipe
    assert run.read_made() == {"command": "competition train"}
    assert "groß" in (tmp_path / "recipe.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no such file, so {folder} is not a finished run"),
        ('{"recipe": {', "not readable as JSON"),
        (b"\xff\xfe", "not readable as JSON"),
        ("{}", "recipe.json"),
        ("[]", "recipe.json"),
    ],
)
@pytest.mark.parametrize("read", [Run.read_recipe, Run.read_made])
def test_a_folder_that_is_no_run_is_refused_in_words(tmp_path, read, content, words):
    if content is not None:
        write(tmp_path / "recipe.json", content)
    message = refusal(read, Run(tmp_path))
    assert str(tmp_path) in message
    assert words.format(folder=tmp_path) in message


def test_a_run_of_another_version_is_named(tmp_path):
    made = {"commit": "c0ffee", "versions": {"competition": "9.0"}}
    text = json.dumps({"recipe": {"name": "mine", "drop_path": 0.1}, "made": made})
    file = write(tmp_path / "recipe.json", text)
    message = refusal(Run(tmp_path).read_recipe)
    assert str(file) in message
    assert "fields unknown here: ['drop_path']" in message
    assert "the version that made it, 9.0 (commit c0ffee)" in message


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {"colour": np.eye(3, dtype=np.float32), "names": np.array(["a.jpg", "ß.jpg"])}
    Run(tmp_path).write_arrays("probabilities.npz", arrays)
    with np.load(tmp_path / "probabilities.npz", allow_pickle=False) as stored:
        assert {name: stored[name].tolist() for name in stored} == {name: v.tolist() for name, v in arrays.items()}


def test_smoke_tests_are_not_taken_unasked_but_named(tmp_path):
    finished(tmp_path, "mine-smoke-1", age=30, smoke=True)
    message = refusal(newest_finished_run, tmp_path)
    assert "holds only smoke tests; name one of them, or train without --smoke" in message
    assert str(tmp_path / "mine-smoke-1") in message


def test_the_newest_finished_run_is_no_smoke_test_and_no_broken_one(tmp_path):
    assert "holds no finished run" in refusal(newest_finished_run, tmp_path)
    finished(tmp_path, "mine-3", age=50)
    wanted = finished(tmp_path, "mine-1", age=40)  # the time counts, not the number
    finished(tmp_path, "mine-smoke-1", age=30, smoke=True)
    (finished(tmp_path, "mine-4", age=20).folder / "scores.json").unlink()
    (tmp_path / "notes").mkdir()
    assert newest_finished_run(tmp_path) == wanted
    assert [run.name for run in list_runs(tmp_path)] == ["mine-3", "mine-1", "mine-smoke-1", "mine-4"]
