"""How fast a training is, compared with its training step alone."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.engine import STEPS, Laps, Repeated, prepare, shortened, squeezenet
from benchmarks.measure import seconds, times_in
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.model import keras
from competition.run import Run
from competition.training.compile import compile_stage

EPOCHS, WARM = 3, 4  # the warm-up lets the loader finish the batches that it prepares ahead
EPOCH, BURST = 20, 5  # seconds


def rows(places: Places) -> Iterator[Measurement]:
    """Speed from files to weights as a ratio to the training step alone: the whole run, and without its first epoch."""
    recipe = squeezenet(places, epochs=(EPOCHS,), learning_rate=(3e-4,), trains=("all",))
    with workplace() as folder:
        preparation = prepare(recipe, places, folder)
        network, repeated, step = preparation.network, Repeated(preparation.recipe), []
        compile_stage(network, preparation.recipe, recipe.stages[0], STEPS)
        steps = times_in(EPOCH, partial(repeated.train, network, 1))
        preparation = shortened(preparation, steps * recipe.batch_size)
        burst = max(1, steps * BURST // EPOCH)
        trainer = preparation.trainer(Run(folder / "run"))
        laps = Laps(trainer, lambda: step.append(step_seconds(repeated, network, burst)))
        laps.time(trainer.fit)
    alone = preparation.steps * np.array([step[0], *np.convolve(step, [0.5, 0.5], "valid")])
    images, epochs = len(preparation.material.training), np.array(laps.seconds)
    whole, later = alone.sum() / epochs.sum(), alone[1:].sum() / epochs[1:].sum()
    of = f"of {images * EPOCHS / alone.sum():.0f} images/s"
    detail = f"{images * EPOCHS / epochs.sum():.0f} {of}, {EPOCHS} epochs of {images:,} images, {preparation.precision}"
    yield Measurement("training: files to weights over the step alone, whole run", whole, 0.85, detail=detail)
    detail = f"{images * (EPOCHS - 1) / epochs[1:].sum():.0f} {of}"
    yield Measurement("training: the same from the second epoch on", later, 0.92, detail=detail)


def step_seconds(repeated: Repeated, network: keras.Model, burst: int) -> float:
    """Seconds of one training step of the network as it is compiled now, the mean of a burst of steps."""
    repeated.train(network, WARM)
    return seconds(partial(repeated.train, network, burst)) / burst
