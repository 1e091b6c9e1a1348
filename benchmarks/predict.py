"""How fast files are predicted, compared with the forward step alone, and what the mirrored view adds."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.engine import Repeated, prepare, squeezenet
from benchmarks.measure import Comparison, in_turns, times_in
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.images.cache import Pictures
from competition.model.predict import predict_views

FORWARD, BUDGET = 2, 45  # seconds of a burst of forward steps, and of all turns


def rows(places: Places) -> Iterator[Measurement]:
    """Speed from files to probabilities as a ratio to the forward step; time of a second view in forward steps."""
    with workplace() as folder:
        preparation = prepare(squeezenet(places), places, folder)
    recipe, network, dataset = preparation.recipe, preparation.network, preparation.material.dataset
    repeated = Repeated(recipe)
    batches = times_in(FORWARD, partial(repeated.predict, network, 1))
    batches = max(1, min(batches, len(dataset) // recipe.batch_size))
    count = min(batches * recipe.batch_size, len(dataset))
    pictures = Pictures(dataset.take(np.arange(count)), recipe)  # without a cache, as for a submission
    step = partial(repeated.predict, network, batches)
    works = [partial(predict_views, network, pictures, views) for views in (("plain",), ("plain", "flip"))]
    one, two, alone = in_turns([*works, step], BUDGET)
    single = Comparison(tuple(one), tuple(alone))
    detail = f"{single.speeds(count)}, {single.spread}, {preparation.precision}"
    yield Measurement("predict: files to probabilities over the forward step", single.ratio, 0.75, detail=detail)
    detail = f"{np.median(two - one):.2f} against {np.median(alone):.2f} s for {count:,} images"
    second = float(np.median((two - one) / alone))
    yield Measurement("predict: the mirrored view over a forward step", second, 1.05, at_least=False, detail=detail)
