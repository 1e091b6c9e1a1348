"""How much faster heads train on cached features than through the frozen backbone."""

from collections.abc import Iterator

import numpy as np

from benchmarks.engine import Laps, prepare, squeezenet
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.run import Run

EPOCHS, FROZEN_EPOCHS = 9, 2


def rows(places: Places) -> Iterator[Measurement]:
    """How many times as fast an epoch on cached features is as one through the frozen backbone: a ratio."""
    recipe = squeezenet(places, epochs=(EPOCHS,), learning_rate=(1e-3,), trains=("heads",))
    with workplace() as folder:
        preparation = prepare(recipe, places, folder)
        cached, frozen = (Laps(preparation.trainer(Run(folder / name))) for name in ("cached", "frozen"))
        stage = recipe.stages[0]
        cached.time(lambda: cached.trainer.fit_heads(1, stage))
        frozen.time(lambda: frozen.trainer.fit_images(1, stage._replace(epochs=FROZEN_EPOCHS)))
        cached.time(lambda: cached.trainer.fit_heads(1, stage))
    fast = np.median([*cached.seconds[1 : EPOCHS - 1], *cached.seconds[EPOCHS + 1 : -1]])  # the first compiles
    slow = np.median(frozen.seconds[1:])
    detail = f"{fast:.2f} against {slow:.2f} s an epoch of {len(preparation.material.training):,} images"
    yield Measurement("heads: cached features over the frozen backbone, an epoch", slow / fast, 20, detail=detail)
