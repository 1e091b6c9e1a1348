"""Predicting from files, over the forward step alone; and what the mirrored view adds."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from competition.bench.engine import Repeated, clothing, prepare
from competition.bench.measure import compare, seconds
from competition.bench.places import Places, workplace
from competition.bench.table import Row
from competition.data.pictures import Pictures
from competition.model.predict import predict

BATCHES, TURNS = 32, 7


def rows(places: Places) -> Iterator[Row]:
    with workplace() as folder:
        preparation = prepare(clothing(places), places, folder)
    recipe, network, dataset = preparation.recipe, preparation.network, preparation.material.dataset
    count = min(BATCHES * recipe.batch_size, len(dataset))
    pictures = Pictures(dataset.take(np.arange(count)), recipe)  # none kept on disk, as for a submission
    step = partial(Repeated(recipe).predict, network, BATCHES)
    one, two = (partial(predict, network, pictures, flip=flip) for flip in (False, True))
    single = compare(one, step, TURNS)
    detail = f"{single.speeds(count)}, {single.spread}, {preparation.precision}"
    yield Row("predict: files to probabilities over the forward step", single.ratio, 0.75, detail=detail)
    both = compare(two, one, TURNS)
    second = np.median(np.subtract(both.first, both.second))
    alone = np.median([seconds(step) for _ in range(TURNS)])
    detail = f"{second:.2f} against {alone:.2f} s for {count:,} images"
    yield Row("predict: the mirrored view over a forward step", float(second / alone), 1.05, False, detail)
