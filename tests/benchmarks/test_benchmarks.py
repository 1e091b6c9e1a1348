"""The bench: its table and goals, how it compares, its yardstick, and a group of rows from end to end."""

import importlib.util
import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import cv2
import numpy as np
import pytest
from helpers import waves
from scipy import ndimage
from small_data import read_data, write_data

from benchmarks import label_files
from benchmarks.__main__ import Group, bench
from benchmarks.child import run_python, train_until
from benchmarks.classic import augment, classic_view
from benchmarks.input import Views, geometry_of, mean_difference
from benchmarks.measure import median_seconds, time_in_turns, times_in
from benchmarks.memory import repeat
from benchmarks.places import SHARED, Places, workplace
from benchmarks.report import MISSED, Measurement, line, summary, write_json
from competition.errors import InvalidInput
from competition.images.warp import Geometry
from competition.layouts.fashionai import read_label_files

GOOD, BAD, REPORTED = Measurement("a", 2, 1), Measurement("b", 2, 1, at_least=False, detail="why"), Measurement("c", 2)


def test_a_row_that_misses_its_goal_says_so():
    assert [MISSED in line(row) for row in (GOOD, BAD, REPORTED)] == [False, True, False]
    assert summary([GOOD, BAD, REPORTED]) == "1 of 2 goals missed"


@pytest.mark.parametrize(("value", "at_least", "at_most"), [(0.9, False, True), (1.0, True, True), (1.1, True, False)])
def test_a_goal_is_the_least_or_the_most_and_is_met_by_itself(value, at_least, at_most):
    assert Measurement("row", value, 1.0).met is at_least
    assert Measurement("row", value, 1.0, at_least=False).met is at_most
    assert Measurement("row", value).met is None


def test_numbers_of_numpy_are_judged_and_written_like_others(tmp_path):
    row = Measurement("row", np.float64(0.5), 1.0)
    assert MISSED in line(row)
    write_json([row], tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text())[0]["met"] is False


@pytest.mark.parametrize("at_least", [True, False])
def test_what_is_not_a_number_meets_no_goal(at_least):
    assert Measurement("row", float("nan"), 1.0, at_least).met is False


def test_json_holds_five_keys_a_row(tmp_path):
    write_json([GOOD, BAD, REPORTED, replace(GOOD, value=float("nan"))], tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {"row": "a", "value": 2, "goal": 1, "met": True, "detail": ""},
        {"row": "b", "value": 2, "goal": 1, "met": False, "detail": "why"},
        {"row": "c", "value": 2, "goal": None, "met": None, "detail": ""},
        {"row": "a", "value": None, "goal": 1, "met": False, "detail": ""},
    ]


class Machine:
    """A clock that goes on only while something works, and a record of who worked."""

    def __init__(self):
        self.now, self.calls = 0.0, ""

    def clock(self) -> float:
        return self.now

    def work(self, name: str, *takes: float):
        """Something that takes each of these seconds in turn, and the last of them from then on."""
        calls = count()

        def once() -> None:
            self.calls += name
            self.now += takes[min(next(calls), len(takes) - 1)]

        return once


def test_two_works_are_compared_in_turns_after_one_of_each_that_does_not_count():
    machine = Machine()
    compared = time_in_turns(machine.work("a", 900, 2), machine.work("b", 100, 6), budget=32, clock=machine.clock)
    assert machine.calls == "ab" + "ab" + "ba" + "ab" + "ba"
    assert (compared.first, compared.second) == ((2,) * 4, (6,) * 4)
    assert compared.ratio == 3
    assert compared.speeds(12) == "6 against 2 images/s"


def test_one_slow_turn_changes_no_ratio():
    machine = Machine()
    compared = time_in_turns(
        machine.work("a", 2, 2, 50, 2), machine.work("b", 6, 6, 6, 6), budget=1, clock=machine.clock
    )
    assert compared.ratio == 3


