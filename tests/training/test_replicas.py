"""Several devices train like one: shown with two logical processors in a process of their own."""

import json
import subprocess
import sys

import pytest

TRAIN = """
import json, sys
from dataclasses import replace
from pathlib import Path
import tensorflow as tf

replicas, folder = int(sys.argv[1]), Path(sys.argv[2])
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * replicas)
tf.config.threading.set_inter_op_parallelism_threads(2)

from small_data import TINY, write_data
from competition.commands.train import train

recipe = replace(TINY, batch_norm="inference", image_size=48, epochs=(2, 3), learning_rate=(1e-5, 2e-4),
                 trains=("heads", "all"), optimizer="sgd", batch_size=16 // replicas, validation=0.2,
                 flip=True, rotation=5)
run = train(recipe, write_data(folder / "data", images=200), folder / "run", cache=folder / "cache")
print(json.dumps({"made": run.read_made(), "scores": run.read_json("scores.json")}))
"""

DELIVER = """
import sys
import numpy as np, keras
import tensorflow as tf
replicas = int(sys.argv[1])
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * replicas)
from competition.model.stream import stream
from competition.model.devices import make_strategy

class Numbers:
    "26 batches of 16 rows; each row is its epoch and its number."
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
        tf.py_function(lambda rows: seen.extend(map(tuple, rows.numpy())), [rows], [])
        return rows[:, :1] * self.one

seen = []
class Epochs(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        numbers.epoch = epoch

numbers = Numbers()
with make_strategy().scope():
    network = keras.Sequential([keras.Input((2,)), Count()])
    network.compile("sgd", "mse", jit_compile=False)
with stream(numbers, threads=2) as made:
    network.fit(made, epochs=3, shuffle=False, verbose=0, callbacks=[Epochs()])
counts = {(int(e), int(n)) for e, n in seen}
assert len(seen) == len(counts) == 3 * 416, (len(seen), len(counts))
print("delivered")
"""

AVERAGE = """
import numpy as np, keras
import tensorflow as tf
processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from small_data import TINY
from competition.model.network import all_layers, build_network
from competition.model.devices import average_batch_norm, make_strategy

strategy = make_strategy()
with strategy.scope():
    network = build_network(TINY)
network.compile("sgd", {"colour": "mse", "shade": "mse"}, jit_compile=False)
images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
network.fit(images, {"colour": np.zeros((8, 3)), "shade": np.zeros((8, 2))}, batch_size=8, shuffle=False, verbose=0)
norm = next(layer for layer in all_layers(network) if isinstance(layer, keras.layers.BatchNormalization))
copies = lambda: [v.numpy() for v in strategy.experimental_local_results(norm.moving_mean.value)]
before = copies()
average_batch_norm(network)
after = copies()
assert np.abs(before[0] - before[1]).max() > 1e-4, "the replicas saw different images"
for one in after:
    np.testing.assert_allclose(one, np.mean(before, axis=0), rtol=1e-5, atol=1e-7)
print("averaged")
"""


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd="tests", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_two_replicas_train_and_score_like_one(tmp_path):
    results, histories = [], []
    for replicas in (1, 2):
        folder = tmp_path / str(replicas)
        results.append(json.loads(run_python(TRAIN, str(replicas), str(folder)).splitlines()[-1]))
        lines = (folder / "run/history.csv").read_text().splitlines()
        names = lines[0].split(",")
        histories.append([dict(zip(names, line.split(","), strict=True)) for line in lines[1:]])
    assert [result["made"]["replicas"] for result in results] == [1, 2]
    assert len(histories[0]) == 5
    for one, two in zip(*histories, strict=True):
        for name in one:
            if name not in ("trains", "seconds"):
                assert float(two[name]) == pytest.approx(float(one[name]), abs=1e-5), name


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_every_row_of_every_epoch_reaches_the_network_once(replicas):
    """Keras' own workers lose a fifth of them with two replicas, and bring rows of other epochs instead."""
    assert run_python(DELIVER, str(replicas)).endswith("delivered\n")


@pytest.mark.slow
def test_batch_statistics_of_replicas_are_averaged():
    assert run_python(AVERAGE).endswith("averaged\n")
