"""What a training would take, told before it begins: memory, disk, and the files that it would write."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from competition.images.cache import GIGABYTE, HEADER, Pictures
from competition.model import devices
from competition.model.backbones.registry import BACKBONES
from competition.model.network import POOL, all_layers, set_trainable
from competition.model.weights import place_of
from competition.recipe import Recipe
from competition.run import Run
from competition.training.checkpoint import KEPT
from competition.training.compile import compile_stage
from competition.training.prepare import Preparation

SAMPLE = 20  # pictures that are decoded, to see how large they are in the cache
MEGABYTE = 10**6


@dataclass(frozen=True)
class Needs:
    """Bytes of a training on each device, in the stage that takes most of them: the program itself, where the device is
    the processor; the weights; moments and averages of the optimizer; gradients; and what the layers give for the
    images of a step, kept until it has gone back."""

    program: int
    weights: int
    optimizer: int
    gradients: int
    layers: int

    @property
    def total(self) -> int:
        return self.program + self.weights + self.optimizer + self.gradients + self.layers


def needs(preparation: Preparation) -> Needs:
    """An estimate of what a training takes. It compiles the network, which is of no use afterwards.

    Three networks took 0.87 to 1.16 of it on a processor (docs/recipes.md).
    """
    recipe, network, found = preparation.recipe, preparation.network, []
    program = 0 if devices.gpus() else resident()
    layers = recipe.batch_size * sum(map(output_size, all_layers(network)))
    for stage in recipe.stages:
        set_trainable(network, stage.trains)
        with network.distribute_strategy.scope():
            compile_stage(network, recipe, stage, preparation.steps)
        sizes = [
            size_of(some) for some in (network.variables, network.optimizer.variables, network.trainable_variables)
        ]
        found.append(Needs(program, *sizes, 0 if stage.trains == "heads" else layers))
    return max(found, key=lambda one: one.total)


def output_size(layer: keras.layers.Layer) -> int:
    """Bytes of what a layer gives for one image, in the number format that it gives."""
    if isinstance(layer, keras.layers.InputLayer):
        return 0
    outputs = keras.tree.flatten(layer.output)
    return sum(int(np.prod(one.shape[1:])) * (2 if one.dtype.endswith("16") else 4) for one in outputs)


def size_of(variables: Iterable) -> int:
    """Bytes of some variables."""
    return sum(np.asarray(variable.numpy()).nbytes for variable in variables)


def foretell(preparation: Preparation, folder: Path, before: Run | None, picture_cache: float, cache: Path) -> None:
    """Print what a training would take of time, memory and disk, with what is free, and what it would write.

    `folder` is that of the run, perhaps of one `before` that goes on, and `cache` where pictures and features would be
    kept. The network is of no use afterwards.
    """
    need = needs(preparation)  # before a step forward is timed, whose memory the program keeps
    print(preparation.outlook())
    print(memory_line(preparation, need))
    free = min(shutil.disk_usage(existing(one)).free for one in (folder, cache))
    print(f"disk: {in_bytes(free)} free; would be written:")
    for line in files(preparation, need, f"{folder}/, which goes on" if before else f"{folder}/", cache, picture_cache):
        print(f"  {line}")
    print("a dry run: nothing is written")


def memory_line(preparation: Preparation, need: Needs) -> str:
    """The memory of each device that a training would take, what of, and how much is free."""
    several = f" on each of {preparation.replicas} devices" if preparation.replicas > 1 else ""
    program, free = f"the program {in_bytes(need.program)}, ", f"; {in_bytes(free_memory())} are free"
    if devices.gpus():  # of their memory TensorFlow says only what it has taken
        program = free = ""
    return (
        f"memory{several}: an estimated {in_bytes(need.total)} ({program}weights {in_bytes(need.weights)}, optimizer "
        f"{in_bytes(need.optimizer)}, gradients {in_bytes(need.gradients)}, layers {in_bytes(need.layers)} for "
        f"{preparation.recipe.batch_size} images){free}"
    )


def files(preparation: Preparation, need: Needs, folder: str, cache: Path, picture_cache: float) -> Iterator[str]:
    """What would be written, and how large it is."""
    checkpoint, digests = in_bytes(need.weights + need.optimizer), np.unique(preparation.material.digests)
    yield (
        f"{folder}: {in_bytes(need.weights)} of weights, scores and pictures; until it ends, {KEPT} checkpoints of "
        f"{checkpoint}, for a moment one more"
    )
    yield f"{cache}/images.json: which images were checked"
    if picture_cache:
        size = in_bytes(pictures_size(preparation, len(digests), picture_cache))
        yield f"{cache}/pictures/: about {size}, less what is there"
    if "heads" in preparation.recipe.trains:
        size = in_bytes(4 * len(digests) * preparation.network.get_layer(POOL).output.shape[1])
        yield f"{cache}/features/: {size}, unless they are there"


def pictures_size(preparation: Preparation, images: int, limit: float) -> int:
    """About how many bytes so many pictures have in the cache, at most `limit` gigabytes; some are looked at."""
    pictures: Pictures = preparation.pictures
    rows = np.random.default_rng(0).permutation(len(pictures))[:SAMPLE]
    sizes = [HEADER + 3 * int(np.prod(pictures[row].shape[:2])) for row in rows]
    return min(round(np.mean(sizes) * images), int(limit * GIGABYTE))


def without_download(recipe: Recipe) -> Recipe:
    """The recipe, or where its weights would be downloaded, which it says, the same network with random ones."""
    file = BACKBONES[recipe.backbone].imagenet
    if recipe.weights != "imagenet" or not file or not BACKBONES[recipe.backbone].download or place_of(file).exists():
        return recipe
    print(f"{place_of(file)} would be downloaded")
    return replace(recipe, weights="none", batch_norm="train" if recipe.trains_batch_norm else "inference")


def existing(path: Path) -> Path:
    """A folder, or the first above it that is there."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.is_dir())


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_memory() -> int:
    """Bytes that programs can still have: what is free, and what the system keeps of files."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    return 1024 * int(found[1])


def in_bytes(count: float) -> str:
    """Bytes in megabytes or gigabytes."""
    return f"{count / GIGABYTE:.1f} GB" if count >= GIGABYTE else f"{max(1, round(count / MEGABYTE))} MB"
