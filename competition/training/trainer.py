"""Train a network stage by stage: heads on cached features, then the network on augmented images."""

import sys
import time
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import keras
import numpy as np
import pandas as pd

from competition.errors import InvalidInput
from competition.images.batches import TrainBatches, augmented_views
from competition.images.cache import Pictures
from competition.images.mix import MixedBatches
from competition.images.warp import VIEWS, View
from competition.model.devices import average_batch_norm, memory_explained
from competition.model.features import Features, predict_features
from competition.model.network import build_heads, get_heads, set_heads, set_trainable
from competition.model.predict import predict, predict_views
from competition.model.restore import load, save
from competition.model.stream import stream
from competition.recipe import Monitor, Recipe, Stage
from competition.run import Run
from competition.scoring.fashionai import as_submitted
from competition.scoring.scores import Report, score
from competition.spent import Spent
from competition.training.compile import compile_stage
from competition.training.history import EpochBar, epoch_line, epoch_row

Probabilities = Mapping[str, np.ndarray]
Data = TypeVar("Data", Pictures, Features)
ADVICE = "Try a lower --learning-rate (`competition find-lr` suggests one) or more --warmup-steps"


@dataclass
class Kept:
    """The best epoch so far by one number of its report, or the last one where nothing is held out.

    `save` stores its weights. Where there are `tasks`, the number is the mean over these alone.
    """

    save: Callable[[keras.Model], None]
    by: Monitor
    tasks: Collection[str] = ()
    epoch: int = 0
    report: Report | None = None
    probabilities: Probabilities | None = None

    def offer(self, network: keras.Model, epoch: int, report: Report | None, probabilities) -> bool:
        """Save the network's weights if they are the best so far; return whether they were."""
        if report and self.report and not self._better(report, self.report):
            return False
        self.save(network)
        self.epoch, self.report, self.probabilities = epoch, report, probabilities
        return True

    def _better(self, new: Report, old: Report) -> bool:
        if self.tasks:
            new, old = new.only(self.tasks), old.only(self.tasks)
        found, best = getattr(new, self.by), getattr(old, self.by)
        return np.isnan(best) or (found < best if self.by == "loss" else found > best)


