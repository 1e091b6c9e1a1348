"""A learning-rate range test (Smith 2017, arXiv:1506.01186): the loss at rising rates, and what it suggests."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from keras.optimizers import schedules
from matplotlib.figure import Figure

from competition.errors import InvalidInput
from competition.images.batches import TrainBatches
from competition.model.devices import memory_explained
from competition.model.network import set_trainable
from competition.model.stream import stream
from competition.recipe import Recipe, Stage
from competition.run import Run
from competition.scoring.plots import save
from competition.training.compile import compile_stage
from competition.training.prepare import Preparation
from competition.training.trainer import ADVICE, Trainer

SMOOTHING = 0.9  # weight of the mean so far, which is then over about ten steps; a test often has fewer than a hundred
EXPLODED = 4  # times the lowest smoothed loss: there the test stops (as in fastai)
NOISE = 0.1  # fraction of the steps, at the start, whose mean is over too few losses to be the lowest
FELL = 0.99  # of the highest smoothed loss before: a lowest one above it shows no learning
FEWEST = 10  # steps, to see where the loss turns upwards
BELOW = 10  # the suggestion is the rate of the lowest loss divided by this


@dataclass(frozen=True)
class RangeTest:
    """The rate of each step and its loss, (steps,) float64; the last may be the one that exploded."""

    rates: np.ndarray
    losses: np.ndarray

    @property
    def smoothed(self) -> np.ndarray:
        return smooth(self.losses)

    @property
    def lowest(self) -> int:
        """The step with the lowest smoothed loss."""
        first = int(NOISE * len(self.losses))
        return first + int(np.argmin(np.nan_to_num(self.smoothed[first:], nan=np.inf)))

    @property
    def suggestion(self) -> float | None:
        """A tenth of the rate at which the loss was lowest; None where the loss did not fall at any rate.

        At the lowest loss the rate is already almost too high; a tenth of it learns fast and is safe (Howard
        and Gugger, "Deep Learning for Coders", chapter 5; fastai's `minimum`).
        """
        smoothed = self.smoothed
        fell = smoothed[self.lowest] < FELL * smoothed[: self.lowest + 1].max()
        return float(self.rates[self.lowest] / BELOW) if fell else None


def smooth(losses: Sequence[float]) -> np.ndarray:
    """Exponential moving average, divided by the weights so far, as in Adam: (steps,) float64; nan from a nan on."""
    means = pd.Series(losses, dtype=float).ewm(alpha=1 - SMOOTHING).mean()
    return means.where(np.logical_and.accumulate(np.isfinite(losses))).to_numpy()


def find_rate(
    preparation: Preparation, number: int, lowest: float, highest: float, steps: int | None = None
) -> RangeTest:
    """Train stage `number` of a recipe while its rate rises from `lowest` to `highest`, by the same factor each step.

    The stage begins with the weights that it would have in a training: earlier stages are trained first, for as long
    as the recipe says. It takes one pass over the training images, or its first `steps` batches, and stops where the
    loss explodes. The network of `preparation` is changed.
    Raises InvalidInput for a stage that does not exist, a range that does not rise, a pass of too few steps, and an
    earlier stage that diverges.
    """
    recipe = preparation.recipe
    refuse(recipe, number, lowest, highest)
    stage = recipe.stages[number - 1]
    with tempfile.TemporaryDirectory() as folder, memory_explained(recipe.batch_size):
        train_before(preparation, number, Run(Path(folder)))
        network, batches = what_trains(preparation.trainer(Run(Path(folder))), number)
        count = whole_batches(batches.count, batches.batch_size, steps, recipe.accumulate)
        with network.distribute_strategy.scope():
            compile_stage(network, recipe, stage, count)
            network.optimizer.learning_rate = schedules.ExponentialDecay(lowest, count - 1, highest / lowest)
        watch = RateWatch()
        with stream(batches) as made:
            network.fit(made, steps_per_epoch=count, shuffle=False, verbose=0, callbacks=[watch])
    return RangeTest(np.array(watch.rates), np.array(watch.losses))


def refuse(recipe: Recipe, number: int, lowest: float, highest: float) -> None:
    """Raises InvalidInput for a stage that does not exist, and a range that does not rise."""
    if not 1 <= number <= len(recipe.stages):
        raise InvalidInput(f"--stage {number}: allowed are 1 to {len(recipe.stages)}, the stages of {recipe.name}")
    if not 0 < lowest < highest < math.inf:
        raise InvalidInput(f"the rate cannot rise from {lowest:g} to {highest:g}; allowed is 0 < --lowest < --highest")


def whole_batches(images: int, batch_size: int, steps: int | None, accumulate: int) -> int:
    """How many steps the test takes: whole batches, because one filled up with rows that do not count has less loss.

    Raises InvalidInput where they are too few to see anything.
    """
    whole = images // batch_size
    taken = whole if steps is None else min(whole, steps)
    if taken // accumulate < FEWEST:
        more = "" if steps is None else ", or more --steps"
        raise InvalidInput(
            f"{taken // accumulate} steps are too few to see where the loss turns: one pass over {images:,} images "
            f"has {whole // accumulate}, and {FEWEST} are needed; give a smaller --batch-size{more}"
        )
    return taken


def train_before(preparation: Preparation, number: int, scratch: Run) -> None:
    """Train the stages before a stage; what they write goes into `scratch`."""
    recipe = preparation.recipe
    if number > 1:
        fields = {name: getattr(recipe, name)[: number - 1] for name in Stage._fields}
        trainer = replace(preparation, recipe=replace(recipe, **fields)).trainer(scratch)
        trainer.fit()
        if trainer.diverged:
            raise InvalidInput(f"{trainer.diverged}, so stage {number} has no weights to begin with. {ADVICE}")


def what_trains(trainer: Trainer, number: int) -> tuple[keras.Model, TrainBatches]:
    """The network, or its heads alone, as stage `number` would begin with it, and that stage's batches."""
    stage = trainer.recipe.stages[number - 1]
    if stage.trains != "heads":
        set_trainable(trainer.network, stage.trains)
        return trainer.network, trainer.view_batches()
    features, _ = trainer.features()
    heads, *_ = trainer.first_heads(number, features)
    return heads, trainer.feature_batches(features)


class RateWatch(keras.callbacks.Callback):
    """Records rate and loss of every step, and stops when the loss has exploded."""

    def __init__(self):
        super().__init__()
        self.rates, self.losses = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()  # so that the loss is that of this step, not the mean since the epoch began
        self.rates.append(float(self.model.optimizer.learning_rate))

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(float(logs["loss"]))
        smoothed = smooth(self.losses)
        if not smoothed[-1] <= EXPLODED * smoothed.min():  # also true of nan
            self.model.stop_training = True


def write(test: RangeTest, run: Run, title: str) -> None:
    """find-lr.csv, and find-lr.png: the loss against the rate, as it was and smoothed, and the suggestion."""
    columns = {"learning_rate": test.rates, "loss": test.losses, "smoothed": test.smoothed}
    steps = pd.RangeIndex(1, len(test.rates) + 1, name="step")
    run.write_text("find-lr.csv", pd.DataFrame(columns, steps).to_csv())
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(test.rates, test.losses, color="0.75", linewidth=1, label="each step")
    axes.plot(test.rates, test.smoothed, color="C0", label="smoothed")
    axes.plot(test.rates[test.lowest], test.smoothed[test.lowest], "o", color="C0", label="lowest")
    if test.suggestion:
        axes.axvline(test.suggestion, color="C1", linestyle="--", label=f"suggested: {test.suggestion:.1e}")
    finite = test.smoothed[np.isfinite(test.smoothed)]
    axes.set_ylim(0.95 * min(finite.min(), np.nanmin(test.losses)), 1.3 * finite[0])
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", title=title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    save(figure, run, "find-lr.png")
