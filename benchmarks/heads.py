"""How much faster heads train on cached features than through the frozen backbone."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.engine import Laps, Repeated, prepare, shortened, squeezenet
from benchmarks.measure import times_in
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.run import Run

EPOCHS, FROZEN_EPOCHS = 9, 2
FROZEN = 12  # seconds of an epoch through the frozen backbone


def rows(places: Places) -> Iterator[Measurement]:
    """How many times as fast an epoch on cached features is as one through the frozen backbone: a ratio."""
    recipe = squeezenet(places, epochs=(EPOCHS,), learning_rate=(1e-3,), trains=("heads",))
    with workplace() as folder:
        preparation = prepare(recipe, places, folder)
        forward = partial(Repeated(preparation.recipe).predict, preparation.network, 1)
        preparation = shortened(preparation, times_in(FROZEN, forward) * recipe.batch_size)
        cached, frozen = (Laps(preparation.trainer(Run(folder / name))) for name in ("cached", "frozen"))
        stage = recipe.stages[0]
        cached.time(lambda: cached.trainer.fit_heads(1, stage))
        frozen.time(lambda: frozen.trainer.fit_images(1, stage._replace(epochs=FROZEN_EPOCHS)))
        cached.time(lambda: cached.trainer.fit_heads(1, stage))
    fast = np.median([*cached.seconds[1 : EPOCHS - 1], *cached.seconds[EPOCHS + 1 : -1]])  # the first compiles
    slow = np.median(frozen.seconds[1:])
    detail = f"{fast:.2f} against {slow:.2f} s an epoch of {len(preparation.material.training):,} images"
    yield Measurement("heads: cached features over the frozen backbone, an epoch", slow / fast, 20, detail=detail)
