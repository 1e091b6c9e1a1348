"""All that has to be ready before the first step: devices, network, weights, and how long it will take."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import keras

from competition.data.load import Material
from competition.errors import InvalidInput
from competition.images.cache import GIGABYTE, PictureCache, Pictures
from competition.images.warp import View
from competition.model import devices
from competition.model.features import Features, cached_features, features_file
from competition.model.network import build_network, set_trainable
from competition.model.weights import load_first_weights
from competition.model.workers import here, make_strategy
from competition.recipe import Recipe, Stage
from competition.run import Run
from competition.spent import Spent
from competition.training.checkpoint import Checkpoints, ChiefsCheckpoints
from competition.training.compile import learning_rate
from competition.training.event_log import EventLog
from competition.training.precision import Choice, choose_precision, for_workers, seconds_forward
from competition.training.time_limit import REPORTS, SLACK, TimeLimit, shortened
from competition.training.trainer import OnNan, Trainer

BACKWARD = 2.3  # a backward step through convolutions takes about as long as this many forward, with the update


@dataclass(frozen=True)
class Preparation:
    """A network, with its first weights, ready to train on some material."""

    recipe: Recipe
    material: Material
    pictures: Pictures
    cache: Path
    precision: Choice
    network: keras.Model
    batch_size: int  # images per step on all devices together
    limit: TimeLimit | None = None

    @classmethod
    def of(
        cls, recipe: Recipe, material: Material, cache: Path, picture_cache: float = 0, made: Mapping | None = None
    ) -> "Preparation":
        """Choose devices and number format, build the network and load its weights.

        `made` is what an unfinished run recorded of itself, and decides the number format.

        Raises InvalidInput for weights that are missing or wrong, for a stage that trains from a layer that does not
        exist, and for what several devices cannot share.
        """
        recorded = made and Choice(made["precision"], made["seconds_forward"])
        chosen = recorded or choose_precision(recipe, cache)
        precision = for_workers(Choice(**here().from_chief(asdict(chosen))), recipe)
        keras.backend.clear_session()  # numbers in layer names then do not depend on what was built before
        keras.utils.set_random_seed(recipe.seed)
        with make_strategy().scope(), devices.memory_explained(recipe.batch_size):
            network = build_network(recipe, precision.policy)
            load_first_weights(network, recipe)
        kept = PictureCache(cache / "pictures", recipe, int(picture_cache * GIGABYTE)) if picture_cache else None
        pictures = Pictures(material.dataset, recipe, material.digests, kept)
        replicas = network.distribute_strategy.num_replicas_in_sync
        if replicas > 1 and recipe.accumulate > 1:
            raise InvalidInput(
                f"--accumulate {recipe.accumulate}: Keras 3.15 cannot do this on {replicas} devices at once, "
                f"which see {recipe.batch_size * replicas} images per step; give --accumulate 1, or use one device"
            )
        batch_size = recipe.batch_size * (made["replicas"] if made else replicas)
        if batch_size % replicas:
            raise InvalidInput(
                f"the run was begun with {batch_size} images per step, which {replicas} devices cannot share equally; "
                "make a number of devices visible that divides it, or start again with --fresh"
            )
        preparation = cls(recipe, material, pictures, cache, precision, network, batch_size)
        for stage in recipe.stages:  # finds mistakes now, not hours later
            set_trainable(network, stage.trains)
            learning_rate(recipe, stage, preparation.steps)
        return preparation

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return math.ceil(len(self.material.training) / self.batch_size)

    @property
    def replicas(self) -> int:
        return self.network.distribute_strategy.num_replicas_in_sync

    def facts(self) -> dict:
        """What recipe.json records about the machine."""
        measured = {"precision": self.precision.policy, "seconds_forward": self.precision.seconds}
        every = here().from_all([devices.describe_devices(), devices.THREADS])
        threads = [count for _, count in every]
        machine = {
            "devices": list(chain(*(names for names, _ in every))),
            "threads": threads if here().count > 1 else threads[0],
            "replicas": self.replicas,
        }
        return {**measured, **machine}

    def trainer(self, run: Run, spent: Spent | None = None) -> Trainer:
        """A trainer that writes into `run`, and counts where the time goes in `spent`."""
        training = self.pictures.take(self.material.training)
        held_out = self.pictures.take(self.material.held_out)
        spent = spent or Spent()
        return Trainer(self.network, self.recipe, run, training, held_out, self._features, self.batch_size, spent)

    def saved_trainer(
        self, run: Run, spent: Spent, seconds_between: float, on_nan: OnNan, tensorboard: bool = False
    ) -> Trainer:
        """A trainer that saves checkpoints in `run`, goes on at the newest one there, and keeps to the time limit.

        On other workers than the chief, `run` is a folder of their own, and the checkpoints are those of the chief's.
        """
        of, chief = Run(Path(here().from_chief(str(run.folder.absolute())))), here().is_chief
        options = {"seconds_between": seconds_between, "on_nan": on_nan, "limit": self.limit}
        options |= {"event_log": EventLog(run)} if tensorboard and chief else {}
        checkpoints = Checkpoints(run) if chief else ChiefsCheckpoints(run, of)
        return replace(self.trainer(run, spent), checkpoints=checkpoints, **options)

    def within(self, end: float, views: Collection[View], planned: bool) -> "Preparation":
        """A preparation whose training ends, scored in some `views`, by the moment `end` (time.monotonic).

        Unless its stages are `planned` already, they are shortened to what should fit. Raises InvalidInput where not
        even the features for a stage of heads do.
        """
        forward, held_out = SLACK * self.seconds_an_image, len(self.material.held_out)
        _ = self.features_are_cached  # which all workers find out together; the chief alone makes the plan
        later = (len(set(views)) - 1) * held_out + len({*views, "plain"}) * len(self.material.test)
        limit = TimeLimit(end, forward * held_out, REPORTS + forward * later)
        recipe = shortened(self.recipe, limit, self.stage_seconds) if here().is_chief and not planned else self.recipe
        recipe = recipe.with_stages(here().from_chief(recipe.stages))
        for stage in recipe.stages:  # one may be too short for an update now
            learning_rate(recipe, stage, self.steps)
        return replace(self, recipe=recipe, limit=limit)

    def _features(self) -> tuple[Features, Features]:
        """Cached features of the rows to train and to validate on."""
        every = cached_features(self.network, self.precision.policy, self.pictures, self.cache)
        return every.take(self.material.training), every.take(self.material.held_out)

    def outlook(self) -> str:
        """Images, steps and stages, and the time they should take on this machine."""
        recipe, images, held_out = self.recipe, len(self.material.training), len(self.material.held_out)
        lines = [
            f"{', '.join(devices.describe_devices())}, {self.precision}, {recipe.backbone} at {recipe.image_size}: "
            f"{self.network.count_params():,} parameters",
            f"{images:,} images to train on, {held_out:,} held out, {self.batch_size} per step",
        ]
        lines += (
            f"stage {number}: {stage.epochs} epochs of {self.steps:,} steps, trains {stage.trains}, "
            f"learning rate {stage.learning_rate:g}, {recipe.schedule}"
            for number, stage in enumerate(recipe.stages, start=1)
        )
        return "\n".join([*lines, f"about {max(1, round(self.seconds() / 60))} min in all"])

    def seconds(self) -> float:
        """Expected time of all stages."""
        return sum(map(self.stage_seconds, self.recipe.stages))

    def stage_seconds(self, stage: Stage) -> float:
        """Expected time of a stage; one of heads runs the backbone only once, and not at all on cached features."""
        if stage.trains == "heads":
            return 0 if self.features_are_cached else self.seconds_an_image * len(self.material.dataset)
        images = len(self.material.training) * (1 + BACKWARD) + len(self.material.held_out)
        return self.seconds_an_image * stage.epochs * images

    @cached_property
    def features_are_cached(self) -> bool:
        """Whether those of a stage of heads are there, for all workers."""
        return here().all(features_file(self.network, self.precision.policy, self.pictures, self.cache).exists())

    @cached_property
    def seconds_an_image(self) -> float:
        """The time of an image, from that of a step forward on one device, which predicting compiles anyway."""
        seconds_forward(self.network, self.recipe)
        return seconds_forward(self.network, self.recipe) / (self.recipe.batch_size * self.replicas)
