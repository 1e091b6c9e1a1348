"""A training that is killed or told to stop goes on, and ends as if nothing had happened; `make torture` has more."""

import re
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import refusal, write
from small_data import TINY, read_data, write_data
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray
from torture import Site, child, recipe

from competition import stopping, unfinished
from competition.commands.resume import resume
from competition.commands.train import train
from competition.errors import InvalidInput
from competition.files import whole_file
from competition.run import Run
from competition.scoring.predictions import read_predictions
from competition.training import time_limit
from competition.training.checkpoint import Checkpoint, Checkpoints
from competition.training.event_log import EventLog, scalars
from competition.training.time_limit import TimeLimit, share_epochs, shortened
from competition.training.watch import Watch

CONVNET = replace(TINY, backbone="convnet", epochs=(2, 2), learning_rate=(1e-3, 1e-3), trains=("heads", "all"))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("squares") / "data", images=90)


def interrupted(run: Path, data: Path, step: int, number: int = signal.SIGTERM, **flags) -> str:
    """Train CONVNET in this process until it gets a signal in a step; what is then said."""
    left, was = [step], Watch.on_train_batch_end

    def count(watch, batch, logs):
        left[0] -= 1
        if not left[0]:
            signal.raise_signal(number)
        was(watch, batch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Watch, "on_train_batch_end", count)
        with pytest.raises(stopping.Stopped) as stopped:
            train(CONVNET, data, run, cache=data.parent / "cache", tensorboard=True, **flags)
    return str(stopped.value)


def logged(run: Run) -> dict[str, list[tuple[int, float]]]:
    """All that TensorBoard reads in the folder of a run, with nothing left out: {tag: [(epoch, value)]}."""
    found = EventAccumulator(str(run.folder / "tensorboard"), {"tensors": 0}, purge_orphaned_data=False).Reload()
    events = {tag: found.Tensors(tag) for tag in found.Tags()["tensors"]}
    return {tag: [(one.step, float(make_ndarray(one.tensor_proto))) for one in all_] for tag, all_ in events.items()}


@pytest.mark.slow
def test_killed_three_times_and_stopped_once_a_training_ends_as_if_undisturbed(data, tmp_path, monkeypatch):
    """Weights, history, probabilities and submission, bit for bit: the recipe has all that draws or remembers."""
    undisturbed, site = Site(tmp_path / "undisturbed", data), Site(tmp_path / "killed", data)
    monkeypatch.chdir(undisturbed.folder)
    assert child("none", *undisturbed.ending()) == 0
    assert site.die("epoch", 7, minutes=0).returncode == -signal.SIGKILL
    stopped = site.die("head stage", 3, signal.SIGTERM)
    assert stopped.returncode == 128 + signal.SIGTERM
    assert "stage 2, epoch 4, step 3; to go on: competition resume runs/one" in stopped.stderr
    assert site.die("checkpoint", 3).returncode == -signal.SIGKILL
    assert site.die("reports", 2).returncode == -signal.SIGKILL
    monkeypatch.chdir(site.folder)
    assert child("none", *site.ending()) == 0
    assert site.result() == undisturbed.result()
    assert Run(site.run).read_recipe().epochs == recipe().epochs
    assert [entry["exact"] for entry in Run(site.run).read_made()["resumed"]] == [True] * 4
    assert not Run(site.run).checkpoints.exists()


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory) -> Run:
    return train(CONVNET, data, tmp_path_factory.mktemp("runs") / "one", cache=data.parent / "cache", tensorboard=True)


def same(run: Run, other: Run) -> bool:
    """Whether two runs have the same history, apart from its times, and the same probabilities."""
    histories = [pd.read_csv(one.folder / "history.csv").drop(columns="seconds") for one in (run, other)]
    here, there = (np.load(one.folder / "probabilities.npz") for one in (run, other))
    return histories[0].equals(histories[1]) and all((here[name] == there[name]).all() for name in there.files)


