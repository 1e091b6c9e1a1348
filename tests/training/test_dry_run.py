"""A dry run: what it says of memory, disk and files, and that nothing is written."""

import re
from dataclasses import replace
from pathlib import Path

import keras
import pytest
from helpers import given_by, refusal
from small_data import TINY, write_data

from competition import stopping
from competition.commands.train import train
from competition.data.load import read_material
from competition.model.weights import models_folder
from competition.recipe import Recipe
from competition.recipes import load_recipe
from competition.run import Run
from competition.training import dry_run
from competition.training.prepare import Preparation
from competition.training.watch import Watch

CONVNET = replace(
    TINY, backbone="convnet", epochs=(1, 1), learning_rate=(1e-3, 1e-3), trains=("heads", "all"), optimizer="adamw"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("squares") / "data", images=90)


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and modification time of all below a folder."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_a_dry_run_says_what_would_be_and_leaves_every_folder_as_it_was(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/tiny-3").mkdir(parents=True)
    before = tree(tmp_path) | tree(data) | tree(models_folder())
    assert train(CONVNET, data, dry_run=True) is None
    assert tree(tmp_path) | tree(data) | tree(models_folder()) == before
    printed = capsys.readouterr().out
    for line in (
        r"  colour +3 classes +60 labelled .*",
        r"CPU .*, float32, convnet at 32: [\d,]+ parameters",
        r"76 images to train on, 14 held out, 16 per step",
        r"stage 1: 1 epochs of 5 steps, trains heads, learning rate 0.001, constant",
        r"stage 2: 1 epochs of 5 steps, trains all, .*",
        r"about \d+ min in all",
        r"memory: an estimated .*[MG]B \(the program .*, weights .*, layers .* for 16 images\); .* are free",
        r"disk: .* GB free; would be written:",
        r"  runs/tiny-4/: \d+ MB of weights, .*; until it ends, 2 checkpoints of \d+ MB, for a moment one more",
        r"  cache/images.json: .*",
        r"  cache/pictures/: about 1 MB, less what is there",
        r"  cache/features/: 1 MB, unless they are there",
        r"a dry run: nothing is written",
    ):
        assert re.search(f"^{line}$", printed, re.MULTILINE), line


def test_what_the_cache_remembers_is_used_and_a_stopped_run_is_said_to_go_on(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    recipe = replace(CONVNET, epochs=(1,), learning_rate=(1e-3,), trains=("all",))

    def stop(watch, batch, logs):
        watch.step += 1
        watch.save()
        raise stopping.Stopped(2)

    with monkeypatch.context() as patch, pytest.raises(stopping.Stopped):
        patch.setattr(Watch, "on_train_batch_end", stop)
        train(recipe, data, Path("run"), picture_cache=0)  # whose threads might be writing yet
    before, read = tree(tmp_path), []
    monkeypatch.setattr("competition.data.check_images.decode", lambda *content: read.append(content))
    train(recipe, data, Path("run"), dry_run=True)
    assert tree(tmp_path) == before
    assert read == []
    printed = capsys.readouterr().out
    assert "  run/, which goes on: " in printed
    written = sum(path.stat().st_size for path in Run(Path("run")).checkpoints.glob("*.npz"))
    (said,) = re.findall(r"2 checkpoints of (\d+) MB", printed)
    assert int(said) == pytest.approx(written / 1e6, abs=0.6)
    assert "dropout was 0.0 and is 0.5" in refusal(
        lambda: train(replace(recipe, dropout=0.5), data, Path("run"), dry_run=True)
    )


def preparation(recipe: Recipe, data: Path, cache: Path) -> Preparation:
    return Preparation.of(recipe, read_material(recipe, data, False, cache), cache)


def test_the_memory_is_that_of_a_network_counted_by_hand(data, tmp_path):
    """Two convolutions of 4 and 8 maps, the second with a stride of 2, and dense heads, for 16 images of 16 pixels."""
    found = preparation(replace(CONVNET, trains=("all", "all")), data, tmp_path)
    pixels = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(4, 3, padding="same")(pixels)
    backbone = keras.Model(pixels, keras.layers.Conv2D(8, 3, padding="same", strides=2)(maps))
    image = keras.Input((16, 16, 3), dtype="uint8")
    pooled = keras.layers.GlobalAveragePooling2D()(backbone(image))
    network = keras.Model(
        image, {task.name: keras.layers.Dense(len(task), name=task.name)(pooled) for task in TINY.tasks}
    )
    need = dry_run.needs(replace(found, network=network))
    parameters = (27 * 4 + 4) + (36 * 8 + 8) + (8 * 3 + 3) + (8 * 2 + 2)
    assert need.weights == need.gradients == 4 * parameters
    assert need.optimizer == pytest.approx(2 * 4 * parameters, abs=16)  # two moments, a step and a rate
    assert need.layers == 16 * 4 * (16 * 16 * 4 + 8 * 8 * 8 + 8 + 3 + 2)
    assert need.total > need.program > 100_000_000


def test_a_download_is_announced_and_not_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name, downloaded in (("fashionai", True), ("clothing", False), ("sketches", False)):
        recipe = load_recipe(name)
        found = dry_run.without_download(recipe)
        assert (found.weights == "none" and recipe.weights != "none") == downloaded
        assert found.trains_batch_norm == recipe.trains_batch_norm
        assert capsys.readouterr().out.endswith("would be downloaded\n") == downloaded


def test_both_questions_at_once_are_refused_and_it_is_a_flag(tmp_path):
    assert "ask one at a time" in refusal(lambda: train(TINY, tmp_path, dry_run=True, overfit=3))
    assert given_by(train, "clothing", "--dry-run")["dry_run"] is True
