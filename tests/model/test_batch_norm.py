"""Batch normalisation in one operation does what Keras' own layer does: forward, backward, statistics, at rest."""

import keras
import numpy as np
import pytest
from keras import ops

from competition.model.backbones.batch_norm import BatchNormalization
from competition.model.network import number_format

MAPS = np.random.default_rng(0).normal(3, 2, (8, 6, 5, 4)).astype(np.float32)


def step(layer) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Maps and maps at rest after one step of gradient descent, then the moving mean and variance."""
    image = keras.Input(MAPS.shape[1:])
    network = keras.Model(image, layer(image))
    layer.set_weights([np.array(values, np.float32) for values in ([1, 2, 0.5, 1], [0, 1, -1, 2], [0] * 4, [1] * 4)])
    network.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)
    network.train_on_batch(MAPS, np.roll(MAPS, 1, axis=0))
    maps, rest = (ops.convert_to_numpy(ops.cast(network(MAPS, training=t), "float32")) for t in (True, False))
    return maps, rest, *layer.get_weights()[2:]


@pytest.mark.parametrize(("policy", "error"), [("float32", 1e-4), ("mixed_bfloat16", 0.05)])
def test_a_step_gives_what_keras_own_layer_gives(policy, error):
    with number_format(policy):
        mine, keras_own = BatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
        (maps, *others), (expected, *other) = step(mine), step(keras_own)
        np.testing.assert_allclose(maps, expected, rtol=error, atol=error)
        for found, at_rest in zip(others, other, strict=True):  # its variance is the unbiased one, larger by 1 in 240
            np.testing.assert_allclose(found, at_rest, rtol=error + 1 / 200, atol=error + 0.005)


def test_frozen_it_leaves_its_statistics_alone():
    layer = BatchNormalization(momentum=0.9)
    layer.build(MAPS.shape)
    layer.trainable = False
    layer(MAPS, training=True)
    assert layer.get_weights()[2].tolist() == [0] * 4
