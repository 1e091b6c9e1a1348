"""What happens between the steps of a fit: epochs end and are scored, checkpoints are written, signals are obeyed."""

import sys
import time
from collections.abc import Callable, Mapping

import keras
import numpy as np

from competition import stopping
from competition.images.batches import TrainBatches
from competition.model.network import average_batch_norm
from competition.model.workers import here
from competition.recipe import Stage
from competition.training.checkpoint import Checkpoint, set_copies
from competition.training.compile import averaged


class Watch(keras.callbacks.Callback):
    """Counts the steps of a stage, ends its epochs, and stops a fit that diverges or whose time is up.

    To Keras a stage is one epoch, because a training that goes on within an epoch has fewer steps in its first.
    """

    def __init__(self, trainer, number: int, stage: Stage, batches: TrainBatches, predict_shown: Callable, kept):
        super().__init__()
        self.trainer, self.number, self.stage = trainer, number, stage
        self.batches, self.predict_shown, self.kept = batches, predict_shown, kept
        self.step = self.saved_step = 0  # how many the stage has done; at the newest checkpoint
        self.metrics: Mapping[str, np.ndarray] = {}  # of the epoch within which a training goes on
        self.epoch_began = self.saved = time.perf_counter()
        self.bar = None

    @property
    def step_of_epoch(self) -> int:
        return self.step - (len(self.trainer.history) - self.batches.first_epoch) * len(self.batches)

    @property
    def place(self) -> str:
        """Where the training is, for messages."""
        stage, epoch = f"stage {self.number} ({self.stage.trains})", len(self.trainer.history) + 1
        return f"{stage}, epoch {epoch}, step {self.step_of_epoch}, peak learning rate {self.stage.learning_rate:g}"

    @property
    def epoch_is_over(self) -> bool:
        """Whether all steps of an epoch are done that has not been scored."""
        return self.step_of_epoch == len(self.batches)

    def go_on(self, network: keras.Model, checkpoint: Checkpoint) -> None:
        """Continue the stage where a checkpoint was written in it; the network is that which it fits."""
        self.set_model(network)
        state = checkpoint.state
        self.step = self.saved_step = state["step"]
        self.epoch_began = time.perf_counter() - state["epoch_seconds"]
        if self.kept is not self.trainer.kept:
            self.kept.set_state(state["stage_kept"], checkpoint.arrays, "stage_kept")
        self.metrics = {name: array for name, array in checkpoint.arrays.items() if name.startswith("metrics/")}
        if self.epoch_is_over:
            self.end_epoch()

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        if self.metrics:  # after `fit` has set them to 0
            set_copies(self.model, self.model.metrics_variables, "metrics", self.metrics)
        self.metrics = {}

    def on_train_batch_end(self, batch, logs=None):
        if self.began:  # nearly all of the first step is tracing
            self.trainer.spent.add("first steps", time.perf_counter() - self.began)
            self.began = 0.0
        self.step += 1
        due = time.perf_counter() - self.saved > self.trainer.seconds_between
        stop, save, time_is_up = here().wished((stopping.is_pending(), due, self.trainer.has_to_end), logs)
        if not np.isfinite(logs["loss"]):
            self.trainer.diverge(f"{self.place}: the loss is not a finite number", self.images_of_step())
            self.model.stop_training = True
            return
        self._show(logs["loss"])
        if stop:
            self.save()
            stopping.stop()
        if time_is_up and not self.epoch_is_over:
            self.trainer.end_within_epoch(f"step {self.step_of_epoch} of {len(self.batches)}")
        if self.epoch_is_over or time_is_up:
            self.end_epoch()
        elif save:
            self.save()

    def images_of_step(self) -> list[str]:
        """The images of the step that was done last."""
        batch = self.batches.of(len(self.trainer.history))
        rows = batch.rows((self.step - 1) % len(self.batches))
        return [batch.dataset.names[row] for row in rows]

    def end_epoch(self) -> None:
        """Save, score what is held out, keep it if it is the best, and print a line."""
        trainer, network = self.trainer, self.model
        average_batch_norm(network)
        self.save()
        if not here().all(not stopping.is_pending()):
            stopping.stop()
        logs = {name: float(value) for name, value in network.get_metrics_result().items()}
        with averaged(network, trainer.recipe):
            with stopping.not_deferred(), trainer.spent.on("validation"):
                result = trainer.validate(self.predict_shown, self.place)
            if result:
                trainer.end_epoch(self, logs, *result)
        if not trainer.out_of_time and len(trainer.history) < trainer.epochs:
            trainer.time_is_up(time.perf_counter() - self.epoch_began)  # for another epoch
        if not result or trainer.out_of_time:
            network.stop_training = True
        network.reset_metrics()
        self.metrics = {}
        self.epoch_began, self.bar = time.perf_counter(), None

    def save(self) -> None:
        """Write a checkpoint, unless this is where the newest one was written."""
        if self.step != self.saved_step:
            self.trainer.save(self)
        self.saved, self.saved_step = time.perf_counter(), self.step

    def _show(self, loss: float) -> None:
        """Move the progress bar, where there is a terminal to show it."""
        if sys.stdout.isatty():
            self.bar = self.bar or keras.utils.Progbar(len(self.batches), stateful_metrics=["loss"])
            self.bar.update(self.step_of_epoch, [("loss", loss)])
