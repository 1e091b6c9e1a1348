"""Commands in processes of their own, whose time and memory are nobody else's."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from competition.errors import InvalidInput

ROOT = Path(__file__).parents[1]  # the benchmarks are not installed
COMMAND, UNTIL_STEP = ("-m", "competition"), ("-m", "benchmarks.until_step")


def run_python(arguments: Sequence[str], folder: Path) -> str:
    """What Python with these arguments, started in `folder`, prints on stdout.

    Raises InvalidInput with what it says on stderr where it fails.
    """
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidInput(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout


def train_until(step: int, arguments: Sequence[str], folder: Path) -> tuple[float, float]:
    """Call `competition train` in `folder`, and end it after so many steps; seconds until then, and peak gigabytes."""
    start = time.monotonic()
    printed = run_python([*UNTIL_STEP, str(step), "train", *arguments], folder)
    found = json.loads(printed.splitlines()[-1])
    return found["at"] - start, found["peak"]
