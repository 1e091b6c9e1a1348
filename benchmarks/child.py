"""Commands in processes of their own, so that time and memory are theirs alone."""

import json
import math
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
    """Run Python with these arguments in `folder`, and return its stdout.

    Raises InvalidInput with its stderr if it fails.
    """
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=child_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidInput(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout


def child_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def peak_of(arguments: Sequence[str], folder: Path) -> float:
    """The peak memory in GB of a command of the project in `folder`."""
    return json.loads(run_python([*UNTIL_STEP, "0", "inf", *arguments], folder).splitlines()[-1])["peak"]


def train_until(step: int, arguments: Sequence[str], folder: Path, budget: float = math.inf) -> tuple[float, float]:
    """Run `competition train` in `folder` up to this step, or for `budget` seconds from the first one.

    Return the seconds it took and its peak memory in GB.
    """
    start = time.monotonic()
    printed = run_python([*UNTIL_STEP, str(step), str(budget), "train", *arguments], folder)
    found = json.loads(printed.splitlines()[-1])
    return found["at"] - start, found["peak"]
