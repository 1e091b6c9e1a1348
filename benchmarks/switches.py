"""What two settings bring that are made before TensorFlow computes: oneDNN, and keeping freed memory."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import numpy as np

from benchmarks.bursts import NETWORKS
from benchmarks.child import child_environment
from benchmarks.measure import in_turns, times_in
from benchmarks.places import Places
from benchmarks.report import Measurement

# What each process is told; the first has both settings on, as `competition` has.
PROCESSES = {
    "both": ((), {}),
    "oneDNN": ((), {"TF_ENABLE_ONEDNN_OPTS": "0"}),
    "allocator": (("--plain-allocator",), {}),
}
BURST, BUDGET = 1, 10  # seconds


def rows(places: Places) -> Iterator[Measurement]:
    """How many times as fast a training step is with each setting on as with it off: ratios without goals."""
    for backbone, (size, images) in NETWORKS.items():
        with ExitStack() as stack:
            works = [stack.enter_context(training(backbone, *told)) for told in PROCESSES.values()]
            steps = times_in(BURST, partial(works[0], 1))
            both, *without = in_turns([partial(work, steps) for work in works], BUDGET)
        for name, taken in zip([*PROCESSES][1:], without, strict=True):
            speeds = f"{steps * images / np.median(both):.0f} against {steps * images / np.median(taken):.0f} images/s"
            yield Measurement(f"{name} on over off: {backbone} {size}, a step", np.median(taken / both), detail=speeds)


@contextmanager
def training(backbone: str, flags: Sequence[str], variables: dict[str, str]) -> Iterator[Callable[[int], None]]:
    """A function that trains so many steps in a process of its own, and waits for them."""
    command = [sys.executable, "-m", "benchmarks.bursts", backbone, *flags]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=child_environment() | variables, **pipes) as process:  # ends with its stdin

        def train(steps: int) -> None:
            print(steps, file=process.stdin, flush=True)
            if process.stdout.readline() != "done\n":
                raise RuntimeError(f"{' '.join(command)} failed")

        yield train