def test_the_ratio_is_that_of_the_turns_on_a_machine_that_slows_down():
    machine = Machine()
    first, second = machine.work("a", 1, 1, 2, 10, 20, 4), machine.work("b", 1, 3, 6, 30, 60, 400)
    compared = time_in_turns(first, second, budget=133, clock=machine.clock)
    assert compared.ratio == 3  # and not 18 / 4, that of the medians
    assert compared.spread == "half of 5 turns 3.00 to 3.00"


def test_a_slow_work_has_three_turns_and_a_fast_one_no_more_than_twenty_one():
    for takes, turns in ((1000, 3), (0.001, 21)):
        machine = Machine()
        compared = time_in_turns(machine.work("a", takes), machine.work("b", takes), budget=60, clock=machine.clock)
        assert len(compared.first) == turns


def test_a_burst_is_as_long_as_is_wanted_and_never_empty():
    for takes, calls in ((0.25, 8), (30, 1)):
        machine = Machine()
        assert times_in(2, machine.work("a", 100, takes), machine.clock) == calls


def test_a_row_that_a_machine_cannot_have_is_named_and_misses_no_goal(tmp_path):
    row = Measurement("bfloat16", None, 1.5, detail="this processor has none")
    assert row.met is None
    assert line(row).split() == ["bfloat16", "left", "out", ">=", "1.5", "this", "processor", "has", "none"]
    write_json([row], tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text())[0]["value"] is None


def test_the_median_of_several_calls():
    machine = Machine()
    assert median_seconds(machine.work("a", 1, 70, 2), times=3, clock=machine.clock) == 2


def test_the_classic_way_leaves_a_picture_alone_where_nothing_varies():
    picture = waves(21, 21).astype(np.float32)
    np.testing.assert_allclose(augment(picture, Geometry()), picture, atol=1e-4)


def test_the_classic_way_mirrors_and_turns_by_right_angles():
    picture = waves(21, 21).astype(np.float32)
    np.testing.assert_allclose(augment(picture, Geometry(mirrored=True)), picture[:, ::-1], atol=1e-3)
    np.testing.assert_allclose(augment(picture, Geometry(angle=90)), np.rot90(picture, -1), atol=1e-3)
    np.testing.assert_allclose(augment(picture, Geometry(angle=180)), picture[::-1, ::-1], atol=1e-3)


def test_the_classic_way_is_bilinear_interpolation_at_the_places_where_pixels_come_from():
    picture, geometry = waves(32, 32).astype(np.float32), Geometry(True, 20, 1.2, 0.9, 0.05, -0.1)
    row, column = np.mgrid[:32, :32] - 15.5
    x, y = column - 32 * 0.05, row + 32 * 0.1  # shifted back
    turn = np.deg2rad(20)
    x, y = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x  # turned back
    places = [y / 0.9 + 15.5, -x / 1.2 + 15.5]  # unzoomed and mirrored
    channels = np.moveaxis(picture, -1, 0)
    expected = [ndimage.map_coordinates(channel, places, order=1, mode="nearest") for channel in channels]
    np.testing.assert_allclose(augment(picture, geometry), np.stack(expected, axis=-1), atol=1e-3)


def test_the_classic_way_starts_from_a_full_resize():
    picture = waves(40, 60)
    content = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    expected = cv2.resize(picture, (30, 30)).astype(np.float32)  # which OpenCV rounds, not always to the nearest
    np.testing.assert_allclose(classic_view(content, 30, Geometry()), expected, atol=1)


def test_views_differ_from_the_classic_way_by_a_few_grey_levels():
    picture = cv2.resize(waves(60, 80), (640, 480), interpolation=cv2.INTER_CUBIC)
    content = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
    assert geometry_of((0, 0, 0)) != geometry_of((0, 0, 1))
    assert mean_difference(Views(), [content, content]) < 2


def test_every_group_has_its_module():
    groups = [name for part in get_args(Group) for name in (get_args(part) or [part])]
    assert "input" in groups
    assert [name for name in groups if importlib.util.find_spec(f"benchmarks.{name}") is None] == []


