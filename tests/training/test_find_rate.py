"""The learning-rate range test: the rates it tries, the loss it smooths, where it stops, and what it suggests."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import refusal
from small_data import TINY, write_data

from competition.commands.find_lr import find_lr
from competition.data.load import Material, read_material
from competition.run import Run, list_runs, new_run
from competition.training.find_rate import RangeTest, RateWatch, find_rate, write
from competition.training.prepare import Preparation

LEARNS = replace(TINY, batch_size=8, learning_rate=(7e-3,), schedule="cosine")
CONVNET = replace(LEARNS, backbone="convnet")
LOWEST, HIGHEST = 1e-6, 1.0


@pytest.fixture(scope="module")
def material(tmp_path_factory) -> Material:
    folder = tmp_path_factory.mktemp("squares")
    return read_material(LEARNS, write_data(folder / "data", images=200), False, folder / "cache")


@pytest.fixture(scope="module")
def untrained(material) -> Preparation:
    return Preparation.of(CONVNET, material, Path("unused"))


@pytest.fixture(scope="module")
def found(material, tmp_path_factory) -> tuple[float, Path]:
    """A range test of the only stage: its suggestion, and the folder with what it wrote."""
    test = find_rate(Preparation.of(LEARNS, material, Path("unused")), 1, LOWEST, HIGHEST)
    run = Run(tmp_path_factory.mktemp("found"))
    write(test, run, "test")
    return test.suggestion, run.folder


def rows_of(folder: Path) -> list[dict[str, float]]:
    with (folder / "find-lr.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def losses_at(rate: float, material: Material, folder: Path) -> list[float]:
    """The loss of each epoch of a training with a constant rate."""
    recipe = replace(LEARNS, learning_rate=(rate,), epochs=(3,), schedule="constant")
    trainer = Preparation.of(recipe, material, folder).trainer(Run(folder))
    trainer.fit()
    return [row["loss"] for row in trainer.history]


def test_the_suggested_rate_trains_and_a_hundred_times_as_much_does_not(found, material, tmp_path):
    rate, _ = found
    good, bad = losses_at(rate, material, tmp_path / "good"), losses_at(100 * rate, material, tmp_path / "bad")
    # Seeds 0, 1, 2: the one falls to 0.19, 0.69, 0.58 of the first loss, the other rises to 9.5, 2.0, 6.3 times it.
    assert good[-1] < good[0] < bad[-1]
    assert bad[-1] > 1.9 * good[-1]


def test_the_rate_rises_by_the_same_factor_each_step_whatever_the_schedule_of_the_recipe(found):
    rates = [row["learning_rate"] for row in rows_of(found[1])]
    steps = 170 // 8  # whole batches of one pass
    assert len(rates) > 0.8 * steps
    np.testing.assert_allclose(rates, np.geomspace(LOWEST, HIGHEST, steps)[: len(rates)], rtol=1e-4)


def test_the_table_holds_the_loss_of_each_step_and_its_moving_average(found):
    rows = rows_of(found[1])
    losses = np.array([row["loss"] for row in rows])
    for step in range(len(rows)):  # each loss counts 0.9 times as much as the one after it
        weights = 0.9 ** np.arange(step, -1, -1)
        assert rows[step]["smoothed"] == pytest.approx((weights * losses[: step + 1]).sum() / weights.sum(), rel=1e-9)
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))


def test_each_loss_is_that_of_its_batch_alone(material, tmp_path):
    """At a rate too small to change anything, what the first network gives for each batch in training."""
    preparation = Preparation.of(CONVNET, material, tmp_path)
    batches = preparation.trainer(Run(tmp_path)).view_batches()
    expected = []
    for batch in range(10):
        images, targets, weights = batches[batch]
        given = preparation.network(images, training=True)
        each = {name: -(targets[name] * np.log(given[name])).sum(axis=1) for name in targets}
        expected.append(sum((each[name] * weights[name]).mean() for name in targets))
    test = find_rate(preparation, 1, 1e-12, 1e-11, 10)
    np.testing.assert_allclose(test.losses, expected, rtol=1e-3)


def curve(*losses: float) -> RangeTest:
    """A test whose rate rises tenfold a step."""
    return RangeTest(10.0 ** np.arange(-len(losses), 0), np.array(losses))


def test_the_suggestion_is_a_tenth_of_the_rate_where_the_smoothed_loss_is_lowest():
    test = curve(*[1.0] * 20, 0.9, 0.5, 0.1, 0.05, 8, 9)
    assert test.suggestion == pytest.approx(test.rates[23] / 10)


def test_a_lucky_first_step_is_not_the_lowest():
    test = curve(0.2, *np.linspace(1.2, 0.4, 19), *[3.0] * 5)
    assert test.suggestion == pytest.approx(test.rates[np.argmin(test.smoothed[2:]) + 2] / 10)
    assert test.lowest > 10


@pytest.mark.parametrize("losses", [np.ones(20), np.linspace(1, 3, 20), np.full(20, np.nan)])
def test_where_the_loss_falls_at_no_rate_nothing_is_suggested(losses):
    assert curve(*losses).suggestion is None


def test_steps_after_which_the_loss_is_no_number_are_not_the_lowest():
    test = curve(*np.linspace(2, 1, 20), np.nan)
    assert test.suggestion == pytest.approx(test.rates[19] / 10)


@pytest.mark.parametrize(("last", "stops"), [(1.0, False), (12.0, False), (30.0, True), (math.nan, True)])
def test_it_stops_when_the_smoothed_loss_is_four_times_the_lowest(last, stops):
    """After ten losses of 1 the next counts 0.146: 12 makes the mean 2.6, and 30 makes it 5.2."""
    model = SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1), stop_training=False, reset_metrics=int)
    watch = RateWatch()
    watch.set_model(model)
    for loss in [1.0] * 10 + [last]:
        assert not model.stop_training
        watch.on_train_batch_begin(0)
        watch.on_train_batch_end(0, {"loss": loss})
    assert model.stop_training == stops


def test_no_step_is_taken_after_the_loss_has_exploded(material, tmp_path):
    test = find_rate(Preparation.of(CONVNET, material, tmp_path), 1, 1e-2, 1e6)
    assert 2 <= len(test.losses) == len(test.rates) < 170 // 8


def test_a_stage_is_tested_from_the_weights_that_earlier_stages_give_it(material, tmp_path):
    """The second stage of heads begins with a smaller loss than the first, which begins with untrained ones."""
    recipe = replace(CONVNET, epochs=(2, 1), learning_rate=(1e-2, 1e-3), trains=("heads", "heads"))
    first, second = (find_rate(Preparation.of(recipe, material, tmp_path), n, 1e-6, 1e-5, 10).losses for n in (1, 2))
    assert len(first) == len(second) == 10
    assert second[0] < 0.5 * first[0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"number": 2}, "--stage 2: allowed are 1 to 1"),
        ({"number": 0}, "--stage 0: allowed are 1 to 1"),
        ({"lowest": 0.1, "highest": 1e-3}, "cannot rise from 0.1 to 0.001"),
        ({"lowest": 0.0, "highest": 1e-3}, "cannot rise from 0 to 0.001"),
        ({"steps": 5}, "5 steps are too few to see where the loss turns: one pass over 170 images has 21, and 10"),
    ],
)
def test_what_cannot_be_tested_is_refused(options, text, untrained):
    arguments = {"number": 1, "lowest": 1e-6, "highest": 0.1, **options}
    assert text in refusal(lambda: find_rate(untrained, **arguments))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"stage": 2}, "--stage 2: allowed are 1 to 1"),
        ({"lowest": 0.1, "highest": 1e-3}, "cannot rise from 0.1 to 0.001"),
    ],
)
def test_the_command_refuses_a_stage_and_a_range_before_it_looks_for_images(options, text, tmp_path):
    assert text in refusal(lambda: find_lr(LEARNS, tmp_path / "nothing there", **options))


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        (None, "one pass over 41 images has 5, and 10 are needed; give a smaller --batch-size"),
        (3, "one pass over 41 images has 5, and 10 are needed; give a smaller --batch-size, or more --steps"),
        (0, "or more --steps"),
    ],
)
def test_the_command_refuses_too_few_steps_before_it_builds_a_network(steps, ending, tmp_path, monkeypatch):
    monkeypatch.setattr(Preparation, "of", None)
    data = write_data(tmp_path / "data")
    message = refusal(lambda: find_lr(LEARNS, data, steps=steps, cache=tmp_path / "cache"))
    assert message.endswith(ending)


def test_the_command_leaves_its_picture_and_table_in_a_folder_that_is_no_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path / "data/tiny", images=100)
    recipe = replace(CONVNET, batch_size=4, epochs=(1, 1), learning_rate=(0.5, 7e-3), trains=("all", "heads"))
    rate = find_lr(recipe, steps=15, highest=1e-2)
    folder = tmp_path / "runs/tiny-find-lr-1"
    assert sorted(path.name for path in folder.iterdir()) == ["find-lr.csv", "find-lr.png"]
    assert len(rows_of(folder)) == 15
    assert f"suggested: --learning-rate {rate:.1e} 0.007 (stage 1; the recipe has 0.5)" in capsys.readouterr().out
    assert list_runs() == []
    assert new_run("tiny").name == "tiny-1"