def test_stopped_in_each_stage_a_training_says_how_to_go_on_and_ends_the_same(data, tmp_path, undisturbed):
    """Within an epoch, in its last step, and in the second stage; the last time it is resumed by name."""
    folder = tmp_path / "run"
    for step, place in (
        (3, "stage 1, epoch 1, step 3"),
        (2, "stage 1, epoch 1, step 5"),
        (7, "stage 2, epoch 3, step 2"),
    ):
        message = interrupted(folder, data, step)
        assert message == f"stopped by SIGTERM; {folder}/ is saved at {place}; to go on: competition resume {folder}"
    late = EventLog(Run(folder))  # as if it had been killed once an epoch was logged that is not in a checkpoint
    late.begin([])
    late.add({"epoch": 3, "learning_rate": 1.0, "loss": 9.0})
    late.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(data.parent)
        assert same(resume(folder), undisturbed)
    assert logged(Run(folder)) == logged(undisturbed)
    assert not Run(folder).checkpoints.exists()
    assert not (folder / ".training.lock").exists()
    assert "has finished; `competition report" in refusal(resume, folder)


def test_the_log_for_tensorboard_has_the_numbers_of_the_history_epoch_by_epoch(undisturbed):
    history, log = pd.read_csv(undisturbed.folder / "history.csv"), logged(undisturbed)
    for tag, column in (
        ("loss/training", "loss"),
        ("loss/held out", "val_loss"),
        ("map/held out", "val_map"),
        ("accuracy/held out", "val_accuracy"),
        ("accuracy/training/colour", "accuracy_colour"),
        ("accuracy/held out/shade", "val_accuracy_shade"),
        ("ap/held out/colour", "val_ap_colour"),
        ("basic_precision/held out", "val_basic_precision"),
        ("learning_rate", "learning_rate"),
    ):
        epochs, values = zip(*log.pop(tag), strict=True)
        assert epochs == (1, 2, 3, 4), tag
        np.testing.assert_allclose(values, history[column], rtol=1e-6, err_msg=tag)
    assert set(log) == {"accuracy/training/shade", "accuracy/held out/colour", "ap/held out/shade"}
    assert [*scalars({"epoch": 1, "stage": 1, "loss": 0.5})] == [("loss/training", 0.5)]  # by an earlier version