def test_the_command_measures_a_group_prints_it_and_writes_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, size in (("LABELS", 60), ("QUESTIONS", 30), ("TIMES", 2)):
        monkeypatch.setattr(label_files, name, size)
    write_json([Measurement("of an older bench", 1)], tmp_path / "runs/bench.json")
    assert bench(["label_files"]) == 0
    rows = json.loads((tmp_path / "runs/bench.json").read_text())
    assert [set(row) for row in rows] == [{"row", "value", "goal", "met", "detail"}] * 4
    assert [row["goal"] for row in rows] == [1.0, 0.5, 15.0, 1.0]
    assert all(row["value"] > 0 for row in rows)
    printed = capsys.readouterr().out
    assert all(row["row"] in printed for row in rows)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"runs/bench.json"}


def test_data_and_weights_are_those_given_else_of_the_variable_else_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(SHARED, raising=False)
    assert Places(Path("mine"), "w.h5").data == tmp_path / "mine"
    assert Places(Path("mine"), "w.h5").weights == str(tmp_path / "w.h5")
    assert Places().weights == "none"
    shared = tmp_path / "elsewhere"
    (shared / "data/clothing").mkdir(parents=True)
    (shared / "weights").mkdir()
    (shared / "weights/squeezenet_v1.1_imagenet_notop.h5").touch()
    monkeypatch.setenv(SHARED, "elsewhere")
    assert Places().data == shared / "data/clothing"
    assert Places().weights == str(shared / "weights/squeezenet_v1.1_imagenet_notop.h5")


def test_a_workplace_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with workplace() as folder:
        assert folder.is_absolute()
        (folder / "file").touch()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_data_set_is_repeated_under_other_names(tmp_path):
    once = read_data(write_data(tmp_path / "once", images=6, questions=1))
    repeat(once, 15, tmp_path / "many")
    many = read_label_files([tmp_path / "many/base/Annotations/label.csv"], once.tasks)
    assert len(set(many.names)) == 15
    assert [many.path(row).read_bytes() for row in range(15)] == [once.path(row % 6).read_bytes() for row in range(15)]
    for task in once.tasks:
        np.testing.assert_array_equal(many.codes[task.name], once.codes[task.name][np.arange(15) % 6])


def test_a_child_that_fails_is_an_error_with_its_own_words(tmp_path):
    with pytest.raises(InvalidInput, match="no such thing"):
        run_python(["-c", "raise SystemExit('no such thing')"], tmp_path)


def test_the_peak_of_a_child_is_not_that_of_its_parent(tmp_path):
    held = np.ones(50_000_000)
    printed = run_python(["-c", "from benchmarks.until_step import peak; print(peak())"], tmp_path)
    assert 0.005 < float(printed) < held.nbytes / 1e9 / 2


@pytest.mark.slow
def test_a_training_is_ended_after_a_step(tmp_path):
    write_data(tmp_path / "data")
    flags = "--backbone small --weights none --image-size 32 --batch-size 16 --precision float32"
    flags += " --trains all --learning-rate 1e-3"
    seconds, gigabytes = train_until(2, ["clothing", "--data", "data", *flags.split(), "--epochs", "50"], tmp_path)
    assert seconds > 0
    assert gigabytes > 0.1
    assert list((tmp_path / "runs").glob("*/recipe.json"))
    assert not list((tmp_path / "runs").glob("*/history.csv"))  # no epoch came to its end


@pytest.mark.slow
def test_what_is_done_between_epochs_is_in_no_epoch_and_what_follows_the_last_is_in_it(monkeypatch):
    from benchmarks import engine

    machine, trainer = Machine(), SimpleNamespace(say=None)
    monkeypatch.setattr(engine.time, "perf_counter", machine.clock)
    epoch, save = machine.work("epoch", 5, 3, 2), machine.work("save", 1)

    def fit() -> None:
        for _ in range(3):
            epoch()
            trainer.say("an epoch is over")
        save()

    laps = engine.Laps(trainer, machine.work("between", 100))
    laps.time(fit)
    assert laps.seconds == [5, 3, 3]
