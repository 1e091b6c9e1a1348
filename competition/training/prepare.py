"""All that has to be ready before the first step: devices, network, weights, and how long it will take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from competition.data.dataset import Dataset
from competition.model.features import Features, cached_features
from competition.model.network import backbone_of, build_network
from competition.model.weights import load_backbone
from competition.recipe import Recipe
from competition.run import Run
from competition.training import devices
from competition.training.stages import Trainer

BACKWARD = 2.3  # a step back through a convolution costs about this many steps forward, and a little for the update


@dataclass(frozen=True)
class Preparation:
    """A network ready to train on the rows `training` of a dataset and to be judged on the rows `held_out`."""

    recipe: Recipe
    dataset: Dataset
    digests: list[str]
    training: np.ndarray
    held_out: np.ndarray
    cache: Path
    precision: str
    network: keras.Model

    @classmethod
    def of(cls, recipe: Recipe, dataset: Dataset, digests: list[str], training, held_out, cache: Path) -> "Preparation":
        devices.grow_memory()
        keras.utils.set_random_seed(recipe.seed)
        precision = devices.choose_precision(recipe.precision, recipe.backbone)
        with devices.make_strategy().scope(), devices.memory_explained(recipe.batch_size):
            network = build_network(recipe, precision)
            load_backbone(backbone_of(network), recipe.backbone, recipe.weights)
        return cls(recipe, dataset, digests, training, held_out, cache, precision, network)

    @property
    def replicas(self) -> int:
        return self.network.distribute_strategy.num_replicas_in_sync

    def facts(self) -> dict:
        """What recipe.json keeps of the machine."""
        return {"precision": self.precision, "devices": devices.describe_devices(), "replicas": self.replicas}

    def trainer(self, run: Run) -> Trainer:
        return Trainer(
            self.network,
            self.recipe,
            run,
            self.dataset.take(self.training),
            self.dataset.take(self.held_out),
            self._features(),
        )

    def _features(self) -> Callable[[], tuple[Features, Features]]:
        def features() -> tuple[Features, Features]:
            every = cached_features(self.network, self.recipe, self.precision, self.dataset, self.digests, self.cache)
            return every.take(self.training), every.take(self.held_out)

        return features

    def outlook(self) -> str:
        """Images, steps and stages, and the time they should take on this machine."""
        recipe, images = self.recipe, len(self.training)
        batch = recipe.batch_size * self.replicas
        steps = -(-images // batch)
        lines = [
            f"{', '.join(devices.describe_devices())}, {self.precision}, {recipe.backbone} at {recipe.image_size}: "
            f"{self.network.count_params():,} parameters",
            f"{images:,} images to train on, {len(self.held_out):,} held out, {batch} a step",
        ]
        for number, stage in enumerate(recipe.stages, start=1):
            lines.append(
                f"stage {number}: {stage.epochs} epochs of {steps:,} steps, trains {stage.trains}, "
                f"learning rate {stage.learning_rate:g}, {recipe.schedule}"
            )
        seconds = self._seconds(batch)
        return "\n".join([*lines, f"about {max(1, round(seconds / 60))} min in all"])

    def _seconds(self, batch: int) -> float:
        """Expected time from the time of one step forward, which predicting needs to compile anyway."""
        side = self.recipe.image_size
        images = np.zeros((batch, side, side, 3), np.uint8)
        with devices.memory_explained(self.recipe.batch_size):
            self.network.predict_on_batch(images)
            start = time.perf_counter()
            self.network.predict_on_batch(images)
            forward = (time.perf_counter() - start) / batch
        seconds = 0.0
        for stage in self.recipe.stages:
            if stage.trains == "heads":
                seconds += len(self.dataset) * forward
            else:
                seconds += stage.epochs * forward * (len(self.training) * (1 + BACKWARD) + len(self.held_out))
        return seconds
