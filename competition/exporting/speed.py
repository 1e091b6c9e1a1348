"""How many images a second an exported network answers, measured in a process of its own, whose threads are limited."""

import os
import subprocess
import sys
import time
from pathlib import Path
from runpy import run_path

import numpy as np

from competition.errors import InvalidInput

IMAGES, FIRST = 30, 5  # the first images, which also make memory ready, do not count


def images_a_second(file: Path, threads: int) -> float:
    """The speed of a network, in a file of an export, one image after the other, on so many threads."""
    limits = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), str(threads))
    command = [sys.executable, "-m", __spec__.name, str(file), str(threads)]
    done = subprocess.run(command, env=os.environ | limits, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidInput(
            f"{file} could not be run in a process of its own; it ends with: {done.stderr[-500:].strip()}"
        )
    return float(done.stdout)


def measure(file: Path, threads: int) -> float:
    """Images a second in this process; TensorFlow takes the number of threads from the environment alone."""
    script = run_path(str(file.parents[1] / "predict.py"))
    network = script["network"](file, **_options(file, threads))
    images = np.random.default_rng(0).integers(0, 256, (FIRST + IMAGES, 1, script["SIZE"], script["SIZE"], 3), np.uint8)
    for number, image in enumerate(images):
        if number == FIRST:
            began = time.perf_counter()
        network(image=image)
    return IMAGES / (time.perf_counter() - began)


def _options(file: Path, threads: int) -> dict:
    """The options of a file's runtime that limit its threads."""
    if file.suffix == ".onnx":
        from onnxruntime import SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = threads
        return {"sess_options": options}
    return {"num_threads": threads} if file.suffix == ".tflite" else {}


if __name__ == "__main__":
    print(measure(Path(sys.argv[1]), int(sys.argv[2])))
