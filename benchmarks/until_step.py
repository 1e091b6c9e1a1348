"""Run a command of the project up to its N-th training step, print the time and the peak memory as JSON, and exit.

python -m benchmarks.until_step 1 train clothing_squeezenet --data DIR
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path

KILOBYTE = 1024


def main(last: int, arguments: list[str]) -> None:
    """Run the command; it exits as usual if it has fewer steps."""
    from competition.model import keras  # without TensorFlow's log

    class Until(keras.callbacks.Callback):
        """Ends the process after the step, without any clean-up."""

        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            self.steps += 1
            if self.steps == last:
                print(json.dumps({"at": time.monotonic(), "peak": peak()}), flush=True)
                os._exit(0)

    fit, until = keras.Model.fit, Until()
    keras.Model.fit = lambda *given, callbacks=(), **named: fit(*given, callbacks=[*callbacks, until], **named)
    sys.argv = ["competition", *arguments]
    runpy.run_module("competition", run_name="__main__", alter_sys=True)


def peak() -> float:
    """The peak memory of this process in GB.

    Not by getrusage: the ru_maxrss of a child starts at the memory of its parent.
    """
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * KILOBYTE / 1e9


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
