"""The network of a run in formats that other programs run."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from competition.model.network import build_network
from competition.model.restore import load
from competition.quiet import quiet_start
from competition.run import Run

# Without the operations of TensorFlow itself, which only its own runtime has.
FLOAT = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
INT8 = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]}


def restore_in_float32(run: Run) -> keras.Model:
    """The network of a run with its weights, computing in float32 on one device, whatever it was trained on.

    Raises InvalidInput where weights and network do not fit together.
    """
    tf.config.experimental.enable_tensor_float_32_execution(False)  # which would round to ten bits on a GPU
    network = build_network(run.read_recipe())
    load(network, run)
    return network


def write_saved_model(network: keras.Model, path: Path) -> None:
    """Write a folder of TensorFlow's SavedModel format, whose batch size is free.

    `network.export` would write every weight twice (Keras 3.15): once because the archive tracks the network, and once
    because the function uses it.
    """
    archive = keras.export.ExportArchive()
    with _quiet():
        archive.add_endpoint("serve", partial(network, training=False), _signature(network))
        archive.write_out(path, verbose=False)


def write_onnx(network: keras.Model, path: Path) -> None:
    """Write an ONNX file, whose batch size is free; needs the extra `export`."""
    with _quiet():
        network.export(str(path), format="onnx", verbose=False, input_signature=_signature(network))


def write_litert(network: keras.Model, path: Path) -> None:
    """Write a LiteRT (TensorFlow Lite) file in float32."""
    with _quiet():
        network.export(str(path), format="litert", verbose=False, target_spec=FLOAT)


def write_litert_int8(network: keras.Model, path: Path, samples: Iterable[np.ndarray]) -> None:
    """Write a LiteRT file that computes in 8-bit whole numbers; its input stays uint8, its outputs float32.

    `samples` are squares (size, size, 3) uint8: how large numbers become within the network is measured on them.
    """

    def representative() -> Iterator[list[np.ndarray]]:
        yield from ([square[None]] for square in samples)

    options = {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": representative}
    with _quiet():
        network.export(str(path), format="litert", verbose=False, target_spec=INT8, **options)


def _signature(network: keras.Model) -> list[keras.InputSpec]:
    """The input of a network, which Keras only knows by itself of one that was called before."""
    image = network.input
    return [keras.InputSpec(dtype=image.dtype, shape=image.shape, name=image.name)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what the converters say of themselves, such as which names of NumPy they still use."""
    with warnings.catch_warnings(), quiet_start():
        warnings.simplefilter("ignore")
        yield
