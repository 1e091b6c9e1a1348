"""Learning a batch by heart: what is switched off, what passes, and which images fail."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from helpers import given_by, refusal, write
from small_data import TINY, write_data

from competition.__main__ import main
from competition.commands.train import train
from competition.recipe import Recipe
from competition.recipes import NAMES, load_recipe
from competition.training.overfit import bare

CONVNET = replace(TINY, backbone="convnet", learning_rate=(3e-3,), optimizer="adamw")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("squares") / "data", images=60)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_keeps_the_network_of_a_recipe_from_learning_by_heart(name):
    recipe = load_recipe(name)
    found = bare(recipe, 50)
    plain = Recipe("plain", rotation=0, flip=False, dropout=0)
    kept = {
        "name",
        "tasks",
        "layout",
        "validation",
        "seed",
        "image_size",
        "aspect",
        "backbone",
        "weights",
        "batch_norm",
    }
    kept |= {
        "initializer",
        "activation",
        "split_at",
        "pool",
        "shared",
        "shared_activation",
        "towers",
        "head",
        "monitor",
    }
    kept |= {"optimizer", "beta_1", "amsgrad", "halve_every", "batch_size"}
    for field in fields(Recipe):
        if field.name not in {"epochs", "learning_rate", "trains"}:
            wanted = recipe if field.name in kept else plain
            assert getattr(found, field.name) == getattr(wanted, field.name), field.name
    assert (found.epochs, len(found.stages)) == ((50,), 1)


def test_it_trains_what_tunes_most_at_the_highest_rate():
    for name, rate, trains in (
        ("clothing", 1.4e-4, "all"),
        ("fashionai", 1e-4, "all"),
        ("fgo", 0.01, "heads"),
        ("cifar10_resnet", 0.1, "all"),
    ):
        assert bare(load_recipe(name), 3).stages == ((3, rate, trains),)


def test_a_batch_is_learnt_by_heart_whatever_the_recipe_does_against_it(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hard = replace(
        CONVNET, dropout=0.9, label_smoothing=0.5, weight_decay=1, rotation=90, flip=True, mixup=1, cutmix=1, ema=0.99
    )
    assert train(hard, data, overfit=60) is None
    printed = capsys.readouterr().out
    assert (
        "one batch of 16 images, 60 times, without augmentation, dropout and the like: trains all with adamw" in printed
    )
    steps = [int(step) for step in re.findall(r"^step +(\d+)  loss \d+\.\d{4}  accuracy [01]\.\d{4}$", printed, re.M)]
    assert steps == [1, *range(6, 61, 6)]
    assert re.findall(r"accuracy (\S+)\n", printed)[-1] == "1.0000"
    assert re.search(r"^learnt by heart: (\d+) of \1 answers are right", printed, re.M)
    assert not (tmp_path / "runs").exists()


TWINS = """
from competition.recipe import Recipe

RECIPE = Recipe(
    name="twins",
    layout="table",
    validation=0.0,
    image_size=32,
    backbone="convnet",
    weights="none",
    batch_size=2,
    precision="float32",
)
"""


def test_what_stays_wrong_is_named_with_its_line_and_the_exit_status_is_one(data, tmp_path, monkeypatch, capsys):
    """The same picture as red and as green: one of the two stays wrong, however often it is seen."""
    monkeypatch.chdir(tmp_path)
    picture = (data / "base/Images/000.jpg").read_bytes()
    write(tmp_path / "a.jpg", picture)
    write(tmp_path / "b.jpg", picture + b"\0")  # other bytes, the same pixels
    write(tmp_path / "table.csv", ["image,colour", "a.jpg,red", "b.jpg,green"])
    write(tmp_path / "twins.py", TWINS)
    assert main(["train", "twins.py", "--data", "table.csv", "--overfit", "20"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: 1 of 2 answers are right")
    assert re.search(
        r"table\.csv:(2: a.jpg: colour is red, and .* green|3: b.jpg: .* green, and the answer red)", error
    )
    assert not Path("runs").exists()


def test_a_loss_that_explodes_is_said(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = replace(CONVNET, optimizer="sgd", learning_rate=(1e30,))
    assert "the loss is not a finite number" in refusal(lambda: train(recipe, data, overfit=10))


@pytest.mark.parametrize("steps", [0, -3])
def test_less_than_once_is_refused_before_anything_is_read(steps, tmp_path):
    assert refusal(lambda: train(TINY, tmp_path / "none", overfit=steps)) == (
        f"--overfit is {steps}; give how often the batch may be trained on, for example 100"
    )


def test_it_is_a_flag():
    assert given_by(train, "clothing", "--overfit", "100")["overfit"] == 100
    assert given_by(train, "clothing")["overfit"] is None


@pytest.mark.parametrize("flag", [{"smoke": True}, {"max_minutes": 1}, {"tensorboard": True}, {"run": Path("mine")}])
def test_a_flag_of_a_run_is_refused_and_not_ignored(tmp_path, flag):
    name = next(iter(flag)).replace("_", "-")
    message = refusal(lambda: train(TINY, tmp_path / "none", overfit=5, **flag))
    assert f"--overfit makes no run, so --{name} would do nothing" in message
