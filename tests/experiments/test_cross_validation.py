"""Cross-validation: what is trained, what is left alone, what goes on, and how the parts are put together."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from helpers import given_by, make_dataset, refusal, write
from predicted import write_views
from small_data import TINY, write_data

from competition.__main__ import main
from competition.commands.cv import cv
from competition.commands.submit import submit
from competition.data.folds import make_folds
from competition.errors import InvalidInput
from competition.experiments import out_of_fold
from competition.experiments.cross_validation import FoldJob, open_experiment
from competition.experiments.out_of_fold import gain_of_the_mean, mean_over_parts, put_together, scores_of, summary
from competition.experiments.runner import Job, lock_of, shares_of_gpus, train_all
from competition.files import locked
from competition.layouts.fashionai_submission import parse_values
from competition.run import Run
from competition.scoring import plots
from competition.scoring.blend import Blend
from competition.scoring.predictions import HELD_OUT, TEST, read_predictions
from competition.scoring.reports import report_files

MADE = {"command": "competition cv", "commit": None, "started": "2026-01-02T03:04:05+00:00", "precision": "float32"}
VIEWS = ("plain", "flip")
QUICK = replace(TINY, backbone="convnet")  # built and traced in a third of the time
DATASET = make_dataset({"colour": [0, 1, 2] * 8, "shade": [0, 1] * 12})


@pytest.fixture
def folds_file(tmp_path) -> Path:
    return write_folds(tmp_path / "folds.csv")


def write_folds(path: Path, seed: int = 0, test_share: float = 0.0) -> Path:
    make_folds(DATASET, 3, seed, test_share).write(path)
    return path


@pytest.fixture
def experiment(tmp_path, folds_file, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return open_experiment(TINY, folds_file, 1, VIEWS, MADE, None)


def finish(run: Run, scores=None) -> None:
    run.write_recipe(TINY, MADE)
    run.write_json("scores.json", scores or {"best": {"map": 0.5, "accuracy": 0.5}, "seconds": 1})


def test_every_fold_is_trained_once_with_its_seed_and_flags(experiment, trainer, capsys):
    experiment = replace(experiment, seeds=2)
    train_all(experiment.parts, ["--data", "here"], [None, None])
    assert experiment.missing == []
    folder = experiment.whole.folder
    for part in experiment.parts:
        assert part.run.name == f"seed-{part.seed}-fold-{part.fold}"
        assert trainer(part)[:4] == ["-m", "competition", "train", str(folder / "recipe.json")]
        flags = trainer(part)[4:]
        assert flags[flags.index("--seed") + 1] == str(part.seed)
        assert flags[flags.index("--data") + 1] == "here"
        assert flags[flags.index("--fold") + 1 :][:2] == [str(folder / "folds.csv"), str(part.fold)]
        assert flags[flags.index("--run") + 1 :] == [str(part.run.folder)]
        assert part.log.read_text() == "about 2 s an epoch\na line for the log\n"
    assert {(part.seed, part.fold) for part in experiment.parts} == {(s, f) for s in (0, 1) for f in (0, 1, 2)}
    shown = capsys.readouterr().out.splitlines()
    assert sorted(shown) == [f"seed-{seed}-fold-{fold}: about 2 s an epoch" for seed in (0, 1) for fold in (0, 1, 2)]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([None], {("unset", "unset")}),
        ([None, None], {("4", "unset")}),
        (["0,3", "1", "2"], {("2", "0,3"), ("2", "1"), ("2", "2")}),
        ([None] * 20, {("1", "unset")}),
    ],
)
def test_each_training_has_its_share_of_the_machine(experiment, trainer, monkeypatch, shares, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setenv("TOGETHER", str(min(3, len(shares))))  # so many begin before the first ends
    train_all(experiment.parts, [], shares)
    found = [(part.run.folder / "machine").read_text().splitlines() for part in experiment.parts]
    assert {(threads, gpus) for threads, gpus, _ in found} == expected
    assert {path for *_, path in found} == {os.environ["PATH"]}


def test_only_what_is_missing_is_trained_and_remains_are_removed(experiment, trainer):
    finish(experiment.parts[0].run)
    write(experiment.parts[1].run.folder / "history.csv", "half a training")
    train_all(experiment.missing[:1], [], [None])
    assert [(part.run.folder / "words").exists() for part in experiment.parts] == [False, True, False]
    assert not (experiment.parts[1].run.folder / "history.csv").exists()
    assert [part.fold for part in experiment.missing] == [2]


def test_a_training_that_fails_is_shown_with_the_end_of_its_log(experiment, monkeypatch, tmp_path):
    failing = write(tmp_path / "python", ["#!/bin/sh", "echo line 3", "echo broken >&2", "exit 3"])
    failing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(failing))
    message = refusal(train_all, experiment.missing, [], [None])
    assert "seed-0-fold-0 could not be trained" in message
    assert str(experiment.parts[0].log) in message
    assert message.endswith("line 3\n  broken")
    assert not experiment.parts[1].log.exists()  # no other was started


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (
            "kill -9 $$",
            ["was killed by the system (SIGKILL), most likely for lack of memory", "--batch-size", "--jobs"],
        ),
        ("kill -15 $$", ["was ended by signal 15 (Terminated)"]),
        ("exit 143", ["was ended by signal 15 (Terminated)"]),  # as a program that handles the signal ends
    ],
)
def test_a_training_that_is_killed_says_by_what_and_how_to_go_on(experiment, monkeypatch, tmp_path, ends, words):
    killed = write(tmp_path / "python", ["#!/bin/sh", "echo stage 1", ends])
    killed.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killed))
    message = refusal(train_all, experiment.missing, [], [None])
    assert message.startswith("seed-0-fold-0 ")
    assert [
        word for word in [*words, "The same command goes on", "stage 1"] if word.lower() not in message.lower()
    ] == []


def test_a_log_that_cannot_be_written_stops_its_training(experiment, monkeypatch, tmp_path):
    lines = ["#!/bin/sh", "trap '' PIPE", "while echo a line; do :; done", "sleep 3", "touch survived"]
    talking = write(tmp_path / "python", lines)
    talking.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(talking))
    monkeypatch.chdir(tmp_path)
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        message = refusal(train_all, experiment.missing, [], [None])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
    assert message.startswith(f"{experiment.parts[0].log} cannot be written: File too large")
    assert not (tmp_path / "survived").exists()


def test_folds_that_another_process_has_are_an_error_once_all_else_is_done(tmp_path, trainer, monkeypatch, capsys):
    monkeypatch.setenv("STOPS", "1")
    data = write_data(tmp_path / "data")
    write(tmp_path / "tiny.json", json.dumps({"recipe": asdict(QUICK), "made": {}}))
    command = ["cv", "tiny.json", "--data", str(data), "--folds", "2", "--run", "whole"]
    assert main(command) == 1
    assert capsys.readouterr().err.splitlines()[-3:] == [
        "error: whole/ is not complete; once these have finished, the same command goes on:",
        "  seed-0-fold-0: not finished; its log is whole/seed-0-fold-0.log",
        "  seed-0-fold-1: not finished; its log is whole/seed-0-fold-1.log",
    ]
    part = FoldJob(Run(Path("whole")), Run(Path("whole/seed-0-fold-1")), Path(), (), 0, 1)
    with locked(lock_of(part)):
        assert main(command) == 1
    said = capsys.readouterr()
    assert "seed-0-fold-1: another process is training it; its log is whole/seed-0-fold-1.log" in said.err
    assert "seed-0-fold-1: another process is training it\n" in said.out
    with locked(lock_of(part)), pytest.raises(InvalidInput, match="seed-0-fold-0: not finished"):
        cv(QUICK, data, Path("whole"), folds=2, only=(0,))  # the other is not asked for


def test_the_same_experiment_goes_on_and_another_is_new(experiment, folds_file, tmp_path):
    assert open_experiment(TINY, folds_file, 1, VIEWS, MADE, None).whole == experiment.whole
    assert open_experiment(replace(TINY, dropout=0.5), folds_file, 1, VIEWS, MADE, None).whole != experiment.whole
    assert (
        open_experiment(TINY, write_folds(tmp_path / "other.csv", seed=1), 1, VIEWS, MADE, None).whole
        != experiment.whole
    )
    experiment.whole.write_json("scores.json", {})
    for part in experiment.parts:
        finish(part.run)
    for name in report_files(experiment.whole, TINY.tasks):
        experiment.whole.write_text(name, "a report")
    assert open_experiment(TINY, folds_file, 1, VIEWS, MADE, None).whole != experiment.whole


def test_a_folder_of_another_experiment_is_refused_with_what_differs(experiment, folds_file, tmp_path):
    folder = experiment.whole.folder
    assert open_experiment(TINY, folds_file, 1, VIEWS, MADE, folder).whole.folder == folder
    other = replace(TINY, dropout=0.5, batch_size=7)
    message = refusal(open_experiment, other, folds_file, 1, VIEWS, MADE, folder)
    assert "dropout is 0.0 (requested: 0.5)" in message
    assert "batch_size is 16 (requested: 7)" in message
    others = write_folds(tmp_path / "other.csv", seed=1)
    assert "different folds" in refusal(open_experiment, TINY, others, 1, VIEWS, MADE, folder)
    Run(tmp_path / "single").write_recipe(TINY, MADE)
    assert "a single training" in refusal(open_experiment, TINY, folds_file, 1, VIEWS, MADE, tmp_path / "single")


def test_on_a_fraction_of_the_images_it_is_another_experiment_and_each_fold_is_told(trainer, tmp_path, monkeypatch):
    monkeypatch.setenv("STOPS", "1")
    data = write_data(tmp_path / "data", images=24)
    with pytest.raises(InvalidInput, match="is not complete"):
        cv(QUICK, data, folds=2, fraction=0.5)
    whole = Run(tmp_path / "runs/tiny-cv-1")
    for part in whole.trainings:
        assert "--fraction 0.5 " in (part.folder / "words").read_text()
    assert whole.read_made()["fraction"] == 0.5
    message = refusal(lambda: cv(QUICK, data, whole.folder, folds=2))
    assert "fraction is 0.5 (requested: 1)" in message


def test_the_seed_of_a_split_makes_no_other_cross_validation_because_folds_are_its_split(experiment, folds_file):
    assert open_experiment(replace(TINY, split_seed=7), folds_file, 1, VIEWS, MADE, None).whole == experiment.whole


def test_what_was_begun_with_other_views_or_more_seeds_is_another_experiment(experiment, folds_file):
    folder = experiment.whole.folder
    message = refusal(open_experiment, TINY, folds_file, 1, ("plain",), MADE, folder)
    assert "views flip plain (requested: plain)" in message
    experiment.whole.write_json("scores.json", {})
    more = open_experiment(TINY, folds_file, 2, VIEWS, MADE, folder)
    assert more.whole == experiment.whole
    assert not more.whole.finished  # its score was that of one seed
    assert len(more.whole.trainings) == 6
    assert "2 seeds (requested: 1)" in refusal(open_experiment, TINY, folds_file, 1, VIEWS, MADE, folder)


def test_a_spoilt_folder_is_no_reason_not_to_begin(experiment, folds_file):
    (experiment.whole.folder / "recipe.json").write_text("{")
    assert open_experiment(TINY, folds_file, 1, VIEWS, MADE, None).whole != experiment.whole


def test_the_trainings_behind_a_run_are_itself_or_one_a_fold(experiment, tmp_path):
    Run(tmp_path / "single").write_recipe(TINY, MADE)
    assert Run(tmp_path / "single").trainings == [Run(tmp_path / "single")]
    (experiment.whole.folder / "seed-7-fold-0").mkdir()
    assert [run.name for run in experiment.whole.trainings] == [f"seed-0-fold-{fold}" for fold in range(3)]


def test_labels_that_were_changed_meanwhile_are_refused(experiment):
    for part in experiment.parts:
        rows = np.flatnonzero(experiment.folds.of(DATASET).fold == part.fold)
        write_views(part.run, DATASET.take(rows), random_views(DATASET.take(rows), part.fold))
    changed = {**DATASET.codes, "shade": DATASET.codes["shade"][:, ::-1]}
    message = refusal(mean_over_parts, experiment.parts, replace(DATASET, codes=changed), HELD_OUT)
    assert "other labels of shade" in message


STOPPED = """
import signal, sys
from pathlib import Path
from competition.experiments.runner import Job, train_all
from competition.run import Run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it
sys.executable = "./python"
train_all([Job(Run(Path("whole")), Run(Path("whole/one")), Path("recipe.json"), ())], [], [None])
"""
STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]


def test_a_training_ends_with_its_cross_validation_or_is_left_alone(tmp_path, monkeypatch, capsys):
    """Nothing can be done about it where the process that started it is killed, so nobody else may train that fold."""
    sleeping = ["#!/bin/sh", "echo $$ > child", "exec sleep 100"]
    folders = {number: write(tmp_path / number.name / "python", sleeping).parent for number in STOPPING}
    for folder in folders.values():
        (folder / "python").chmod(0o755)
        (folder / "whole").mkdir()
    command, children = [sys.executable, "-c", STOPPED], {}
    flags = {"stderr": subprocess.DEVNULL, "start_new_session": True}  # so that its child can be stopped with it
    parents = {number: subprocess.Popen(command, cwd=cwd, **flags) for number, cwd in folders.items()}
    try:
        for number, parent in parents.items():
            child = folders[number] / "child"
            wait_for(lambda child=child: child.is_file() and child.read_text().strip())
            children[number] = int(child.read_text())
            parent.send_signal(number)
        assert [number.name for number, parent in parents.items() if parent.wait(60) == 0] == []
        wait_for(lambda: not any(runs(child) for number, child in children.items() if number != signal.SIGKILL))
        assert runs(children[signal.SIGKILL])
        monkeypatch.chdir(folders[signal.SIGKILL])
        job = Job(Run(Path("whole")), Run(Path("whole/one")), Path("recipe.json"), ())
        train_all([job], [], [None])
        assert capsys.readouterr().out == "one: another process is training it\n"
        assert not job.run.folder.exists()
    finally:
        for parent in parents.values():
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(parent.pid, signal.SIGKILL)
            parent.wait()


@pytest.mark.parametrize("checkpoints", [True, False])
def test_a_fold_that_has_checkpoints_goes_on_and_another_begins_again(tmp_path, monkeypatch, checkpoints):
    python = write(tmp_path / "python", ["#!/bin/sh", "cat whole/one/history.csv; exit 1"])
    python.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", "./python")
    write(tmp_path / "whole/one/history.csv", "half of it")
    if checkpoints:
        (tmp_path / "whole/one/checkpoints").mkdir()
    message = refusal(train_all, [Job(Run(Path("whole")), Run(Path("whole/one")), Path("recipe.json"), ())], [], [None])
    assert ("half of it" in message) == checkpoints


def wait_for(what) -> None:
    for _ in range(1200):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within a minute")


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def random_views(dataset, seed: int, *views: str) -> dict:
    rng = np.random.default_rng(seed)
    return {
        view: {t.name: rng.dirichlet(np.ones(len(t)), len(dataset)) for t in dataset.tasks}
        for view in views or ["plain"]
    }


def test_out_of_fold_is_the_mean_over_the_seeds_in_the_order_of_the_dataset(experiment):
    experiment = replace(experiment, seeds=2)
    expected = np.zeros((len(DATASET), 3))
    for part in experiment.parts:
        rows = np.flatnonzero(experiment.folds.of(DATASET).fold == part.fold)[::-1]
        views = random_views(DATASET.take(rows), 10 * part.seed + part.fold, "plain", "flip")
        write_views(part.run, DATASET.take(rows), views, part.fold)
        expected[rows] += views["flip"]["colour"] / 2
    found = mean_over_parts(experiment.parts, DATASET, HELD_OUT)
    np.testing.assert_allclose(found["flip"]["colour"], expected, atol=1e-8)
    assert set(found) == {"plain", "flip"}


def test_the_gain_of_the_mean_is_over_the_mean_score_of_one(experiment):
    singles = []
    for part in experiment.parts:
        singles.append(write_views(part.run, DATASET, random_views(DATASET, part.fold), name=TEST).score())
    write_views(experiment.whole, DATASET, mean_over_parts(experiment.parts, DATASET, TEST), name=TEST)
    gain = gain_of_the_mean(experiment.whole, experiment.parts)
    assert gain["images"] == len(DATASET)
    for name in ("map", "accuracy"):
        mean = getattr(read_predictions(experiment.whole, name=TEST).score(), name)
        single = np.mean([getattr(report, name) for report in singles])
        assert gain[name]["gain"]["value"] == pytest.approx(mean - single)
        assert gain[name]["gain"]["low"] < mean - single < gain[name]["gain"]["high"]


def predict(part: FoldJob, seed: int, rows: Mapping[int, Sequence[float]] | None = None) -> None:
    """What a training leaves of its fold: random probabilities, and those of colour for some `rows` of the data."""
    held = np.flatnonzero(make_folds(DATASET, 3, 0, 0.0).of(DATASET).fold == part.fold)
    views = random_views(DATASET.take(held), seed)
    for row, values in (rows or {}).items():
        views["plain"]["colour"][held == row] = values
    write_views(part.run, DATASET.take(held), views, part.fold)


@pytest.fixture
def two_seeds(tmp_path, folds_file, monkeypatch):
    """Two seeds of three folds, predicted; each training scores as its seed and fold say, the last has no score."""
    monkeypatch.chdir(tmp_path)
    experiment = open_experiment(TINY, folds_file, 2, VIEWS, MADE, None)
    for part in experiment.parts:
        predict(part, 10 * part.seed + part.fold)
        score = None if (part.seed, part.fold) == (1, 2) else 0.5 + 0.1 * part.seed + 0.01 * part.fold
        finish(part.run, {"best": {"map": score, "accuracy": 0.25}, "seconds": 60})
    views, fold = mean_over_parts(experiment.parts, DATASET, HELD_OUT), experiment.folds.of(DATASET).fold
    write_views(experiment.whole, DATASET, views, fold)
    return experiment


@pytest.fixture(scope="module")
def finished_folder(tmp_path_factory) -> Path:
    """Two seeds of three folds put together, of which one report could not be drawn.

    Rows 0 to 2 have .90000002 right, a wrong mean of .900000015, and .90000001 right, all others .5 wrong.
    """

    def full(*_):
        raise OSError(28, "No space left on device")

    sure = {0: [0.90000002] * 2, 1: [0.90000001, 0.90000002], 2: [0.90000001] * 2}
    answer = {row: {1: 2}.get(row, row) if row in sure else (row + 1) % 3 for row in range(len(DATASET))}
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        experiment = open_experiment(TINY, write_folds(folder / "folds.csv"), 2, VIEWS, MADE, None)
        for part in experiment.parts:
            tops = {row: sure[row][part.seed] if row in sure else 0.5 for row in range(len(DATASET))}
            rows = {row: np.where(np.arange(3) == answer[row], top, (1 - top) / 2) for row, top in tops.items()}
            predict(part, part.fold, rows)
            finish(part.run)
        patch.setattr(plots, "reliability", full)
        with pytest.warns(UserWarning, match=r"reliability.png could not be made .*space"):
            put_together(experiment, DATASET)
    return folder


@pytest.fixture
def finished(finished_folder, tmp_path, monkeypatch):
    """A copy of it, to go on with."""
    shutil.copytree(finished_folder, tmp_path / "finished")
    monkeypatch.chdir(tmp_path / "finished")
    return open_experiment(TINY, Path("folds.csv"), 2, VIEWS, MADE, None)


def test_the_mean_of_seeds_is_scored_with_the_decimals_of_a_submission(finished):
    """By hand: rounded, row 1 ties with one of its neighbours, so the precisions are 1/2, 2/3, 2/24 or 1, 2/3, 2/24.

    Without rounding they would be 1, 1/2, 2/3, 2/24.
    """
    colour = finished.whole.read_json("scores.json")["best"]["tasks"][0]
    one, other = np.mean([1 / 2, 2 / 3, 2 / 24]), np.mean([1, 2 / 3, 2 / 24])
    assert colour["ap"] == pytest.approx(one) or colour["ap"] == pytest.approx(other)
    assert read_predictions(finished.whole).score().tasks[0].ap == colour["ap"]


def test_a_report_that_fails_loses_no_score_and_the_same_command_makes_it(finished):
    folder = finished.whole.folder
    before = {path: path.stat().st_mtime_ns for path in folder.glob("[!.]*")}
    assert {path.name for path in before} >= {*report_files(finished.whole, TINY.tasks), "scores.json"} - {
        "reliability.png"
    }
    assert (folder.name, finished.missing, finished.whole.finished) == ("tiny-cv-1", [], True)
    put_together(finished, DATASET)
    after = {path: path.stat().st_mtime_ns for path in folder.glob("[!.]*")}
    assert set(after) - set(before) == {folder / "reliability.png"}
    assert {path: after[path] for path in before} == before
    assert open_experiment(TINY, Path("folds.csv"), 2, VIEWS, MADE, None).whole != finished.whole


def test_a_fold_that_another_process_finishes_meanwhile_is_left_to_the_next_time(two_seeds, monkeypatch):
    last, mean = two_seeds.parts[-1].run, mean_over_parts
    (last.folder / "scores.json").rename("scores.json")

    def meanwhile(*given):
        Path("scores.json").rename(last.folder / "scores.json")
        return mean(*given)

    with monkeypatch.context() as patch:
        patch.setattr(out_of_fold, "mean_over_parts", meanwhile)
        put_together(two_seeds, DATASET)
    assert (two_seeds.missing, two_seeds.whole.finished) == ([], False)
    put_together(two_seeds, DATASET)
    assert two_seeds.whole.finished
    assert len(read_predictions(two_seeds.whole)) == len(DATASET)


def test_reports_of_other_scores_do_not_stay(finished):
    again, folder = finished.parts[1], finished.whole.folder
    old = (folder / "mistakes.csv").read_text()
    (again.run.folder / "scores.json").unlink()  # to be trained again
    experiment = open_experiment(TINY, Path("folds.csv"), 2, VIEWS, MADE, folder)
    assert (experiment.missing, experiment.whole.finished) == ([again], False)
    predict(again, 99)
    finish(again.run)
    put_together(experiment, DATASET)
    assert (folder / "mistakes.csv").read_text() != old


def scores_of_two(experiment) -> dict:
    views = mean_over_parts(experiment.parts, DATASET, HELD_OUT)
    return scores_of(experiment.whole, experiment.parts, read_predictions(experiment.whole), views)


def test_each_seed_has_a_score_of_its_own_over_all_its_folds(two_seeds):
    scores = scores_of_two(two_seeds)
    assert scores["images"] == len(DATASET)
    fold_of = two_seeds.folds.of(DATASET).fold
    for number, seed in enumerate(scores["seeds"]):
        right = {"colour": 0, "shade": 0}
        for fold in range(3):
            rows = np.flatnonzero(fold_of == fold)
            given = random_views(DATASET.take(rows), 10 * number + fold)["plain"]
            right["colour"] += (given["colour"].argmax(axis=1) == rows % 3).sum()
            right["shade"] += (given["shade"].argmax(axis=1) == rows % 2).sum()
        assert seed["seed"] == number
        assert seed["accuracy"] == pytest.approx(np.mean([*right.values()]) / len(DATASET))
    assert len(scores["seeds"]) == 2
    assert len({seed["map"] for seed in scores["seeds"]} | {scores["best"]["map"]}) == 3


def test_folds_and_seeds_are_not_mixed_and_a_fold_without_a_score_is_named(two_seeds):
    scores = scores_of_two(two_seeds)
    scores["seeds"] = [{"seed": seed, "map": 0.7 + 0.1 * seed, "accuracy": 0.5} for seed in (0, 1)]
    two_seeds.whole.write_json("scores.json", scores)
    lines = summary(two_seeds.whole).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("mAP"))
    assert lines[start].endswith("the mean of 2 seeds")
    assert lines[start + 1 : start + 4] == [
        "  seed 0 0.7000 out of fold; folds 0.5100 ± 0.0100: 0.5000, 0.5100, 0.5200",
        "  seed 1 0.8000 out of fold; folds 0.6050 ± 0.0071 (of the 2 with a score): 0.6000, 0.6100, none",
        "  seeds 0.7500 ± 0.0707: 0.7000, 0.8000",
    ]


def test_where_nothing_has_a_score_none_is_said(two_seeds):
    scores = scores_of_two(two_seeds)
    nothing = {"map": None, "accuracy": None}
    gain = {"mean": None, "single": None, "gain": {"value": None, "low": None, "high": None}}
    scores |= {"best": nothing, "seeds": [{"seed": 0, **nothing}], "views": {"plain": nothing}}
    scores |= {"folds": [{"seed": 0, "fold": fold, **nothing} for fold in range(3)]}
    scores |= {"interval": {"map": [None, None], "accuracy": [None, None]}}
    scores |= {"test": {"images": 3, "map": gain, "accuracy": gain}}
    two_seeds.whole.write_json("scores.json", scores)
    text = summary(two_seeds.whole)
    assert "mAP      none out of fold (95 % none to none); folds without a score: none, none, none" in text
    assert "mAP on 3 test images: 3 networks none, one none, gain none (95 % none to none)" in text
    assert "nan" not in text


def test_gpus_are_shared_out_among_the_jobs(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,2,5,7")
    assert shares_of_gpus(1) == [None]
    assert shares_of_gpus(2) == ["0,5", "2,7"]
    assert "4 GPUs" in refusal(shares_of_gpus, 5)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert shares_of_gpus(3) == [None] * 3


def test_only_takes_numbers_with_commas():
    assert given_by(cv, "sketches", "--only", "2,3")["only"] == (2, 3)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"folds": 1}, "--folds is 1"),
        ({"seeds": 0}, "--seeds"),
        ({"jobs": 0}, "--jobs"),
        ({"only": (5,)}, "--only names 5"),
    ],
)
def test_numbers_that_make_no_cross_validation_are_refused(flags, named, tmp_path):
    with pytest.raises(InvalidInput, match=named):
        cv(TINY, tmp_path, **flags)


def answers(submission: Path) -> np.ndarray:
    """The probabilities in a submission, those of all rows one after the other."""
    return np.concatenate([parse_values(line.split(",")[2]) for line in submission.read_text().splitlines()])


AT_THE_END = """
import atexit, sys

