"""Sweeps: which values are refused and when, what is trained, what goes on, and the table and picture of all."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from helpers import given_by, make_dataset, refusal
from predicted import write_views
from small_data import TINY, write_data

from competition.__main__ import main
from competition.commands.list import list as leaderboard
from competition.commands.sweep import sweep
from competition.commands.train import train
from competition.errors import InvalidInput
from competition.experiments.runner import train_all
from competition.experiments.sweep import folder_name, open_sweep, parsed, varied
from competition.experiments.sweep_report import report_sweep
from competition.run import Run
from competition.scoring.predictions import read_predictions

MADE = {"command": "competition sweep", "commit": None, "started": "2026-01-02T03:04:05+00:00", "data": "/data"}
HELD = make_dataset({"colour": [0, 1, 2, 0], "shade": [0, 1, 1, 1]})


def finish(run: Run, right: int, dataset=HELD) -> None:
    """A finished run of two epochs that answers the first `right` of four images."""
    given = {task.name: np.eye(len(task))[dataset.codes[task.name].argmax(axis=1)] for task in dataset.tasks}
    for values in given.values():
        values[right:] = np.roll(values[right:], 1, axis=1)
    report = write_views(run, dataset, {"plain": given}).score()
    rows = [
        {
            "epoch": epoch,
            **{f"{part}accuracy_{task.name}": right / 4 for task in dataset.tasks for part in ("", "val_")},
        }
        for epoch in (1, 2)
    ]
    run.write_text("history.csv", pd.DataFrame(rows).to_csv(index=False))
    run.write_json("scores.json", {"best": report.to_json(), "best_epoch": 2, "seconds": 7.5})


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("dropout", "0.3", 0.3),
        ("epochs", "3,4", (3, 4)),
        ("zoom", "0.5,1", (0.5, 1.0)),
        ("flip", "False", False),
        ("transforms", "blur,1,erase,0.2", (("blur", 1.0), ("erase", 0.2))),
        ("transforms", "", ()),
        ("weights", "a,b.h5", "a,b.h5"),
    ],
)
def test_a_word_means_what_the_flag_would(field, value, meant):
    assert parsed(field, value) == meant


def test_the_field_may_be_spelt_as_its_flag():
    assert [one.learning_rate for one in varied(TINY, "learning-rate", ["1e-3", "2e-3"])] == [(1e-3,), (2e-3,)]


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("dropout", ["0.1", "1.5"], "dropout is 1.5; allowed is 0 up to, not including, 1"),
        ("schedule", ["steep"], "allowed are constant, cosine, step_decay"),
        ("epochs", ["many"], "epochs has to be of type tuple[int, ...]"),
        ("learning_rate", ["1e-3,1e-4"], "1 epochs, 2 learning_rate"),
        (
            "",
            ["0.1"],
            "--field is missing; name the field to vary, for example --field learning_rate --values 1e-3 1e-4",
        ),
        ("dropuot", ["0.1"], "there is no field 'dropuot'; allowed are maybe, seed, image_size"),
        ("split_seed", ["1", "2"], "decides the split"),
        ("name", ["a", "b"], "cannot be swept"),
        ("images", ["a", "b"], "--field is images, which cannot be swept: the data decide it"),
        ("split_column", ["a", "b"], "--field is split_column, which cannot be swept: the data decide it"),
        ("questions", ["a", "b"], "--field is questions, which cannot be swept: no training reads them"),
        ("towers", ["64,32"], "cannot be given as a word"),
        ("dropout", [], "--values is empty"),
        ("dropout", ["0.1", "0.1"], "give each value only once"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_read_or_trained(
    field, values, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert message in refusal(sweep, TINY, field, values)
    assert capsys.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_without_held_out_images_there_is_nothing_to_compare():
    assert "no image is held out" in refusal(varied, replace(TINY, validation=0.0), "dropout", ["0.1"])


def test_the_command_line_takes_field_values_and_the_recipes_own_flags():
    flags = ["sketches", "--field", "zoom", "--values", "1,1", "0.9,1.1", "--epochs", "2"]
    given = given_by(sweep, *flags)
    assert (given["field"], given["values"], given["recipe"].epochs) == ("zoom", ("1,1", "0.9,1.1"), (2,))


def test_a_folder_is_named_after_field_and_value():
    assert folder_name("task_weights", "0.5,0.5") == "task_weights-0.5,0.5"
    assert folder_name("weights", "../a b/c.h5") == "weights-.._a_b_c.h5"
    assert folder_name("transforms", "") == "transforms-none"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_value_has_a_recipe_of_its_own_that_train_reads(here):
    variants = open_sweep(TINY, "zoom", ["1,1", "0.5,2"], MADE, None)
    assert [str(one.run.folder) for one in variants] == ["runs/tiny-sweep-1/zoom-1,1", "runs/tiny-sweep-1/zoom-0.5,2"]
    for variant, zoom in zip(variants, [(1.0, 1.0), (0.5, 2.0)], strict=True):
        read = given_by(train, str(variant.recipe_file))["recipe"]
        assert read == replace(TINY, zoom=zoom)


def test_what_is_missing_is_trained_with_the_recipe_of_its_value(here, trainer):
    variants = open_sweep(TINY, "dropout", ["0", "0.2", "0.4"], MADE, None)
    finish(variants[1].run, 3)
    train_all(variants, ["--data", "here"], [None])
    assert [(variant.run.folder / "words").exists() for variant in variants] == [True, False, True]
    for variant, value in ((variants[0], "0"), (variants[2], "0.4")):
        recipe, run = (f"runs/tiny-sweep-1/dropout-{value}{ending}" for ending in (".json", ""))
        assert trainer(variant) == ["-m", "competition", "train", recipe, "--data", "here", "--run", run]
        assert variant.run.finished


def test_the_same_sweep_goes_on_until_it_has_its_table(here):
    first = open_sweep(TINY, "dropout", ["0", "0.2"], MADE, None)
    assert open_sweep(TINY, "dropout", ["0", "0.2"], MADE, None) == first
    for other in (
        open_sweep(TINY, "dropout", ["0", "0.3"], MADE, None),
        open_sweep(TINY, "label_smoothing", ["0", "0.2"], MADE, None),
        open_sweep(replace(TINY, batch_size=3), "dropout", ["0", "0.2"], MADE, None),
        open_sweep(TINY, "dropout", ["0", "0.2"], {**MADE, "data": "/other"}, None),
    ):
        assert other[0].whole != first[0].whole
    (here / "runs/tiny-sweep-1/sweep.csv").touch()
    assert open_sweep(TINY, "dropout", ["0", "0.2"], MADE, None)[0].whole.name == "tiny-sweep-6"


def test_on_a_fraction_of_the_images_it_is_another_sweep_and_each_value_is_told(trainer, tmp_path, monkeypatch):
    monkeypatch.setenv("STOPS", "1")
    data = write_data(tmp_path / "data", images=24)
    with pytest.raises(InvalidInput, match="is not complete"):
        sweep(TINY, "dropout", ("0", "0.2"), data, fraction=0.5)
    whole = tmp_path / "runs/tiny-sweep-1"
    for value in ("0", "0.2"):
        assert "--fraction 0.5 " in (whole / f"dropout-{value}/words").read_text()
    message = refusal(lambda: sweep(TINY, "dropout", ("0",), data, whole))
    assert "fraction is 0.5 (requested: 1)" in message


def test_a_sweep_in_a_folder_may_get_values_but_nothing_else(here):
    folder = here / "mine"
    open_sweep(TINY, "dropout", ["0"], MADE, folder)
    (folder / "sweep.csv").touch()
    for values in (["0.2"], ["0.2", "0"]):
        more = open_sweep(replace(TINY, dropout=0.5), "dropout", values, MADE, folder)
        assert [one.run.name for one in more] == ["dropout-0", "dropout-0.2"]
        assert [one.whole.read_recipe(one.recipe_file.name).dropout for one in more] == [0, 0.2]
    assert (folder / "sweep.csv").exists()  # until the new table takes its place
    message = refusal(open_sweep, replace(TINY, batch_size=3), "dropout", ["0"], {**MADE, "data": "/other"}, folder)
    assert "batch_size is 16 (requested: 3)" in message
    assert "data is /data (requested: /other)" in message
    (here / "other").mkdir()
    assert "not a sweep" in refusal(open_sweep, TINY, "dropout", ["0"], MADE, here / "other")


def test_table_and_picture_show_every_value(here):
    variants = open_sweep(TINY, "zoom", ["1,1", "0.5,2"], MADE, None)
    for variant, right in zip(variants, (2, 4), strict=True):
        finish(variant.run, right)
    words = report_sweep(variants)
    table = pd.read_csv("runs/tiny-sweep-1/sweep.csv")
    assert table["zoom"].tolist() == ["1,1", "0.5,2"]
    assert table["accuracy_colour"].tolist() == [0.5, 1.0]
    assert table["epochs"].tolist() == [2, 2]
    assert table["seconds"].tolist() == [7.5, 7.5]
    assert table["map"][1] == 1.0
    assert "1,1    0.5000  0.5000" in words
    assert "chance: colour 0.5000, shade 0.7500" in words
    assert cv2.imread("runs/tiny-sweep-1/sweep.png").shape[1] > 800


def test_the_leaderboard_shows_the_runs_of_a_sweep_with_what_was_varied(here, capsys):
    variants = open_sweep(TINY, "zoom", ["1,1", "0.5,2"], MADE, None)
    for variant, right in zip(variants, (2, 4), strict=True):
        variant.run.write_recipe(variant.whole.read_recipe(variant.recipe_file.name), MADE)
        finish(variant.run, right)
    leaderboard()
    best, other = [line for line in capsys.readouterr().out.splitlines() if "tiny-sweep-1" in line]
    assert best.split()[0] == "tiny-sweep-1/zoom-0.5,2"
    assert other.split()[0] == "tiny-sweep-1/zoom-1,1"


def test_runs_that_were_judged_on_other_images_have_no_table(here):
    variants = open_sweep(TINY, "dropout", ["0", "0.2"], MADE, None)
    finish(variants[0].run, 2)
    finish(variants[1].run, 2, replace(HELD, names=HELD.names + "x"))
    assert "different images" in refusal(report_sweep, variants)
    assert not (here / "runs/tiny-sweep-1/sweep.csv").exists()


@pytest.mark.slow
def test_a_sweep_is_trained_over_one_split_and_goes_on_where_it_stopped(here, trainer, monkeypatch, capsys):
    """The command lines that the stand-in was given, and stopped at, are run in this process."""
    data = write_data(here / "data")
    monkeypatch.setenv("STOPS", "1")

    def asked_and_missing() -> tuple[list[Path], str]:
        """The command lines of the trainings that the sweep starts, and its last words."""
        recipe = replace(TINY, backbone="convnet")  # quicker to build and to trace
        try:
            assert sweep(recipe, "flip", ["False", "True"], data).folder == Path("runs/tiny-sweep-1")
            last = capsys.readouterr().out.splitlines()[-1]
        except InvalidInput as error:
            last = str(error)
        return sorted(here.glob("runs/tiny-sweep-1/*/words")), last

    def train_as_asked(words: Path) -> Run:
        _, _, *command = words.read_text().split()
        shutil.rmtree(words.parent)
        assert main(command) == 0
        return Run(words.parent)

    (words, _), last = asked_and_missing()
    assert "runs/tiny-sweep-1/ is not complete" in last
    assert re.findall(r"(\S+): not finished", last) == ["flip-False", "flip-True"]
    first = train_as_asked(words)
    before = first.weights.stat().st_mtime_ns
    (words,), last = asked_and_missing()
    assert re.findall(r"(\S+): not finished", last) == ["flip-True"]
    second = train_as_asked(words)
    asked, last = asked_and_missing()
    assert (asked, last.startswith("runs/tiny-sweep-1/ holds the sweep: ")) == ([], True)
    assert first.weights.stat().st_mtime_ns == before
    table = pd.read_csv("runs/tiny-sweep-1/sweep.csv")
    assert (first.read_recipe().flip, second.read_recipe().flip) == (False, True)
    assert read_predictions(first).images.tolist() == read_predictions(second).images.tolist()
    scores = [one.read_scores()["best"]["accuracy"] for one in (first, second)]
    assert table["accuracy"].tolist() == pytest.approx(scores, rel=1e-5)  # six digits are written
