"""What the benchmarks use of data loading, networks and training, in one place."""

import io
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.places import Places
from competition.data.load import read_material
from competition.images.cache import USUAL_ROOM
from competition.model import keras
from competition.model.network import build_network
from competition.recipe import Recipe
from competition.recipes import load_recipe
from competition.training.compile import compile_stage
from competition.training.prepare import Preparation
from competition.training.trainer import Trainer

STEPS = 1_000  # an epoch of the learning rate's schedule; no speed depends on it


def squeezenet(places: Places, **changes) -> Recipe:
    """The photographs' recipe with SqueezeNet, and the weights that are available."""
    return replace(load_recipe("clothing_squeezenet"), weights=places.weights, **changes)


def prepare(recipe: Recipe, places: Places, folder: Path, validation: float = 0.0) -> Preparation:
    """Data, network and weights, with all caches in `folder`, so that nothing is left from an earlier training."""
    recipe = replace(recipe, validation=validation)
    with redirect_stdout(io.StringIO()):
        material = read_material(recipe, places.data, skip_bad_images=False, cache=folder)
    return Preparation.of(replace(recipe, tasks=material.dataset.tasks), material, folder, USUAL_ROOM)


def shortened(preparation: Preparation, images: int) -> Preparation:
    """The preparation with at most this many images to train on."""
    material = preparation.material
    return replace(preparation, material=replace(material, training=material.training[:images]))


@dataclass
class Laps:
    """The seconds of each epoch of a training, without what is done `between` epochs."""

    trainer: Trainer
    between: Callable[[], object] = lambda: None
    seconds: list[float] = field(default_factory=list)

    def time(self, fit: Callable[[], None]) -> None:
        """Time a fit of the trainer; what follows its last epoch is counted as part of that epoch."""
        self.trainer.say = lambda _: self._end_of_epoch()
        self.start = time.perf_counter()
        fit()
        self.seconds[-1] += time.perf_counter() - self.start

    def _end_of_epoch(self) -> None:
        self.seconds.append(time.perf_counter() - self.start)
        self.between()
        self.start = time.perf_counter()


def compiled(recipe: Recipe, policy: str) -> keras.Model:
    """A network with random weights, ready for the first stage of its recipe."""
    network = build_network(recipe, policy)
    compile_stage(network, recipe, recipe.stages[0], STEPS)
    return network


class Repeated:
    """One batch in the device's memory, used for every step; the pixels are noise, which costs the same."""

    def __init__(self, recipe: Recipe):
        rng, size, count = np.random.default_rng(0), recipe.image_size, recipe.batch_size
        images = rng.integers(256, size=(count, size, size, 3), dtype=np.uint8)
        targets = {
            task.name: np.eye(len(task), dtype=np.float32)[np.arange(count) % len(task)] for task in recipe.tasks
        }
        weights = {task.name: np.ones(count, np.float32) for task in recipe.tasks}
        self.images, self.targets, self.weights = keras.tree.map_structure(
            keras.ops.convert_to_tensor, (images, targets, weights)
        )

    def train(self, network: keras.Model, steps: int) -> None:
        for _ in range(steps):
            network.train_on_batch(self.images, self.targets, self.weights)

    def predict(self, network: keras.Model, steps: int) -> None:
        for _ in range(steps):
            network.predict_on_batch(self.images)
