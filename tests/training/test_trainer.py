"""Stages, schedules, and a whole training from a label file to a submission."""

import csv
import json
import math
import shutil
import warnings
import zipfile
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from itertools import accumulate, pairwise
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from small_data import COLOUR, SHADE, TINY, read_data, write_data

from competition.commands.submit import submit
from competition.commands.train import train
from competition.data.load import read_material
from competition.errors import InvalidInput
from competition.images.cache import Pictures
from competition.model import devices
from competition.model.features import Features
from competition.model.predict import predict, predict_views
from competition.model.restore import restore
from competition.recipe import Recipe, Stage
from competition.run import Run
from competition.scoring.predictions import read_predictions
from competition.scoring.scores import Report, score
from competition.task import Task
from competition.training.compile import learning_rate, make_optimizer
from competition.training.kept import Kept
from competition.training.plots import curves
from competition.training.prepare import Preparation
from competition.training.trainer import Trainer
from competition.training.watch import Watch

CONVNET = replace(TINY, backbone="convnet")
LEARNS = replace(
    CONVNET,
    epochs=(3, 5),
    learning_rate=(3e-2, 3e-3),
    trains=("heads", "all"),
    optimizer="adamw",
    schedule="cosine",
    flip=True,
    rotation=10.0,
    transforms=(("brightness", 0.1), ("blur", 1.0)),
    dropout=0.2,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("squares") / "data", images=90)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def run(data, cache, tmp_path_factory) -> Run:
    return train(LEARNS, data, tmp_path_factory.mktemp("runs") / "tiny-1", cache=cache)


@pytest.fixture(scope="module")
def network(run) -> keras.Model:
    """The network of the run, rebuilt from its folder."""
    return restore(run)


def prepared(recipe: Recipe, data: Path, folder: Path, cache: Path) -> Trainer:
    """A training that has not begun, without the reports that a run has."""
    return Preparation.of(recipe, read_material(recipe, data, False, cache), cache).trainer(Run(folder))


def fitted(recipe: Recipe, data: Path, folder: Path, cache: Path) -> Trainer:
    trainer = prepared(recipe, data, folder, cache)
    trainer.fit()
    return trainer


@pytest.fixture(scope="module")
def twice(data, cache, tmp_path_factory) -> list[Trainer]:
    """The same training twice, with batch normalisation and all that draws random numbers."""
    recipe = replace(LEARNS, backbone="small", epochs=(2,), learning_rate=(3e-3,), trains=("all",))
    return [fitted(recipe, data, tmp_path_factory.mktemp("twice"), cache) for _ in range(2)]


@pytest.fixture(scope="module")
def other(data, cache, tmp_path_factory) -> Trainer:
    """A training whose first stage is that of the run but for the seed, and its second again of heads, at no rate."""
    stages = {"epochs": (3, 1), "learning_rate": (3e-2, 1e-9), "trains": ("heads", "heads")}
    return fitted(replace(LEARNS, seed=1, **stages), data, tmp_path_factory.mktemp("other"), cache)


