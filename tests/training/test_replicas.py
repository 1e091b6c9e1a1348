"""Several devices train like one: shown with two and four logical processors, each in a process of their own."""

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_data import TINY, weights_of, write_data

# Before anything else uses TensorFlow, which then no longer divides the processor.
DIVIDE = """
import functools, json, sys
import tensorflow as tf

devices, folder, *wanted = sys.argv[1:]
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * int(devices))
tf.config.threading.set_inter_op_parallelism_threads(2)

import competition.model.workers
# The collective operations of two strategies in a process get mixed up.
competition.model.workers.make_strategy = functools.cache(competition.model.workers.make_strategy)

from training import test_replicas  # Python looks for modules in the folder it is started in, here tests

print(json.dumps({name: getattr(test_replicas, name)(int(devices), folder) for name in wanted}))
"""


def on_devices(devices: int, folder: Path, *wanted: str) -> dict:
    """What functions of this file give in a process with several devices."""
    command = [sys.executable, "-c", DIVIDE, str(devices), str(folder), *wanted]
    done = subprocess.run(command, cwd="tests", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def trained(devices: int, folder: str) -> dict:
    """How many replicas a training has, and its history."""
    from competition.commands.train import train

    recipe = replace(
        TINY,
        batch_norm="inference",  # with statistics of the batch, two replicas cannot be like one
        epochs=(2, 3),
        learning_rate=(1e-5, 2e-4),
        trains=("heads", "all"),
        optimizer="sgd",
        batch_size=16 // devices,
        validation=0.2,
        flip=True,
        rotation=5.0,
    )
    data = write_data(Path(folder) / f"data-{devices}", images=200)
    run = train(recipe, data, Path(folder) / f"run-{devices}", cache=Path(folder) / f"cache-{devices}")
    with (run.folder / "history.csv").open() as file:
        return {"replicas": run.read_made()["replicas"], "history": list(csv.DictReader(file)), "run": str(run.folder)}


def refused(devices: int, folder: str) -> list[str]:
    """What is said of batches that the devices cannot share."""
    from helpers import refusal

    from competition.commands.train import train
    from competition.data.load import read_material
    from competition.training.prepare import Preparation

    data, cache = write_data(Path(folder) / "few"), Path(folder) / "cache"
    material = read_material(TINY, data, False, cache)
    begun = {"precision": "float32", "seconds_forward": None, "replicas": 1}
    return [
        refusal(lambda: train(replace(TINY, accumulate=2), data, Path(folder) / "run", cache=cache)),
        refusal(lambda: Preparation.of(replace(TINY, batch_size=15), material, cache, made=begun)),
    ]


def delivered(devices: int, folder: str) -> list[tuple[int, int]]:
    """The rows that reach a network in three epochs of 26 batches of 16; each row is its epoch and its number."""
    import keras
    import tensorflow as tf

    from competition.model.stream import stream
    from competition.model.workers import make_strategy

    class Numbers:
        epoch = 0

        def __len__(self):
            return 26

        def __getitem__(self, index):
            rows = np.stack([np.full(16, self.epoch), np.arange(16 * index, 16 * (index + 1))], axis=1)
            return rows.astype("float32"), np.zeros((16, 1), "float32")

    class Count(keras.layers.Layer):
        def build(self, shape):
            self.one = self.add_weight(shape=(), initializer="ones")

        def call(self, rows):
            tf.py_function(lambda rows: seen.extend(rows.numpy().astype(int).tolist()), [rows], [])
            return rows[:, :1] * self.one

    class Epochs(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            numbers.epoch = epoch

    seen, numbers = [], Numbers()
    with make_strategy().scope():
        network = keras.Sequential([keras.Input((2,)), Count()])
        network.compile("sgd", "mse", jit_compile=False)
    with stream(numbers, threads=2) as made:
        network.fit(made, epochs=3, shuffle=False, verbose=0, callbacks=[Epochs()])
    return seen


def averaged(devices: int, folder: str) -> list:
    """The moving mean that each replica has after a step on images of its own, before and after it is averaged."""
    import keras

    from competition.model.network import average_batch_norm
    from competition.model.workers import make_strategy

    strategy = make_strategy()
    with strategy.scope():
        norm = keras.layers.BatchNormalization()
        network = keras.Sequential([keras.Input((4,)), keras.Sequential([keras.Input((4,)), norm])])
        network.compile("sgd", "mse", jit_compile=False)
    rows = np.random.default_rng(0).normal(size=(8, 4))
    network.fit(rows, rows, batch_size=8, shuffle=False, verbose=0)

    def means() -> list[list[float]]:
        return [copy.numpy().tolist() for copy in strategy.experimental_local_results(norm.moving_mean.value)]

    before = means()
    average_batch_norm(network)
    return [before, means()]


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> dict:
    return on_devices(2, tmp_path_factory.mktemp("two"), "trained", "delivered", "averaged", "refused")


@pytest.mark.slow
def test_two_replicas_train_and_score_like_one(two, tmp_path):
    alone = trained(1, str(tmp_path))
    assert [alone["replicas"], two["trained"]["replicas"]] == [1, 2]
    assert len(alone["history"]) == 5
    for one, other in zip(alone["history"], two["trained"]["history"], strict=True):
        for name in one:
            if name not in ("trains", "seconds"):
                assert float(other[name]) == pytest.approx(float(one[name]), abs=1e-5), name
    mine, theirs = (weights_of(Path(one["run"])) for one in (alone, two["trained"]))
    assert mine.keys() == theirs.keys()
    for name, values in mine.items():
        np.testing.assert_allclose(theirs[name], values, atol=1e-5, err_msg=name)


@pytest.mark.slow
def test_what_several_devices_cannot_share_is_refused(two):
    accumulated, indivisible = two["refused"]
    assert accumulated.startswith("--accumulate 2: Keras 3.15 cannot do this on 2 devices at once")
    assert "begun with 15 images per step, which 2 devices cannot share equally" in indivisible


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 2, 4])
def test_every_row_of_every_epoch_reaches_the_network_once(devices, two, tmp_path):
    """Keras' own workers lose a fifth of them with two replicas, and bring rows of other epochs instead."""
    if devices == 2:
        seen = two["delivered"]
    else:
        seen = delivered(1, "") if devices == 1 else on_devices(4, tmp_path, "delivered")["delivered"]
    assert sorted(map(tuple, seen)) == [(epoch, number) for epoch in range(3) for number in range(416)]


@pytest.mark.slow
def test_batch_statistics_of_replicas_are_averaged(two):
    before, after = np.array(two["averaged"])
    assert np.abs(before[0] - before[1]).max() > 1e-4  # the replicas saw different images
    np.testing.assert_allclose(after, [before.mean(axis=0)] * 2, rtol=1e-5, atol=1e-7)
