"""The command submit, with a run that answers by hand: what it takes for the classes and the answers of its data."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, write

from competition.commands import submit as command
from competition.recipe import Recipe
from competition.run import Run
from competition.task import Task

KIND = Task("kind", ("cat", "dog"))


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    """A run on folders of images that takes every question for a dog."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/test").mkdir(parents=True)
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"data/test/{number}.png"), noise(8, 8, number))
    run = Run(Path("runs/mine-1"))
    run.write_recipe(Recipe("mine", layout="folder", tasks=(KIND,)), {"data": "data", "command": "", "commit": None})
    run.write_json("scores.json", {})
    monkeypatch.setattr(command, "answer", lambda *_: {"kind": np.array([[0.25, 0.75]] * 2)})
    return run


def test_files_of_other_data_nearby_do_not_stop_a_submission(run, capsys):
    """Only FashionAI's layout has a classes.csv above its questions, and an answers.csv of letters beside them."""
    write(Path("classes.csv"), ["kind,fish,bird"])
    write(Path("data/answers.csv"), ["of,something,else,altogether"])
    written = command.submit((run.folder,), cache=Path("cache"))
    assert written.read_text().splitlines()[1:] == ["0.png,dog", "1.png,dog"]
    assert "score by" not in capsys.readouterr().out