def test_without_tensorboard_the_message_says_how_to_install_it(data, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    message = refusal(lambda: train(CONVNET, data, tmp_path / "run", tensorboard=True))
    assert message.endswith("which is not installed; to install it: make extras EXTRAS=tensorboard")
    assert not (tmp_path / "run").exists()


def copied(stopped: Run, folder: Path) -> Run:
    shutil.copytree(stopped.folder, folder)
    return Run(folder)


@pytest.fixture(scope="module")
def stopped(data, tmp_path_factory) -> Run:
    """A run with two checkpoints, stopped in its first epoch."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    interrupted(folder, data, 3, checkpoint_minutes=0)
    return Run(folder)


def test_resume_finds_the_newest_that_nobody_holds(stopped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("competition.commands.resume.train", lambda recipe, data, run, **flags: Run(run))
    assert "holds no training that was stopped" in refusal(resume)
    for name in ("first", "second"):
        copied(stopped, Path("runs") / name)
    with unfinished.exclusive(Run(Path("runs/second"))):
        assert resume().name == "first"
        with unfinished.exclusive(Run(Path("runs/first"))):
            assert "runs/second: another process is training it" in refusal(resume)
    assert resume().name == "second"
    write(tmp_path / "runs/second/scores.json", "{}")
    assert resume().name == "first"
    assert "there is no such run" in refusal(resume, Path("runs/third"))


def test_another_process_may_not_train_in_the_same_folder(data, stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    with unfinished.exclusive(run):
        assert f"{run.folder}: another process is training it" in refusal(lambda: train(CONVNET, data, run.folder))


def test_another_recipe_or_other_data_are_refused_with_what_differs(data, stopped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = copied(stopped, Path("run"))
    before = {path.name: path.read_bytes() for path in run.folder.glob("*.*")}
    other = replace(CONVNET, dropout=0.5, epochs=(2, 3))
    message = refusal(train, other, data, run.folder)
    assert "dropout was 0.0 and is 0.5" in message
    assert "epochs was (2, 2) and is (2, 3)" in message
    assert "--fresh" in message
    here = write_data(tmp_path / "data", images=90)
    labels = here / "base/Annotations/label.csv"
    labels.write_text("\n".join(labels.read_text().splitlines()[:-1]))
    _, *changed = refusal(train, CONVNET, here, run.folder).splitlines()
    assert [line.split()[4] for line in changed] == ["labels", "images", "split"]
    assert "runs/tiny-1/ is saved" in interrupted(run.folder, data, 1, fresh=True)
    assert {path.name: path.read_bytes() for path in run.folder.glob("*.*")} == before


def test_another_machine_is_refused_unless_accepted_and_then_recorded(data, stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    made = run.read_made()
    run.write_recipe(run.read_recipe(), made | {"threads": 99})
    message = refusal(lambda: train(CONVNET, data, run.folder, cache=data.parent / "cache"))
    assert f"threads: 99 before, {made['threads']} now" in message
    assert "--accept-other-machine" in message
    interrupted(run.folder, data, 1, accept_other_machine=True)
    (entry,) = run.read_made()["resumed"]
    assert (entry["exact"], entry["threads"]) == (False, made["threads"])
    run.write_recipe(run.read_recipe(), made | {"replicas": 4})
    message = refusal(lambda: train(CONVNET, data, run.folder, cache=data.parent / "cache"))
    assert "replicas: 4 before, 1 now" in message


def test_a_checkpoint_that_cannot_be_read_is_named_and_the_one_before_goes_on(data, stopped, tmp_path, undisturbed):
    run = copied(stopped, tmp_path / "run")
    _, newer = sorted(run.checkpoints.glob("*.npz"))
    newer.write_bytes(newer.read_bytes()[:1000])
    with pytest.warns(UserWarning, match=rf"{newer.name} cannot be read .*; it is left out"):
        train(CONVNET, data, run.folder, cache=data.parent / "cache")
    assert same(run, undisturbed)


def test_a_checkpoint_of_another_training_is_left_out_and_lost_weights_are_named(data, stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    for path in run.checkpoints.glob("*.json"):
        path.write_text(path.read_text().replace('"of": "', '"of": "0'))
    with pytest.warns(UserWarning, match="it is of another training"):
        interrupted(run.folder, data, 4)  # from its beginning: its own checkpoints do not count
    state = next(Checkpoints(run).read()).state
    assert (state["stage"], state["step"]) == (1, 4)
    lost = Checkpoint({"kept": {"epoch": 2}}, {})
    assert "has lost the weights of epoch 2" in refusal(Checkpoints(run).take_weights, lost)


def test_other_flags_that_decide_the_result_are_refused_by_name(data, stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    for flags, words in (
        ({"views": ("plain", "flip")}, "--views was ['plain']"),
        ({"smoke": True}, "--smoke was False"),
        ({"fraction": 0.5}, "--fraction was 1.0 and is 0.5"),
    ):
        message = refusal(lambda flags=flags: train(CONVNET, data, run.folder, cache=data.parent / "cache", **flags))
        assert words in message
        assert "content" not in message


def test_a_run_of_before_there_was_a_fraction_goes_on_with_all_images(stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    made = run.read_made()
    now = dict(made["arguments"])
    del made["arguments"]["fraction"], made["arguments"]["tensorboard"]
    run.write_recipe(run.read_recipe(), made)
    assert unfinished.agreed(run, CONVNET, made["content"], now) == CONVNET
    assert "--fraction was 1.0 and is 0.5" in refusal(
        unfinished.agreed, run, CONVNET, made["content"], now | {"fraction": 0.5}
    )


def test_a_halved_rate_is_that_of_a_schedule_that_never_steps(data, tmp_path, monkeypatch):
    """With fewer epochs than `halve_every` the rate is a variable, which a checkpoint holds as well."""
    recipe = replace(CONVNET, schedule="step_decay", halve_every=5, epochs=(1, 1))
    was, rates = Watch.on_train_batch_end, []

    def spoil(watch, batch, logs):
        if watch.number == 2:
            rates.append(float(watch.model.optimizer.learning_rate))
            logs = logs | ({"loss": np.nan} if len(rates) == 1 else {})
        was(watch, batch, logs)

    monkeypatch.setattr(Watch, "on_train_batch_end", spoil)
    train(recipe, data, tmp_path / "run", cache=data.parent / "cache", on_nan="halve")
    np.testing.assert_allclose(rates, [1e-3] + [5e-4] * (len(rates) - 1))
    assert len(rates) > 2


def test_a_run_that_another_process_has_finished_meanwhile_is_not_trained_again(stopped, tmp_path):
    run = copied(stopped, tmp_path / "run")
    write(run.folder / "scores.json", "{}")

    def hold() -> None:
        with unfinished.exclusive(run):
            raise AssertionError("it was finished")

    assert "is never overwritten" in refusal(hold)


def test_the_weights_are_those_that_were_the_best_at_the_checkpoint(tmp_path):
    """Those of a later epoch may have been written before the training was killed."""
    checkpoints, state = Checkpoints(Run(tmp_path)), {"stage": 1}
    weights = write(tmp_path / "model.weights.h5", "of epoch 1")
    checkpoints.write(Checkpoint(state, {"a": np.arange(3)}))
    with whole_file(weights) as path:
        path.write_text("of epoch 2")
    (found,) = checkpoints.read()
    assert weights.read_text() == "of epoch 2"
    checkpoints.take_weights(found)
    assert weights.read_text() == "of epoch 1"


def test_two_checkpoints_are_kept_the_newest_first(tmp_path):
    checkpoints = Checkpoints(Run(tmp_path))
    for step in range(4):
        checkpoints.write(Checkpoint({"step": step}, {"a": np.full(2, step)}))
    assert [(one.state["step"], one.arrays["a"].tolist()) for one in checkpoints.read()] == [(3, [3, 3]), (2, [2, 2])]
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == ["3.json", "3.npz", "4.json", "4.npz"]
    write(checkpoints.folder / ".writing-half.npz", "what a kill left")
    write(checkpoints.folder / "5.npz", "without its state")
    checkpoints.tidy()
    assert sorted(path.name for path in checkpoints.folder.iterdir()) == ["3.json", "3.npz", "4.json", "4.npz"]
    assert not Checkpoint({}, {"a": np.array([0.0, np.nan])}).finite


def test_a_loss_that_is_no_number_goes_back_and_halves_the_rate(data, tmp_path, monkeypatch, capsys):
    """The loss of a step of stage 2 is spoilt twice; from the checkpoint before it each step is done again."""
    was, left = Watch.on_train_batch_end, [2]

    def spoil(watch, batch, logs):
        if (watch.number, watch.step) == (2, 1) and left[0]:
            left[0] -= 1
            logs = logs | {"loss": np.nan}
        was(watch, batch, logs)

    monkeypatch.setattr(Watch, "on_train_batch_end", spoil)
    run = train(CONVNET, data, tmp_path / "run", cache=data.parent / "cache", on_nan="halve", tensorboard=True)
    assert [epoch for epoch, _ in logged(run)["loss/training"]] == [1, 2, 3, 4]
    rates = pd.read_csv(run.folder / "history.csv")["peak_learning_rate"]
    np.testing.assert_allclose(rates, [1e-3, 1e-3, 2.5e-4, 2.5e-4])
    printed = capsys.readouterr().out
    assert f"competition report {run.folder}" in printed
    place = "stage 2 (all), epoch 3, step 2, peak learning rate"
    # The second time it goes back to the checkpoint before the one that led to the same end.
    for rate, half, saved in (
        ("0.001", "0.0005", "stage 1, epoch 2, step 5"),
        ("0.0005", "0.00025", "stage 1, epoch 1, step 5"),
    ):
        back = f"back to {saved}; the peak learning rate of stage 2 is {half} from now on"
        assert f"{place} {rate}: the loss is not a finite number: {back}" in printed


def test_a_rate_is_halved_three_times_at_most_and_the_images_of_the_step_are_named(data, tmp_path):
    recipe = replace(CONVNET, epochs=(1, 1), learning_rate=(1e-3, 1e30))
    with pytest.warns(UserWarning, match=r"is not a finite number; epoch \d is kept\. Try a lower") as caught:
        run = train(recipe, data, tmp_path / "run", cache=data.parent / "cache", on_nan="halve")
    assert run.finished
    (message,) = [str(one.message) for one in caught if "is kept" in str(one.message)]
    assert "peak learning rate 1.25e+29" in message
    epoch, step = map(int, re.search(r"epoch (\d+), step (\d+)", message).groups())
    held_out = set(read_predictions(run).images.tolist())
    every = read_data(data)
    images = np.array([name for name, one in zip(every.names, every.ids, strict=True) if one not in held_out])
    order = np.random.default_rng((recipe.seed, epoch - 1)).permutation(len(images))
    rows = np.resize(order, 5 * recipe.batch_size).reshape(5, -1)[step - 1]
    assert message.partition("The images of that step:\n")[2].split() == images[rows].tolist()


@pytest.mark.parametrize(
    ("epochs", "share", "expected"),
    [([4], 1.5, [4]), ([4], 0.6, [2]), ([8, 8, 2], 0.5, [4, 4, 1]), ([8, 8, 2], 0.2, [2, 1, 0]), ([4], 0.2, [0])],
)
def test_the_epochs_that_fit_are_shared_out_in_proportion(epochs, share, expected):
    assert share_epochs(epochs, share) == expected


def test_a_plan_keeps_to_the_time_that_is_left(monkeypatch):
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: 1000.0)
    recipe = replace(CONVNET, epochs=(20, 4))

    def epochs(minutes: float, heads: float, epoch: float) -> tuple[int, ...]:
        limit = TimeLimit(1000 + 60 * minutes, scoring=5, reports=20)
        return shortened(recipe, limit, lambda stage: heads if stage.trains == "heads" else epoch * stage.epochs).epochs

    assert epochs(60, 30, 60) == (20, 4)
    assert epochs(3.5, 30, 60) == (20, 1)  # 210 - 20 - (36 + 10) - 10 leave 134 seconds for epochs of 72
    assert epochs(2, 30, 60) == (20,)
    with pytest.raises(
        InvalidInput, match=r"--max-minutes leaves too little time for the features of the heads; give about 1 more"
    ):
        epochs(1, 60, 60)


def test_a_training_that_ends_just_in_time_is_not_said_to_be_cut_short(data, tmp_path, monkeypatch):
    """There is no room for another epoch, and none was planned."""
    monkeypatch.setattr(TimeLimit, "has_room", lambda limit, seconds: False)
    short = replace(CONVNET, epochs=(1,), learning_rate=(1e-3,), trains=("all",))
    run = train(short, data, tmp_path / "run", cache=data.parent / "cache", max_minutes=60)
    assert "out_of_time" not in run.read_scores()


def test_an_epoch_that_does_not_fit_is_cut_and_scored(data, tmp_path, monkeypatch):
    """Time is up within the second stage; the run has a score all the same, and no more epochs."""
    left = [16]

    def is_up(limit) -> bool:
        left[0] -= 1
        return left[0] < 0

    monkeypatch.setattr(TimeLimit, "is_up", is_up)
    run = train(CONVNET, data, tmp_path / "run", cache=data.parent / "cache", max_minutes=60)
    rows = pd.read_csv(run.folder / "history.csv")
    assert run.read_scores()["out_of_time"] == "within epoch 3 of 4, step 4 of 5"
    assert rows["stage"].tolist() == [1, 1, 2]
    assert run.finished
    assert rows["val_map"].notna().all()


@pytest.mark.parametrize("flag", ["max_minutes", "checkpoint_minutes"])
def test_minutes_that_are_no_number_are_refused(tmp_path, flag):
    assert f"--{flag.replace('_', '-')} is -1" in refusal(lambda: train(TINY, tmp_path, **{flag: -1}))
