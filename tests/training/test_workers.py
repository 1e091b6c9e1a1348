"""Several processes train like one: told to stop, killed, and started again; each makes only its part of a batch."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torture
from helpers import refusal
from small_data import TINY, random_labels, weights_of, write_data

from competition.cluster import Cluster, cluster_of_environment
from competition.commands.cv import cv
from competition.commands.resume import resume
from competition.commands.sweep import sweep
from competition.commands.train import train
from competition.images.batches import PredictBatches, StageBatches, TrainBatches
from competition.images.mix import MixedBatches
from competition.run import Run
from competition.scoring.predictions import read_predictions

RECIPE = replace(
    TINY,
    backbone="convnet",  # without batch normalisation: by its part of a batch, a worker cannot be like one process
    epochs=(2, 2),
    learning_rate=(1e-4, 2e-4),
    trains=("heads", "all"),
    optimizer="sgd",
    mixup=0.2,
    cutmix=0.2,
    flip=True,
    rotation=5.0,
    validation=0.2,
    batch_size=8,
)
ROOT = Path(torture.__file__).parents[1]
free_addresses = runpy.run_path(str(ROOT / "deploy/local.py"))["free_addresses"]


def config(addresses: list[str], index: int = 0, kind: str = "worker", **jobs) -> str:
    return json.dumps({"cluster": {"worker": addresses, **jobs}, "task": {"type": kind, "index": index}})


def started(folder: Path, sent: int = 0, phase: str = "none", step: int = 0) -> list[tuple[int, str]]:
    """Status and output of two workers that train in a folder; the second may send itself a signal in some step."""
    (chief, other), running = free_addresses(2), []
    for index, kind in enumerate(("chief", "worker")):
        death = (phase, str(step), str(int(sent))) if index else ("none", "0", "0")
        train = ("train", "recipe.json", "--data", "data", "--run", "runs/together", "--views", "plain", "flip")
        train += ("--max-minutes", "60")
        environment = os.environ | {"TF_CONFIG": config([other], 0, kind, chief=[chief]), "PYTHONPATH": str(ROOT)}
        with (folder / f"{index}.log").open("w") as log:
            command = [sys.executable, torture.__file__, "die", *death, *train]
            running.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
    statuses = [process.wait(timeout=300) for process in running]
    return [(status, (folder / f"{index}.log").read_text()) for index, status in enumerate(statuses)]


def assert_alike(one: Run, other: Run) -> None:
    """Weights, history and probabilities of two runs agree within 1e-5, and these are of the same images in order."""
    mine, theirs = weights_of(one.folder), weights_of(other.folder)
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_allclose(values, theirs[name], atol=1e-5, err_msg=name)
    histories = [pd.read_csv(run.folder / "history.csv").drop(columns=["seconds"]) for run in (one, other)]
    pd.testing.assert_frame_equal(*histories, atol=1e-5, rtol=0)
    for view in ("plain", "flip"):
        given, expected = read_predictions(one, view), read_predictions(other, view)
        assert given.images.tolist() == expected.images.tolist()
        for task, values in given.probabilities.items():
            np.testing.assert_allclose(values, expected.probabilities[task], atol=1e-5)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    write_data(folder / "data", images=100)
    (folder / "recipe.json").write_text(json.dumps({"recipe": asdict(RECIPE), "made": {}}))
    return folder


@pytest.fixture(scope="module")
def alone(site) -> Run:
    """The run of one process with the batches of both."""
    recipe, views = replace(RECIPE, batch_size=16), ("plain", "flip")
    return train(recipe, site / "data", site / "runs/alone", views=views, cache=site / "alone")


@pytest.mark.slow
def test_workers_that_are_stopped_and_killed_go_on_and_end_like_one_process(site, alone):
    # Told to stop one of them, both stop after the same step, here the last of an epoch, and the chief saves it.
    first = started(site, phase="head stage", step=4, sent=signal.SIGTERM)
    assert [status for status, _ in first] == [143, 143], first
    for _, printed in first:
        assert "runs/together/ is saved at stage 1, epoch 1, step 5; to go on: competition resume" in printed
    # One that is killed stops the other, which names it.
    second = started(site, phase="epoch", step=7, sent=signal.SIGKILL)
    assert [status for status, _ in second] == [75, -signal.SIGKILL], second
    (message,) = (line for line in second[0][1].splitlines() if line.startswith("error: "))
    assert message.startswith("error: worker 1 (127.0.0.1:") and "ended or cannot be reached any more" in message
    shutil.copytree(site / "runs/together", site / "runs/left")
    # Started again, they end like one that nobody disturbed, and only the chief has written.
    third = started(site)
    assert [status for status, _ in third] == [0, 0], third
    run = Run(site / "runs/together")
    assert_alike(run, alone)
    made = run.read_made()
    assert (made["replicas"], [one["exact"] for one in made["resumed"]]) == (2, [True, True])
    assert "holds the run" in third[0][1] and "holds the run" not in third[1][1]
    assert {path.name for path in (site / "runs").iterdir()} == {"alone", "together", "left"}


@pytest.mark.slow
def test_another_number_of_workers_goes_on_where_it_is_accepted(site, alone):
    recipe, left = RECIPE, site / "runs/left"  # as the second of the trainings above has left it
    options = {"views": ("plain", "flip"), "cache": site / "cache"}
    message = refusal(lambda: train(recipe, site / "data", left, **options))
    assert "replicas: 2 before, 1 now" in message and "--accept-other-machine" in message
    run = train(recipe, site / "data", left, accept_other_machine=True, **options)
    assert_alike(run, alone)
    assert run.read_made()["resumed"][-1]["exact"] is False
    assert run.read_made()["resumed"][-1]["replicas"] == 1


@pytest.mark.parametrize("kind", [TrainBatches, MixedBatches])
@pytest.mark.parametrize("mixing", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}])
def test_the_parts_of_a_batch_are_together_the_batch_and_only_theirs_are_made(kind, mixing):
    made = []

    def images(rows: np.ndarray, epoch: int) -> np.ndarray:
        made.append(set(rows.tolist()))
        return np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3), np.uint8)[rows]

    batches = StageBatches(kind(random_labels(100), replace(TINY, **mixing), 16, images), 2, first=3)
    for step in (0, 5, 8):  # of two epochs, one the last of its epoch
        (whole, targets, weights), parts = batches[step], [batches.share(step, number, 4) for number in range(4)]
        np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), whole)
        for place, given in ((1, targets), (2, weights)):
            for name, values in given.items():
                np.testing.assert_array_equal(np.concatenate([part[place][name] for part in parts]), values)
    assert all(len(rows) <= 8 for rows in made[1:5])  # four images and at most as many partners


def test_the_parts_of_a_batch_to_predict_hold_whole_pictures_in_order():
    class Numbers(list):
        recipe = replace(TINY, image_size=8)

    pictures = Numbers(np.full((4, 4, 4), number, np.uint8) for number in range(10))
    batches = PredictBatches(pictures, 4, ("plain", "flip"))
    parts = [batches.share(2, number, 2)[:, 0, 0, 0].tolist() for number in range(2)]
    assert parts == [[8, 8, 9, 9], [9, 9, 9, 9]]
    np.testing.assert_array_equal(np.concatenate([batches.share(2, number, 2) for number in range(2)]), batches[2])


def test_the_parts_of_workers_with_several_devices_are_put_together_in_order():
    from competition.model.workers import Worker

    strategy, batches = (
        SimpleNamespace(num_replicas_in_sync=4),
        StageBatches(TrainBatches(random_labels(40), TINY, 8, lambda rows, _: rows), 1),
    )
    own = []
    for index in range(2):
        worker = object.__new__(Worker)
        worker.strategy, worker.index, worker.count = strategy, index, 2
        own.append(worker.own(batches))
        assert len(own[-1]) == 2 * len(batches)
    # As Keras does in `_multi_worker_concat`: the first replica of each worker, then the second of each.
    parts = [own[index][2 * 3 + replica][0] for replica in range(2) for index in range(2)]
    assert np.concatenate(parts).tolist() == batches[3][0].tolist()


def test_a_worker_that_would_train_something_else_is_refused_with_what_differs():
    from competition.model.workers import Process, Worker

    worker = object.__new__(Worker)
    worker.index, worker.from_chief = 1, lambda value: {"labels": "a", "images": "b", "--smoke": False}
    message = refusal(worker.refuse_differences, {"labels": "a", "images": "c", "--smoke": True})
    assert message.startswith("worker 1 does not have what the chief has: images, --smoke.")
    Process().refuse_differences({"labels": "a"})


def test_several_machines_do_not_train_in_float16(monkeypatch):
    from competition.model.workers import Process
    from competition.training import precision

    half = precision.Choice("mixed_float16", {"float32": 2.0, "mixed_float16": 1.0})
    assert precision.for_workers(half, TINY) is half
    two = Process()
    two.count = 2
    monkeypatch.setattr(precision, "here", lambda: two)
    assert precision.for_workers(half, replace(TINY, precision="auto")).policy == "float32"
    assert "on several give" in refusal(precision.for_workers, half, replace(TINY, precision="mixed_float16"))


def test_a_checkpoint_for_another_number_of_replicas_keeps_means_and_sums():
    from competition.training.checkpoint import Checkpoint

    arrays = {"fit/0/0": np.array([1.0, 2.0]), "fit/1/0": np.array(4.0), "fit/1/1": np.array(8.0)}
    arrays |= {"metrics/0/0": np.array(3.0), "metrics/0/1": np.array(5.0), "kept/weights/0": np.array(7.0)}
    arrays |= {"fit/2/0": np.array(9), "fit/2/1": np.array(9)}
    for count in (1, 3):
        found = Checkpoint({}, arrays).for_replicas(count).arrays
        assert found["fit/0/0"].tolist() == [1, 2] and found["fit/1/0"] == 6 and found["kept/weights/0"] == 7
        assert [found[f"metrics/0/{replica}"] for replica in range(count)] == [8, 0, 0][:count]
        assert not {"fit/1/1", f"metrics/0/{count}"} & found.keys()
        assert found["fit/2/0"].dtype == np.array(9).dtype  # steps, which are whole
    assert Checkpoint({}, arrays).for_replicas(2).arrays.keys() == arrays.keys()


def test_who_is_the_chief(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert cluster_of_environment() is None
    monkeypatch.setenv("TF_CONFIG", config(["a:1", "b:2"], 1))
    assert cluster_of_environment() == Cluster(("a:1", "b:2"), 1) and not cluster_of_environment().is_chief
    monkeypatch.setenv("TF_CONFIG", config(["b:2"], 0, chief=["a:1"]))
    found = cluster_of_environment()
    assert (found.addresses, found.index) == (("a:1", "b:2"), 1)
    assert found.named([0, 1]) == "worker 0 (the chief, a:1) and worker 1 (b:2)"
    assert found.named_in("from /job:worker/replica:0/task:0 and /job:chief/task:0") == [1, 0]
    assert found.named_in("Deadline Exceeded\n\nRPC: /tensorflow.CoordinationService/Heartbeat") == [0]
    monkeypatch.setenv("TF_CONFIG", config(["a:1"]))
    assert cluster_of_environment() is None  # one machine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"cluster": {}}', "cannot be read"),
        ('{"cluster": {"worker": [1, 2]}, "task": {"type": "worker", "index": 0}}', "a type or an address is no text"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": [], "index": 0}}', "a type or an address is no text"),
        ('{"cluster": {}, "task": {"type": "worker", "index": 0}}', "names no chief and no worker"),
        (config(["a:1"], chief=["b:1", "c:1"]), "names 2 chiefs (b:1, c:1)"),
        (config(["a:1", "b:1"], ps=["c:1"]), "names ps"),
        (config(["a", "b:1"]), "names 'a'"),
        (config(["a:1", "b:70000"]), "names 'b:70000'"),
        (config(["a:1", "a:1"]), "names a:1 twice"),
        (config(["a:1", "b:1"], 2), "says that this process is worker 2"),
        (config(["a:1", "b:1"], 0, "chief"), "says that this process is chief 0"),
    ],
)
def test_a_cluster_that_is_none_is_refused_with_what_is_wrong(monkeypatch, text, said):
    monkeypatch.setenv("TF_CONFIG", text)
    message = refusal(cluster_of_environment)
    assert said in message and message.endswith("correct it, or unset it to train on this machine alone")


def test_what_several_machines_cannot_do_together_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("TF_CONFIG", config(["a:1", "b:1"]))
    assert "they need one folder: name the folder of their run by --run" in refusal(lambda: train(TINY, tmp_path))
    assert "--fresh would begin anew" in refusal(lambda: train(TINY, tmp_path, tmp_path / "run", fresh=True))
    for call, name in [
        (lambda: train(TINY, tmp_path, dry_run=True), "train --dry-run"),
        (lambda: train(TINY, tmp_path, overfit=3), "train --overfit"),
        (resume, "resume"),
        (lambda: cv(TINY, tmp_path), "cv"),
        (lambda: sweep(TINY, "seed", ("0", "1"), data=tmp_path), "sweep"),
    ]:
        assert f"`competition {name}` runs on one machine" in refusal(call)
