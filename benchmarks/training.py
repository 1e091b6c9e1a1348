"""How fast a training is, compared with its training step alone."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.engine import Laps, Repeated, prepare, squeezenet
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.run import Run

EPOCHS, WARM, BURST = 3, 4, 12  # the warm-up lets the loader finish the batches that it prepares ahead


def rows(places: Places) -> Iterator[Measurement]:
    """Speed from files to weights as a ratio to the training step alone: the whole run, and without its first epoch."""
    recipe = squeezenet(places, epochs=(EPOCHS,), learning_rate=(3e-4,), trains=("all",))
    with workplace() as folder:
        preparation = prepare(recipe, places, folder)
        trainer, repeated = preparation.trainer(Run(folder / "run")), Repeated(preparation.recipe)
        step = []
        laps = Laps(trainer, lambda: step.append(step_seconds(repeated, trainer.network)))
        laps.time(trainer.fit)
    alone = preparation.steps * np.array([step[0], *np.convolve(step, [0.5, 0.5], "valid")])
    images, epochs = len(preparation.material.training), np.array(laps.seconds)
    whole, later = alone.sum() / epochs.sum(), alone[1:].sum() / epochs[1:].sum()
    of = f"of {images * EPOCHS / alone.sum():.0f} images/s"
    detail = f"{images * EPOCHS / epochs.sum():.0f} {of}, {EPOCHS} epochs of {images:,} images, {preparation.precision}"
    yield Measurement("training: files to weights over the step alone, whole run", whole, 0.85, detail=detail)
    detail = f"{images * (EPOCHS - 1) / epochs[1:].sum():.0f} {of}"
    yield Measurement("training: the same from the second epoch on", later, 0.92, detail=detail)


def step_seconds(repeated: Repeated, network) -> float:
    """Seconds of one training step of the network as it is compiled now."""
    repeated.train(network, WARM)
    start = time.perf_counter()
    repeated.train(network, BURST)
    return (time.perf_counter() - start) / BURST