@dataclass
class Trainer:
    """One training: its network and data, and its results.

    `held_out` may be empty: then there is no score, and the last epoch is kept. `features` returns the cached features
    of both datasets, and is called only if a stage trains heads.
    """

    network: keras.Model
    recipe: Recipe
    run: Run
    training: Pictures
    held_out: Pictures
    features: Callable[[], tuple[Features, Features]]
    spent: Spent
    say: Callable[[str], None] = print
    heads_report: Report | None = None
    last_report: Report | None = None
    diverged: str = ""
    seconds: float = 0.0
    history: list[dict] = field(init=False, default_factory=list)  # one row per epoch, as in history.csv
    kept: Kept = field(init=False)

    def __post_init__(self):
        self.kept = self.keeper(lambda network: save(network, self.run))

    @property
    def batch_size(self) -> int:
        """Images per step on all devices together."""
        return self.recipe.batch_size * self.network.distribute_strategy.num_replicas_in_sync

    def keeper(self, save: Callable[[keras.Model], None]) -> Kept:
        """A `Kept` that compares epochs by the tasks that are trained: those of weight 0 do not count."""
        weighted = zip(self.recipe.tasks, self.recipe.task_weights, strict=False)  # no weights: all tasks count
        return Kept(save, self.recipe.monitor, [task.name for task, weight in weighted if weight])

    def fit(self) -> None:
        """Run all stages; `seconds` is then the time they took, validation included.

        Where loss or output are not finite it stops with a warning, and the best epoch before is the result.
        Raises InvalidInput where there is none.
        """
        start = time.perf_counter()
        with self.spent.on("training"):
            self.held_out.keep()  # first, because they are read most often
            for number, stage in enumerate(self.recipe.stages, start=1):
                fit = self.fit_heads if stage.trains == "heads" else self.fit_images
                with memory_explained(self.recipe.batch_size):
                    fit(number, stage)
                if self.diverged:
                    break
        self.seconds = round(time.perf_counter() - start, 1)
        if self.diverged and not self.kept.epoch:
            raise InvalidInput(f"{self.diverged}; no epoch before it can be kept. {ADVICE}")
        if self.diverged:
            warnings.warn(f"{self.diverged}; epoch {self.kept.epoch} is kept. {ADVICE}", stacklevel=2)

    def fit_heads(self, number: int, stage: Stage) -> None:
        """Fit the heads alone on standardised features, and put those of the best epoch into the network."""
        with self.spent.on("features"):
            features, held_out = self.features()
        heads, mean, variance = self.first_heads(number, features)
        shown = self._shown(features, held_out)
        saved: dict[str, list[np.ndarray]] = {}
        best = self.keeper(lambda heads: saved.update(weights=heads.get_weights()))
        batches = self.feature_batches(features)
        watch = Watch(self, number, stage, batches, lambda: predict_features(heads, shown, self.recipe.tasks), best)
        self._fit(heads, stage, batches, watch)
        if not best.epoch:
            return
        heads.set_weights(saved["weights"])
        set_heads(self.network, heads, mean, variance)
        if result := self.validate(self.predict_shown, watch.place):
            self.heads_report, probabilities = result
            self.kept.offer(self.network, best.epoch, self.heads_report, probabilities)

    def first_heads(self, number: int, features: Features) -> tuple[keras.Model, np.ndarray, np.ndarray]:
        """The heads alone, as stage `number` begins with them; mean and variance (features,) of their inputs."""
        mean, variance = features.moments()
        with self.network.distribute_strategy.scope():
            heads = build_heads(self.recipe, mean, variance)
        if number > 1:  # an earlier stage has trained them
            get_heads(self.network, heads, mean, variance)
        return heads, mean, variance

    def fit_images(self, number: int, stage: Stage) -> None:
        """Fit the layers that the stage trains, on augmented views."""
        set_trainable(self.network, stage.trains)
        batches = self.view_batches()
        watch = Watch(self, number, stage, batches, self.predict_shown, self.kept)
        self._fit(self.network, stage, batches, watch)

    def view_batches(self) -> TrainBatches:
        """Augmented views, mixed in pairs if the recipe says so."""
        kind = MixedBatches if self.recipe.mixup or self.recipe.cutmix else TrainBatches
        return self._batches(kind, augmented_views(self.training))

    def feature_batches(self, features: Features) -> TrainBatches:
        """Cached features of the training images."""
        return self._batches(TrainBatches, lambda rows, _: features[rows])

    def _batches(self, kind: type[TrainBatches], inputs: Callable) -> TrainBatches:
        return kind(self.training.dataset, self.recipe, self.batch_size, inputs, len(self.history))

    def _fit(self, network: keras.Model, stage: Stage, batches, watch: "Watch") -> None:
        with network.distribute_strategy.scope():
            compile_stage(network, self.recipe, stage, len(batches))
        verbose = int(sys.stdout.isatty())
        # Before `watch`, which then scores and keeps the averages.
        averages = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if self.recipe.ema else []
        callbacks = [*[EpochBar()] * verbose, *averages, watch]
        with stream(batches) as made:
            network.fit(made, epochs=stage.epochs, shuffle=False, callbacks=callbacks, verbose=verbose)

    def predict_shown(self) -> Probabilities:
        return predict(self.network, self._shown(self.training, self.held_out))

    def _shown(self, training: Data, held_out: Data) -> Data:
        """What is predicted after an epoch: all held-out images, or else a batch, to see if the output is finite."""
        return held_out if len(held_out) else training.take(np.arange(self.batch_size) % len(training))

    def predict_kept(self, pictures: Pictures, views: Collection[View]) -> dict[View, Probabilities]:
        """{task: (n, classes) float64} of some pictures in each view, by the weights that were kept, which it loads."""
        if not views:
            return {}
        load(self.network, self.run)
        seen = predict_views(self.network, pictures, sorted(views, key=list(VIEWS).index))
        return {view: {name: as_submitted(p) for name, p in given.items()} for view, given in seen.items()}

    def validate(
        self, predict_shown: Callable[[], Probabilities], place: str
    ) -> tuple[Report | None, Probabilities | None] | None:
        """The report of the held-out images and its probabilities {task: (n, classes) float64}; each is predicted once.

        (None, None) where nothing is held out; None where the output is not finite, which `diverged` then says.
        """
        given = predict_shown()
        if not all(np.isfinite(values).all() for values in given.values()):
            self.diverged = f"{place}: the probabilities are not finite numbers"
            return None
        if not len(self.held_out):
            return None, None
        probabilities = {name: as_submitted(values) for name, values in given.items()}
        truth = self.held_out.dataset
        return score(self.recipe.tasks, probabilities, truth.codes, truth.labelled), probabilities


class Watch(keras.callbacks.Callback):
    """Sets the order of the next epoch, scores the last, keeps the best, prints a line; stops a fit that diverges."""

    def __init__(self, trainer: Trainer, number: int, stage: Stage, batches, predict_shown, kept: Kept):
        super().__init__()
        self.trainer, self.number, self.stage = trainer, number, stage
        self.batches, self.predict_shown, self.kept = batches, predict_shown, kept

    @property
    def place(self) -> str:
        """Where the training is, for messages."""
        stage, epoch = f"stage {self.number} ({self.stage.trains})", len(self.trainer.history) + 1
        return f"{stage}, epoch {epoch}, step {self.step}, peak learning rate {self.stage.learning_rate:g}"

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.epoch = len(self.trainer.history)
        self.start = time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        self.step = batch + 1

    def on_train_batch_end(self, batch, logs=None):
        if self.began:  # nearly all of the first step is tracing
            self.trainer.spent.add("first steps", time.perf_counter() - self.began)
            self.began = 0.0
        if not np.isfinite(logs["loss"]):
            self.trainer.diverged = f"{self.place}: the loss is not a finite number"
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        trainer = self.trainer
        if trainer.diverged:
            return
        average_batch_norm(self.model)
        with trainer.spent.on("validation"):
            result = trainer.validate(self.predict_shown, self.place)
        if not result:
            self.model.stop_training = True
            return
        trainer.last_report, probabilities = result
        seconds, number = time.perf_counter() - self.start, len(trainer.history) + 1
        row = epoch_row(self.number, self.stage, trainer.recipe.tasks, logs, trainer.last_report, seconds)
        trainer.history.append({"epoch": number, **row})
        trainer.run.write_text("history.csv", pd.DataFrame(trainer.history).to_csv(index=False))
        best = self.kept.offer(self.model, number, trainer.last_report, probabilities)
        stages = trainer.recipe.stages
        trainer.say(epoch_line(len(stages), sum(stage.epochs for stage in stages), trainer.history[-1], best))
