"""The number format `auto`: measured once a machine and backbone, then remembered."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from competition.files import whole_file
from competition.model import devices
from competition.model.network import build_network
from competition.recipe import Recipe

FLOAT32 = "float32"
LEAST_GAIN = 1.05  # a half-width format has to be this much faster to be worth its rounding
ROUNDS = 3


@dataclass(frozen=True)
class Choice:
    """A Keras policy and why: seconds of a step forward in each format, where they were measured."""

    policy: str
    seconds: dict[str, float] | None = None

    def __str__(self) -> str:
        if not self.seconds:
            return self.policy
        times = ", ".join(f"{policy} {1000 * seconds:.1f} ms" for policy, seconds in self.seconds.items())
        return f"{self.policy} (a step forward takes {times})"


def choose_precision(recipe: Recipe, cache: Path) -> Choice:
    """What the recipe says, or for `auto` the format in which this device runs this backbone fastest.

    The measurement takes two builds of the network and a few steps forward, and is kept in `cache`/precision.json by
    device, backbone, image and batch size, and versions. One process measures at a time: the others wait for it, and
    read what it found.
    """
    if recipe.precision != "auto":
        return Choice(recipe.precision)
    half = devices.half_format()
    if half is None:
        return Choice(FLOAT32)
    network = f"{recipe.backbone} at {recipe.image_size}, {recipe.batch_size} a step"
    key = f"{', '.join(devices.describe_devices())}, {devices.THREADS} threads, {devices.versions()}: {network}"
    file = cache / "precision.json"
    if known := _known(file, key):
        return known
    with _alone(file):
        if known := _known(file, key):
            return known
        print(f"measuring whether {recipe.backbone} is faster in {half} or in {FLOAT32}, once", flush=True)
        choice = _measure(recipe, half)
        text = json.dumps({**_read(file), key: asdict(choice)}, indent=1)
        with whole_file(file) as path:
            path.write_text(text, encoding="utf-8")
    return choice


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Wait until no other process is in a block of this file; a killed one is in none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _known(file: Path, key: str) -> Choice | None:
    try:
        return Choice(**_read(file)[key])
    except (KeyError, TypeError):  # not measured yet, or written by something else
        return None


def _read(file: Path) -> dict:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # lost or spoilt: measured once more
        return {}
    return found if isinstance(found, dict) else {}


def _measure(recipe: Recipe, half: str) -> Choice:
    """Time steps forward in both formats in turn, so that a busy moment of the machine does not decide."""
    side, batch = recipe.image_size, recipe.batch_size
    networks = {policy: build_network(recipe, policy) for policy in (FLOAT32, half)}
    blank = np.zeros((batch, side, side, 3), np.uint8)
    seconds = dict.fromkeys(networks, float("inf"))
    with devices.memory_explained(batch):
        for _ in range(1 + ROUNDS):  # the first compiles
            for policy, network in networks.items():
                start = time.perf_counter()
                network.predict_on_batch(blank)
                seconds[policy] = min(seconds[policy], round(time.perf_counter() - start, 6))
    faster = seconds[FLOAT32] > LEAST_GAIN * seconds[half]
    return Choice(half if faster else FLOAT32, seconds)
