"""The number format `auto`: measured once per machine and backbone, then cached."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from competition.errors import InvalidInput
from competition.files import JsonCache, locked
from competition.model import devices
from competition.model.network import build_network
from competition.model.workers import here
from competition.recipe import Recipe

FLOAT32 = "float32"
LEAST_GAIN = 1.05  # a 16-bit format has to be this much faster to be worth its rounding errors
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
    device, backbone, image and batch size, and versions. One process measures at a time; the others wait for it and
    read its result.
    """
    if recipe.precision != "auto":
        return Choice(recipe.precision)
    half = devices.half_format()
    if half is None:
        return Choice(FLOAT32)
    network = f"{recipe.backbone} at {recipe.image_size}, {recipe.batch_size} a step"
    key = f"{', '.join(devices.describe_devices())}, {devices.THREADS} threads, {devices.versions()}: {network}"
    file = cache / "precision.json"
    if known := JsonCache(file, _valid).get(key):
        return Choice(**known)
    with locked(file.with_suffix(".lock")):
        remembered = JsonCache(file, _valid)
        if key not in remembered:
            print(f"measuring whether {recipe.backbone} is faster in {half} or in {FLOAT32}, once", flush=True)
            remembered[key] = asdict(_measure(recipe, half))
            remembered.write()
    return Choice(**remembered[key])


def for_workers(choice: Choice, recipe: Recipe) -> Choice:
    """The choice, or float32 for `auto` if it is mixed_float16 and several workers train together.

    There each would decide by its own gradients whether a step counts, and the others would wait for ever (Keras 3.15).
    Raises InvalidInput where the recipe wants it.
    """
    if here().count == 1 or choice.policy != "mixed_float16":
        return choice
    if recipe.precision != "auto":
        raise InvalidInput("--precision mixed_float16 is for one machine; on several give mixed_bfloat16 or float32")
    print("float32, because several machines cannot train in mixed_float16")
    return Choice(FLOAT32, choice.seconds)


def _valid(entry: object) -> bool:
    """Whether an entry of the cache is a measurement."""
    if not isinstance(entry, dict) or entry.keys() != {"policy", "seconds"} or not isinstance(entry["seconds"], dict):
        return False
    seconds = entry["seconds"]
    return entry["policy"] in [*seconds] and all(isinstance(one, float) for one in seconds.values())


def _measure(recipe: Recipe, half: str) -> Choice:
    """Time steps forward in both formats in turn, so that a busy moment of the machine does not decide."""
    networks = {policy: build_network(recipe, policy) for policy in (FLOAT32, half)}
    seconds = dict.fromkeys(networks, float("inf"))
    for _ in range(1 + ROUNDS):  # the first compiles
        for policy, network in networks.items():
            seconds[policy] = min(seconds[policy], round(seconds_forward(network, recipe), 6))
    faster = seconds[FLOAT32] > LEAST_GAIN * seconds[half]
    return Choice(half if faster else FLOAT32, seconds)


def seconds_forward(network: keras.Model, recipe: Recipe) -> float:
    """How long a network takes for one batch; the first time, it is compiled."""
    blank = np.zeros((recipe.batch_size, recipe.image_size, recipe.image_size, 3), np.uint8)
    with devices.memory_explained(recipe.batch_size):
        start = time.perf_counter()
        network.predict_on_batch(blank)
        return time.perf_counter() - start