def history(run: Run) -> list[dict[str, str]]:
    with (run.folder / "history.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_picture_cache_holds_the_gigabytes_it_is_given(data, tmp_path):
    material = read_material(CONVNET, data, False, tmp_path)
    preparation = Preparation.of(CONVNET, material, tmp_path, picture_cache=13_000 / 1e9)
    with pytest.warns(UserWarning, match="decoded in every epoch"):
        preparation.pictures.keep()
    size = 8 + 3 * 40 * 48  # the header, and the pixels of a square
    assert [path.stat().st_size for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == [size, size]


def test_curves_show_each_accuracy_of_the_history_dashed_in_training(run):
    drawn = {
        (line.get_linestyle(), tuple(line.get_ydata()))
        for line in curves(run).axes[2].lines
        if len(line.get_ydata()) > 2
    }
    rows = history(run)
    for style, prefix in (("--", "accuracy_"), ("-", "val_accuracy_")):
        for task in ("colour", "shade"):
            assert (style, tuple(float(row[prefix + task]) for row in rows)) in drawn


def test_a_run_holds_exactly_these_files(run):
    files = {str(path.relative_to(run.folder)) for path in run.folder.rglob("*") if path.is_file()}
    assert files - {"network.png"} == {
        "recipe.json",
        "prior.json",
        "model.weights.h5",
        "history.csv",
        "scores.json",
        "probabilities.npz",
        "curves.png",
        "calibration.json",
        "reliability.png",
        "coverage.png",
        "confused.csv",
        "mistakes.csv",
        "mistakes.png",
        "samples.png",
        "confusion/colour.csv",
        "confusion/colour.png",
        "confusion/shade.csv",
        "confusion/shade.png",
    }


def test_the_recipe_is_written_back_whole_and_says_how_the_run_was_made(run, data):
    assert run.read_recipe() == LEARNS
    made = run.read_made()
    assert made["data"] == str(data)
    assert made["precision"] == "float32"
    assert made["versions"]["keras"] == keras.__version__


def test_history_has_a_row_an_epoch_with_its_stage(run):
    rows = history(run)
    assert [row["stage"] for row in rows] == ["1"] * 3 + ["2"] * 5
    assert [row["epoch"] for row in rows] == list("12345678")
    assert {"loss", "accuracy_colour", "val_map", "val_accuracy_shade", "seconds"} <= rows[0].keys()


def test_plain_colours_are_learned_and_the_score_is_that_of_the_kept_probabilities(run, data):
    best = run.read_json("scores.json")["best"]
    assert best["accuracy"] > 0.9
    kept = read_predictions(run)
    again = score(TINY.tasks, kept.probabilities, kept.codes, kept.labelled)
    assert again.map == best["map"]
    assert again.accuracy == best["accuracy"]


def test_the_weights_kept_are_those_of_the_best_epoch(run, network, data):
    """They give the probabilities that were scored, in a network rebuilt from recipe.json."""
    kept = read_predictions(run)
    dataset = read_data(data)
    held_out = dataset.take(np.flatnonzero(np.isin(dataset.ids, kept.images)))
    given = predict(network, Pictures(held_out, LEARNS))
    assert list(held_out.ids) == list(kept.images)
    for task in TINY.tasks:
        np.testing.assert_allclose(given[task.name], kept.probabilities[task.name], atol=1e-6)


def test_the_view_flip_is_what_the_network_gives_for_the_mirror_image(network, data, tmp_path, monkeypatch):
    dataset = read_data(data).take(np.arange(12))
    mirrored = write_data(tmp_path / "mirrored", images=12)
    for name in dataset.names:
        path = mirrored / "base" / Path(name).with_suffix(".png")
        cv2.imwrite(str(path), cv2.imread(str(data / "base" / name))[:, ::-1])
    labels = mirrored / "base/Annotations/label.csv"
    labels.write_text(labels.read_text().replace(".jpg", ".png"))
    there, back = (predict(network, Pictures(one, LEARNS)) for one in (dataset, read_data(mirrored)))
    for batch_size, at_once in ((1, 100), (5, 100), (16, 100), (5, 7)):
        monkeypatch.setattr("competition.model.predict.CHUNK", at_once)
        both = predict_views(network, Pictures(dataset, replace(LEARNS, batch_size=batch_size)), ("plain", "flip"))
        for name in there:
            np.testing.assert_allclose(both["plain"][name], there[name], atol=1e-5)
            np.testing.assert_allclose(both["flip"][name], back[name], atol=4e-3)
            assert np.abs(back[name] - there[name]).max() > 0


def test_the_statistics_of_batch_normalisation_are_kept_with_the_weights(twice):
    trainer = twice[0]
    trainer.run.write_recipe(trainer.recipe, {"precision": "float32"})
    given = predict(restore(trainer.run), trainer.held_out)
    for name, values in trainer.kept.probabilities.items():
        np.testing.assert_allclose(given[name], values, atol=1e-6)


def test_each_stage_moves_the_layers_that_it_trains_whatever_the_stage_before_it_did(data, cache, tmp_path):
    stages = {"epochs": (1, 1, 1), "learning_rate": (1e-3, 1e-3, 1e-3), "trains": ("conv3", "all", "conv3")}
    trainer = prepared(replace(CONVNET, **stages), data, tmp_path, cache)
    backbone = trainer.network.get_layer("convnet")

    def kernels() -> dict[str, np.ndarray]:
        return {name: np.array(backbone.get_layer(name).kernel) for name in ("conv1", "conv2", "conv3")}

    seen = [kernels()]
    trainer.say = lambda line: seen.append(kernels())  # after each epoch, of which a stage here has one
    trainer.fit()
    moved = [[name for name in new if (new[name] != old[name]).any()] for old, new in pairwise(seen)]
    assert moved == [["conv3"], ["conv1", "conv2", "conv3"], ["conv3"]]


def test_with_ema_the_averages_are_scored_and_kept_and_the_weights_themselves_go_on(data, cache, tmp_path, monkeypatch):
    steps, scored = {}, {}
    was = Watch.on_train_batch_end

    def remember(watch, batch, logs=None):
        steps[watch.trainer.recipe.ema].append(np.array(watch.model.get_layer("convnet").get_layer("conv3").kernel))
        was(watch, batch, logs)

    monkeypatch.setattr(Watch, "on_train_batch_end", remember)
    stages = {"epochs": (2, 1), "learning_rate": (3e-3, 1e-9), "trains": ("all", "all")}
    for momentum in (0.0, 0.5):
        trainer = prepared(replace(CONVNET, **stages, ema=momentum), data, tmp_path / str(momentum), cache)
        steps[momentum], scored[momentum] = [], []
        kernel = trainer.network.get_layer("convnet").get_layer("conv3").kernel
        trainer.say = lambda line, k=kernel, m=momentum: scored[m].append(np.array(k))
        trainer.fit()
    epoch = len(trainer.view_batches())
    averages = list(accumulate(steps[0.0], lambda average, step: 0.5 * average + 0.5 * step))
    for number, expected in enumerate((averages[epoch - 1], averages[2 * epoch - 1])):
        np.testing.assert_allclose(scored[0.5][number], expected, atol=1e-6)
        assert np.abs(expected - scored[0.0][number]).max() > 1e-4
    np.testing.assert_allclose(steps[0.5][: 2 * epoch], steps[0.0][: 2 * epoch], atol=1e-6)
    np.testing.assert_allclose(steps[0.5][-1], expected, atol=1e-6)  # the second stage goes on from the averages


def test_a_second_stage_of_heads_goes_on_from_the_first(other):
    rows = history(other.run)
    assert rows[2]["val_accuracy"] == rows[3]["val_accuracy"]
    assert float(rows[3]["loss"]) < float(rows[0]["loss"]) / 2


def test_the_best_is_kept_and_a_score_that_is_no_number_is_no_best():
    saved, network = [], object()
    kept = Kept(saved.append, "map")
    reports = [Report((), score, 0, 0, 0, 0, 0) for score in (math.nan, 0.5, math.nan, 0.4, 0.5, 0.6)]
    taken = [kept.offer(network, epoch, report, {}) for epoch, report in enumerate(reports)]
    assert taken == [True, True, False, False, False, True]
    assert kept.epoch == 5
    assert saved == [network] * 3


def test_of_a_stage_of_heads_the_best_epoch_is_kept(tmp_path):
    """Every label is moved to the image before, so there is nothing to learn, and later epochs are worse."""
    data = write_data(tmp_path / "data", images=60)
    labels = data / "base/Annotations/label.csv"
    rows = [row.split(",", 1) for row in labels.read_text().splitlines()]
    moved = [f"{name},{answer}" for (name, _), (_, answer) in zip(rows, rows[3:] + rows[:3], strict=True)]
    labels.write_text("\n".join(moved) + "\n")
    stage = {"epochs": (4,), "learning_rate": (0.3,), "trains": ("heads",)}
    run = train(replace(TINY, monitor="loss", **stage), data, tmp_path / "run", cache=tmp_path)
    losses = [float(row["val_loss"]) for row in history(run)]
    scores = run.read_json("scores.json")
    assert min(losses) < losses[-1] - 0.01
    assert scores["best_epoch"] == losses.index(min(losses)) + 1
    assert scores["best"]["loss"] == scores["heads"]["loss"] == pytest.approx(min(losses), rel=1e-3)
    assert scores["last"]["loss"] == losses[-1]


def test_scores_tell_heads_last_and_best_apart(run):
    scores = run.read_json("scores.json")
    assert scores["best"]["map"] >= max(scores["last"]["map"], scores["heads"]["map"])


def test_a_run_that_did_not_finish_answers_nothing(run, tmp_path):
    unfinished = tmp_path / "tiny-2"
    shutil.copytree(run.folder, unfinished)
    (unfinished / "scores.json").unlink()
    with pytest.raises(InvalidInput, match="did not finish"):
        submit((unfinished,), output=tmp_path / "x.csv", cache=tmp_path)
    assert not (tmp_path / "x.csv").exists()


@pytest.fixture(scope="module")
def submitted(run, cache, tmp_path_factory) -> tuple[Path, str]:
    """The file with the answers of the run, and what was printed."""
    with redirect_stdout(StringIO()) as printed:
        path = submit((run.folder,), output=tmp_path_factory.mktemp("sent") / "answers.csv", cache=cache)
    return path, printed.getvalue()


def test_submit_answers_every_question_in_order_and_scores_known_answers(submitted, data):
    path, printed = submitted
    asked = (data / "rank/Tests/question.csv").read_text().splitlines()
    rows = path.read_text().splitlines()
    assert [row.rpartition(",")[0] for row in rows] == [row.rpartition(",")[0] for row in asked]
    assert all(row.rpartition(",")[2].count(".") == (2 if "shade" in row else 3) for row in rows)
    assert zipfile.ZipFile(path.with_suffix(".zip")).read("answers.csv") == path.read_bytes()
    assert "score by" in printed
    assert "row-weighted" in printed


def test_the_mean_of_two_runs_is_the_mean_of_their_probabilities(submitted, run, cache, tmp_path):
    two = submit((run.folder, run.folder), output=tmp_path / "two.csv", cache=cache)
    assert submitted[0].read_text() == two.read_text()


def test_runs_of_other_classes_are_not_averaged(run, tmp_path):
    other = Run(tmp_path / "other")
    swapped = replace(LEARNS, tasks=(replace(TINY.tasks[0], classes=("green", "red", "blue")), TINY.tasks[1]))
    other.write_recipe(swapped, run.read_made())
    other.write_json("scores.json", {})
    with pytest.raises(InvalidInput, match="their order differ"):
        submit((run.folder, other.folder), output=tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


def test_classes_in_another_order_beside_the_questions_are_refused(run, tmp_path):
    data = write_data(tmp_path / "data", images=6)
    (data / "classes.csv").write_text("colour,green,red,blue\nshade,dark,light\n")
    with pytest.raises(InvalidInput, match="does not agree with the recipe"):
        submit((run.folder,), questions=data / "rank/Tests/question.csv", output=tmp_path / "x.csv", cache=tmp_path)


def test_a_question_without_its_image_gets_the_shares_in_training_only_when_allowed(run, tmp_path, capsys):
    data = write_data(tmp_path / "data", images=6)
    questions = data / "rank/Tests/question.csv"
    (data / "rank/Images/002.jpg").unlink()
    with pytest.raises(InvalidInput, match=r"question\.csv:3: .*002\.jpg: there is no such file"):
        submit((run.folder,), questions=questions, output=tmp_path / "x.csv", cache=tmp_path)
    path = submit((run.folder,), questions=questions, output=tmp_path / "x.csv", cache=tmp_path, skip_bad_images=True)
    prior = json.loads((run.folder / "prior.json").read_text())["shade"]
    answer = path.read_text().splitlines()[2].rpartition(",")[2]
    np.testing.assert_allclose([float(p) for p in answer.split(";")], prior, atol=1e-8)
    assert "002.jpg" in capsys.readouterr().out


def test_bad_images_stop_a_training_before_it_starts(tmp_path):
    data = write_data(tmp_path / "data", images=6)
    (data / "base/Images/005.jpg").write_bytes(b"")
    with pytest.raises(InvalidInput, match=r"label\.csv:6: .*005\.jpg: the file is empty"):
        train(CONVNET, data, tmp_path / "run", cache=tmp_path)
    assert not (tmp_path / "run").exists()


def test_an_image_that_goes_bad_while_training_is_named(tmp_path):
    material = read_material(CONVNET, write_data(tmp_path / "data", images=20), False, tmp_path)
    for image in (tmp_path / "data/base/Images").iterdir():
        image.write_bytes(b"gone")
    for kept, reason in ((0, "not an image"), (1, "the file has changed since it was checked")):
        trainer = Preparation.of(CONVNET, material, tmp_path, picture_cache=kept).trainer(Run(tmp_path / "run"))
        with pytest.raises(InvalidInput, match=rf"label\.csv:\d+: .*\.jpg: {reason}"):
            trainer.fit()


@pytest.mark.parametrize("gigabytes", [-1.0, math.nan, math.inf])
def test_a_picture_cache_of_no_size_is_refused(tmp_path, gigabytes):
    with pytest.raises(InvalidInput, match="--picture-cache is"):
        train(TINY, tmp_path, picture_cache=gigabytes)


def test_training_on_everything_gives_a_network_and_says_there_is_no_score(data, cache, tmp_path, capsys):
    run = train(replace(CONVNET, validation=0.0), data, tmp_path / "run", cache=cache)
    assert run.read_json("scores.json")["best"] is None
    assert run.weights.is_file()
    assert not (run.folder / "probabilities.npz").exists()
    printed = capsys.readouterr().out
    assert "no score" in printed
    assert "90 images to train on, 0 held out, 16 per step\nstage 1: 1 epochs of 6 steps, trains all, learn" in printed


def test_a_smoke_test_runs_every_stage_once_on_a_few_images(data, cache, tmp_path):
    run = train(replace(LEARNS, batch_size=8), data, tmp_path / "run", smoke=True, cache=cache)
    assert len(history(run)) == 2
    assert run.read_made()["smoke"] is True


def test_a_layer_that_a_later_stage_cannot_find_is_refused_before_anything_is_trained(data, cache, tmp_path):
    with pytest.raises(InvalidInput, match="no such layer"):
        train(replace(LEARNS, trains=("heads", "conv99")), data, tmp_path / "run", cache=cache)
    assert not (tmp_path / "run").exists()


def test_the_same_seed_gives_the_same_weights(twice):
    first, again = twice
    assert again.kept.report == first.kept.report
    for name, values in first.kept.probabilities.items():
        np.testing.assert_array_equal(again.kept.probabilities[name], values)
    for values, same in zip(first.network.get_weights(), again.network.get_weights(), strict=True):
        np.testing.assert_array_equal(values, same)


def test_another_seed_gives_other_weights_and_the_same_split(run, other):
    assert list(other.held_out.dataset.ids) == list(read_predictions(run).images)  # the split has a seed of its own
    for row, here in zip(history(other.run)[:3], history(run), strict=False):
        assert row["loss"] != here["loss"]


def test_a_run_folder_that_exists_is_never_overwritten(run, data, tmp_path):
    before = (run.folder / "recipe.json").read_bytes()
    with pytest.raises(InvalidInput, match="never overwritten"):
        train(TINY, data, run.folder, cache=tmp_path)
    assert (run.folder / "recipe.json").read_bytes() == before


def rates(recipe: Recipe, stage: Stage, steps: int) -> list[float]:
    rate = learning_rate(recipe, stage, steps)
    return [float(rate(step)) if callable(rate) else rate for step in range(steps * stage.epochs)]


def test_a_constant_rate_stays():
    assert set(rates(TINY, Stage(2, 0.1, "all"), 5)) == {0.1}


def test_cosine_warms_up_to_the_peak_and_falls_to_one_percent():
    recipe = replace(TINY, schedule="cosine", warmup_steps=10)
    got = rates(recipe, Stage(10, 0.1, "all"), 10)
    np.testing.assert_allclose(got[:10], np.linspace(0.01, 0.1, 10, endpoint=False), atol=0.01)
    assert np.argmax(got) == 10
    share = (np.arange(90) / 90)[:, None] * np.pi
    np.testing.assert_allclose(got[10:], 0.1 * (0.99 * 0.5 * (1 + np.cos(share[:, 0])) + 0.01), rtol=1e-4)


def test_halved_is_the_published_formula():
    recipe = replace(TINY, schedule="step_decay", halve_every=3)
    expected = [0.8 * 0.5 ** ((1 + epoch) // 3) for epoch in range(7) for _ in range(4)]
    np.testing.assert_allclose(rates(recipe, Stage(7, 0.8, "all"), 4), expected, rtol=1e-6)


def test_a_stage_too_short_for_one_update_is_refused(data, cache, tmp_path):
    with pytest.raises(InvalidInput, match=r"--accumulate 1000: .* would never change"):
        train(replace(CONVNET, accumulate=1000), data, tmp_path / "run", cache=cache)
    assert not (tmp_path / "run").exists()


def test_accumulated_gradients_do_not_hurry_the_schedule():
    """With plain descent on a gradient of 1, a step is the rate: after two batches of an epoch of two it is halved."""
    recipe = replace(TINY, schedule="step_decay", halve_every=2, accumulate=2, optimizer="sgd")
    optimizer = make_optimizer(recipe, learning_rate(recipe, Stage(4, 0.8, "all"), 2), 8)
    optimizer.momentum = 0.0
    weight, steps = keras.Variable([0.0]), []
    optimizer.build([weight])
    for _ in range(8):
        before = float(weight[0])
        optimizer.apply([keras.ops.ones(1)])
        steps.append(before - float(weight[0]))
    np.testing.assert_allclose(steps, [0, 0.8, 0, 0.4, 0, 0.4, 0, 0.2], rtol=1e-6)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"optimizer": "adam", "amsgrad": True}, {"amsgrad": True}),
        ({"optimizer": "adamw", "weight_decay": 0.01}, {"weight_decay": 0.01}),
        ({"optimizer": "sgd"}, {"nesterov": False, "momentum": 0.9}),
        ({"ema": 0.9}, {"use_ema": True, "ema_momentum": 0.9}),
        ({}, {"use_ema": False}),
        ({"accumulate": 4}, {"gradient_accumulation_steps": 4}),
    ],
)
def test_the_optimizer_is_what_the_recipe_says(fields, expected):
    config = make_optimizer(replace(TINY, **fields), 0.1, 100).get_config()
    assert {name: config[name] for name in expected} == expected


@pytest.mark.parametrize(("steps", "momentum"), [(200, 0.98), (40, 0.9), (3, 0)])
def test_an_average_of_weights_leaves_where_a_short_stage_began(steps, momentum):
    optimizer = make_optimizer(replace(TINY, ema=0.98, accumulate=2), 0.1, steps)
    assert optimizer.ema_momentum == pytest.approx(momentum)


def test_out_of_memory_names_the_batch_size_to_try():
    import tensorflow as tf

    with (
        pytest.raises(InvalidInput, match=r"with 32 images.*--batch-size 16"),
        devices.memory_explained(32),
    ):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    with (
        pytest.raises(InvalidInput, match=r"with 32 images per step and device; buy more$"),
        devices.memory_explained(32, "buy more"),
    ):
        raise MemoryError


@pytest.fixture(scope="module")
def odd(tmp_path_factory) -> tuple[Run, list[str]]:
    """A run, and its warnings: an image may have several colours, one is broken, one grey, one transparent, and nobody
    labelled the sleeves."""
    folder = tmp_path_factory.mktemp("odd")
    data = write_data(folder / "data", images=40)
    for name in ("base/Annotations/label.csv", "rank/Tests/answers.csv"):
        (data / name).write_text((data / name).read_text().replace(",ynn\n", ",yyn\n"))
    (data / "base/Images/005.jpg").write_bytes(b"")
    cv2.imwrite(str(data / "base/Images/grey.png"), np.full((20, 20), 90, np.uint8))
    cv2.imwrite(str(data / "base/Images/clear.png"), np.full((20, 20, 4), 90, np.uint8))
    with (data / "base/Annotations/label.csv").open("a") as file:
        file.writelines(f"Images/{name}.png,colour_labels,yyn\n" for name in ("grey", "clear"))
    tasks = (replace(COLOUR, kind="multilabel"), SHADE, Task("sleeve", ("short", "long")))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        run = train(replace(CONVNET, tasks=tasks), data, folder / "run", skip_bad_images=True, cache=folder)
    return run, [str(warning.message) for warning in caught]


def test_a_task_nobody_labelled_is_a_warning_and_the_others_are_trained_and_scored(odd):
    run, warned = odd
    assert any("sleeve has not a single label" in message for message in warned)
    assert [task["task"] for task in run.read_json("scores.json")["best"]["tasks"]] == ["colour", "shade"]


def test_a_bad_image_that_is_skipped_is_listed_and_transparent_and_grey_ones_are_trained_on(odd):
    (skipped,) = (odd[0].folder / "skipped.txt").read_text().splitlines()
    assert "005.jpg" in skipped
    assert odd[0].finished


def test_a_multilabel_task_is_submitted_checked_and_scored(odd, tmp_path, capsys):
    with pytest.warns(UserWarning, match="sleeve has not a single label"):  # in the answers either
        submit((odd[0].folder,), output=tmp_path / "x.csv", cache=tmp_path)
    assert "row-weighted" in capsys.readouterr().out


def test_too_few_images_to_hold_any_out_is_explained(tmp_path):
    data = write_data(tmp_path / "data", images=3)
    with pytest.raises(InvalidInput, match="too few to hold out"):
        train(TINY, data, tmp_path / "run", cache=tmp_path)


def test_images_are_mixed_in_training_where_the_recipe_says_so_and_features_are_not(data, cache, tmp_path):
    trainer = prepared(replace(CONVNET, mixup=0.4), data, tmp_path, cache)
    plain = prepared(CONVNET, data, tmp_path, cache).view_batches()[0]
    images, targets, weights = trainer.view_batches()[0]
    assert (images != plain[0]).any()
    largest = np.concatenate([values.max(axis=1)[weights[name] > 0] for name, values in targets.items()])
    assert ((largest > 0.5) & (largest < 0.99)).any()  # two classes share a target
    features = np.zeros((len(trainer.training), 1))
    for name, values in trainer.feature_batches(Features(features, np.arange(len(features))))[0][1].items():
        np.testing.assert_array_equal(values, plain[1][name])
    trainer.fit()
    assert np.isfinite(trainer.history[-1]["loss"])
