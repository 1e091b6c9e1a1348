"""Everything that depends on TensorFlow and the machine: processors, number formats, memory."""

import ctypes
import os
import platform
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import keras
import tensorflow as tf

from competition.errors import InvalidInput
from competition.threads import count_threads

# glibc's mallopt: the number of each setting in malloc.h, and bytes above what any step needs.
MALLOC_SETTINGS = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 2_000_000_000),
    "MALLOC_TOP_PAD_": (-2, 100_000_000),
    "MALLOC_MMAP_THRESHOLD_": (-3, 1_000_000_000),
}


def keep_freed_memory() -> bool:
    """Let the process keep the blocks that one step frees for the next; False where the C library is not glibc.

    Left alone, glibc gives large blocks back to the system, which clears every page anew when the next step asks
    for it. A setting that the user made in the environment stays.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(name in os.environ or mallopt(*setting) for name, setting in MALLOC_SETTINGS.items())


KEEPS_FREED_MEMORY = keep_freed_memory()
THREADS = count_threads()
if os.cpu_count() != THREADS:  # before anything is computed, or TensorFlow refuses
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)


@cache
def gpus() -> tuple:
    """The GPUs of this machine, set to take memory as needed, which is possible only before their first use."""
    found = tf.config.list_physical_devices("GPU")
    for device in found:
        tf.config.experimental.set_memory_growth(device, True)
    return tuple(found)


def describe_devices() -> list[str]:
    """Name and compute capability of each GPU; the processor where there is none."""
    lines = []
    for device in gpus():
        details = tf.config.experimental.get_device_details(device)
        capability = ".".join(map(str, details.get("compute_capability", ())))
        lines.append(f"GPU {details.get('device_name', device.name)} (compute capability {capability or 'unknown'})")
    return lines or [f"CPU {_processor_facts().get('model name') or platform.processor() or platform.machine()}"]


def half_format() -> str | None:
    """The Keras policy of the 16-bit format that all devices compute in; None where they have none in common."""
    if gpus():
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus()]
        capability = min(detail.get("compute_capability", (0, 0)) for detail in details)
        if capability >= (8, 0):
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= (7, 0) else None
    return "mixed_bfloat16" if "avx512_bf16" in _processor_facts().get("flags", "") else None


def versions() -> str:
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"


def _processor_facts() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty where the system has no such file."""
    path = Path("/proc/cpuinfo")
    first = path.read_text().split("\n\n")[0] if path.is_file() else ""
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


@contextmanager
def memory_explained(batch_size: int, advice: str | None = None):
    """Turn running out of memory into advice, by default that for a training. Raises InvalidInput with it."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        advice = advice or _in_training(batch_size)
        raise InvalidInput(f"out of memory with {batch_size} images per step and device; {advice}") from error


def _in_training(batch_size: int) -> str:
    if batch_size == 1:
        return "try a smaller --image-size."
    accumulated = "With --accumulate 2 the weights then change after as many images as before."
    return f"try --batch-size {batch_size // 2}. {accumulated}"
