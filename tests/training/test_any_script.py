"""A training of tasks that are named in other scripts is that of the same tasks in ASCII, from labels to submission."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_data import COLOUR, SHADE, TINY, write_data

from competition.commands.submit import submit
from competition.commands.train import train
from competition.run import Run
from competition.scoring.predictions import read_predictions

PLAIN = replace(
    TINY,
    backbone="convnet",
    towers=((8,),),
    task_weights=(1.0, 2.0),
    epochs=(1, 1),
    learning_rate=(3e-2, 3e-3),
    trains=("heads", "all"),
)
NAMES = {"colour": "цвет", "shade": "σκιά_é"}  # Matplotlib's own font has these letters
OTHER = replace(PLAIN, name="other", tasks=tuple(replace(task, name=NAMES[task.name]) for task in (COLOUR, SHADE)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """plain/ and other/: the same images, with labels and questions that name the tasks in ASCII and otherwise."""
    folder = tmp_path_factory.mktemp("scripts")
    write_data(folder / "plain")
    for file in write_data(folder / "other").glob("*/*/*.csv"):
        text = file.read_text()
        for name, other in NAMES.items():
            text = text.replace(f"{name}_labels", f"{other}_labels")
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def runs(folder) -> tuple[Run, Run]:
    recipes = {"plain": PLAIN, "other": OTHER}
    return tuple(
        train(recipe, folder / name, folder / f"{name}-1", cache=folder / f"cache-{name}")
        for name, recipe in recipes.items()
    )


def rows(run: Run) -> list[dict[str, str]]:
    with (run.folder / "history.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_its_probabilities_and_scores_are_the_same(runs):
    plain, other = map(read_predictions, runs)
    assert [task.name for task in other.tasks] == list(NAMES.values())
    for name, there in NAMES.items():
        np.testing.assert_allclose(other.probabilities[there], plain.probabilities[name], atol=1e-5)
    first, second = (run.read_scores()["best"]["map"] for run in runs)
    assert second == pytest.approx(first, abs=1e-5)
    assert runs[1].read_recipe() == OTHER


@pytest.mark.slow
def test_its_history_names_the_tasks_and_its_files_are_ascii(runs):
    plain, other = map(rows, runs)
    for name, there in NAMES.items():
        for before, after in zip(plain, other, strict=True):
            assert float(after[f"accuracy_{there}"]) == pytest.approx(float(before[f"accuracy_{name}"]), abs=1e-5)
    files = [sorted(str(path.relative_to(run.folder)) for path in run.folder.rglob("*")) for run in runs]
    assert len(files[0]) == len(files[1])
    assert all(map(str.isascii, files[1]))


@pytest.mark.slow
def test_its_submission_has_the_keys_of_the_question_file(runs, folder):
    plain, other = (submit((run.folder,), output=folder / f"{run.folder.name}.csv") for run in runs)
    with plain.open(encoding="utf-8") as before, other.open(encoding="utf-8") as after:
        for (image, key, values), found in zip(csv.reader(before), csv.reader(after), strict=True):
            assert found[:2] == [image, f"{NAMES[key.removesuffix('_labels')]}_labels"]
            expected = np.array(values.split(";"), float)
            np.testing.assert_allclose(np.array(found[2].split(";"), float), expected, atol=1e-5)
