"""Run a command of the project up to its N-th training step, print the time and the peak memory as JSON, and exit.

It exits earlier where so many seconds have passed since the first step, or at the command's end:

python -m benchmarks.until_step 200 60 train clothing_squeezenet --data DIR
"""

import json
import math
import os
import runpy
import sys
import time
from pathlib import Path

KILOBYTE = 1024


def main(last: int, budget: float, arguments: list[str]) -> None:
    """Run the command; with 0 as `last`, to its end."""
    if last:
        stop_training(last, budget)
    sys.argv = ["competition", *arguments]
    try:
        runpy.run_module("competition", run_name="__main__", alter_sys=True)
    finally:
        say()


def stop_training(last: int, budget: float) -> None:
    """Make every training end this process after a step, without any clean-up."""
    from competition.model import keras  # without TensorFlow's log

    class Until(keras.callbacks.Callback):
        steps, first = 0, math.inf

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1
            self.first = min(self.first, time.monotonic())
            if self.steps == last or time.monotonic() - self.first > budget:
                say()
                os._exit(0)

    fit, until = keras.Model.fit, Until()
    keras.Model.fit = lambda *given, callbacks=(), **named: fit(*given, callbacks=[*callbacks, until], **named)


def say() -> None:
    print(json.dumps({"at": time.monotonic(), "peak": peak()}), flush=True)


def peak() -> float:
    """The peak memory of this process in GB.

    Not by getrusage: the ru_maxrss of a child starts at the memory of its parent.
    """
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * KILOBYTE / 1e9


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