def print_threads():
    if "tensorflow" in sys.modules:
        threading = sys.modules["tensorflow"].config.threading
        print("threads", threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())

atexit.register(print_threads)
"""


@pytest.mark.slow
def test_a_cross_validation_stops_goes_on_answers_every_image_and_the_questions(tmp_path, monkeypatch, capsys):
    """The first fold is trained by the real command line in a process of its own, the second one in this process."""
    monkeypatch.chdir(tmp_path)
    data = write_data(tmp_path / "data")
    write(tmp_path / "site/sitecustomize.py", AT_THE_END)  # Python imports it at its start
    with monkeypatch.context() as patch:
        patch.setenv("COMPETITION_THREADS", str(os.cpu_count() + 1))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))
        first = cv(QUICK, data, folds=2, only=(1,))
    assert "still misses seed-0-fold-0" in capsys.readouterr().out
    assert set(read_predictions(first).fold) == {1}
    assert f"threads {os.cpu_count() + 1} {os.cpu_count() + 1}\n" in (first.folder / "seed-0-fold-1.log").read_text()
    assert Run(first.folder / "seed-0-fold-1").read_made()["threads"] == os.cpu_count() + 1
    weights = first.folder / "seed-0-fold-1/model.weights.h5"
    before = weights.stat().st_mtime_ns
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(write(tmp_path / "python", ["#!/bin/sh", 'echo "$@"'])))
        (tmp_path / "python").chmod(0o755)
        assert "seed-0-fold-0: not finished" in refusal(lambda: cv(QUICK, data, folds=2))
    _, _, *command = (first.folder / "seed-0-fold-0.log").read_text().split()
    assert main(command) == 0
    run = cv(QUICK, data, folds=2)
    assert run == first
    assert weights.stat().st_mtime_ns == before
    together, scores = read_predictions(run, "flip"), run.read_json("scores.json")
    assert len(together) == len(set(together.images.tolist())) == 48
    for fold in (0, 1):
        part = read_predictions(Run(run.folder / f"seed-0-fold-{fold}"), "flip")
        rows = np.flatnonzero(together.fold == fold)
        assert sorted(part.images) == sorted(together.images[rows])
        place = [part.images.tolist().index(image) for image in together.images[rows].tolist()]
        for task in TINY.tasks:
            np.testing.assert_allclose(together.probabilities[task.name][rows], part.probabilities[task.name][place])
    assert scores["best"]["map"] == read_predictions(run).score().map
    assert [fold["fold"] for fold in scores["folds"]] == [0, 1]
    low, high = scores["interval"]["map"]
    assert low <= scores["best"]["map"] <= high

    plain, flip = (answers(submit([run.folder], views=(view,))) for view in ("plain", "flip"))
    parts = [answers(submit([run.folder / f"seed-0-fold-{fold}"])) for fold in (0, 1)]
    np.testing.assert_allclose(plain, np.mean(parts, axis=0), atol=1e-7)
    np.testing.assert_allclose(answers(submit([run.folder], views=("plain", "flip"))), (plain + flip) / 2, atol=1e-7)
    assert np.abs(plain - flip).max() > 1e-4
    weights = {task.name: np.array([0.25, 0.75]) for task in TINY.tasks}
    members = ((run.folder, "plain"), (run.folder, "flip"))
    Blend(members, "arithmetic", TINY.tasks, weights).write(Run(tmp_path / "runs/blend-1"), {})
    blended = submit([Path("runs/blend-1")])
    assert blended == Path("submissions/blend-1.csv")
    np.testing.assert_allclose(answers(blended), 0.25 * plain + 0.75 * flip, atol=1e-7)
