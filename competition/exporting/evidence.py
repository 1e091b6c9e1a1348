"""What a network is exported with and proven on: pictures of the data that its run was trained on."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from competition.data.check_images import inspect
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.images.cache import Pictures
from competition.images.warp import square
from competition.layouts.registry import reader_of
from competition.run import Run
from competition.scoring.predictions import HELD_OUT, TEST, Predictions, aligned, joined, read_predictions

TRAINED_ON = 500  # images of the training part that stand in for held-out ones where a run has none
SAMPLES = 100  # images of the training part that int8 is fitted to


@dataclass(frozen=True)
class Evidence:
    """Pictures with the answers that a training's network gave for them in its own number format.

    `samples` (n, size, size, 3) uint8 are squares of the training part. Where the training held nothing out, the
    pictures are of that part, too, and not `held_out`.
    """

    run: Run
    pictures: Pictures
    given: Predictions
    samples: np.ndarray
    held_out: bool


def read_data(run: Run) -> Dataset:
    """The labelled images that a run was trained on. Raises InvalidInput where they are not there any more."""
    recipe, data = run.read_recipe(), Path(run.read_made()["data"])
    if not data.exists():
        raise InvalidInput(
            f"{run.folder} was trained on {data}, which is not there, and an export proves itself on the pictures that "
            "were held out; bring the data back, or put a link to them there"
        )
    return reader_of(recipe).read_labels(data, recipe.tasks)


def evidence_of(run: Run, dataset: Dataset, sampled: bool, cache: Path = CACHE) -> Evidence:
    """The evidence for the network of one training; `samples` are empty unless they are asked for.

    All choices are drawn with the seed of the recipe. Raises InvalidInput if the data lack pictures that were held out.
    """
    recipe, place = run.read_recipe(), {image: row for row, image in enumerate(dataset.ids.tolist())}
    held_out = run.file(HELD_OUT).is_file()
    aside = [read_predictions(run, name=name) for name in (HELD_OUT, TEST) if run.file(name).is_file()]
    not_trained = {image for predictions in aside for image in predictions.images.tolist()}
    if lost := sorted(not_trained - place.keys()):
        raise InvalidInput(f"the data lack {len(lost):,} of the images that {run.folder} predicted:", lost)
    training = np.array([row for image, row in place.items() if image not in not_trained], int)
    training = np.random.default_rng(recipe.seed).permutation(training)
    if held_out:
        given = aside[0]
        rows = [place[image] for image in given.images.tolist()]
    else:
        rows = _good(dataset, training, TRAINED_ON, cache)
        given = _predicted(run, dataset.take(rows))
    samples = _squares(dataset.take(_good(dataset, training, SAMPLES, cache)), run) if sampled else np.empty(0)
    return Evidence(run, Pictures(dataset.take(np.array(rows)), recipe), given, samples, held_out)


def _good(dataset: Dataset, rows: np.ndarray, count: int, cache: Path) -> np.ndarray:
    """The first rows, at most `count`, whose images can be read: a run may have been told to skip others."""
    some = rows[: 2 * count]
    good = some[inspect(dataset.take(some), cache).good][:count]
    if not len(good):
        raise InvalidInput("no image that the run was trained on can be read any more; bring the data back")
    return good


def _squares(dataset: Dataset, run: Run) -> np.ndarray:
    """The plain view of every image, (n, size, size, 3) uint8."""
    recipe = run.read_recipe()
    pictures = Pictures(dataset, recipe)
    return np.stack([square(pictures[row], recipe.image_size, recipe.aspect) for row in range(len(pictures))])


def _predicted(run: Run, dataset: Dataset) -> Predictions:
    """What the network of a training answers now, in its own number format."""
    from competition.model.predict import predict
    from competition.model.restore import restore

    return Predictions.of(run.name, dataset, predict(restore(run), Pictures(dataset, run.read_recipe())))


def together(by_seed: list[list[Predictions]]) -> Predictions:
    """The predictions of all trainings of a run: folds of a seed joined, the mean over seeds."""
    seeds = aligned([joined(parts) for parts in by_seed])
    means = {name: np.mean([one.probabilities[name] for one in seeds], axis=0) for name in seeds[0].probabilities}
    return replace(seeds[0], probabilities=means)
