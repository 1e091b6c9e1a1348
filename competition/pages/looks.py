"""Where the networks of a run looked, as layers to lay over its photographs."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from competition.errors import InvalidInput
from competition.files import is_file
from competition.images.decode import BadImage, decode, read_file
from competition.images.heat import heat_layer
from competition.images.warp import square
from competition.pages.parts import data_uri
from competition.pages.subject import Reported


class Question(NamedTuple):
    """Which class of a task an image is asked about: what speaks for it, and where?"""

    image: str
    task: str
    place: int  # of the class


def looks(reported: Reported, path_of: Mapping[str, Path], questions: Sequence[Question]) -> dict[Question, str]:
    """The address of a layer for each question: where the network looked that has not seen the image in training.

    Raises InvalidInput if the weights of a network are missing or damaged.
    """
    folds = reported.fold_of
    by_run: dict[Path, list[Question]] = {}
    for one in questions:
        by_run.setdefault(reported.looked_with(folds[one.image]).folder, []).append(one)
    if lost := [str(folder) for folder in by_run if not is_file(folder / "model.weights.h5")]:
        raise InvalidInput("there are no weights (model.weights.h5) in:", lost)
    return dict(_looks(by_run, path_of, reported)) if questions else {}


def _looks(by_run: Mapping[Path, Sequence[Question]], path_of: Mapping[str, Path], reported: Reported):
    from competition.model.grad_cam import GradCam  # Keras, from here on
    from competition.model.restore import networks
    from competition.run import Run

    looked, of = None, None
    runs = [Run(folder) for folder in by_run]
    for run, network, asked in zip(runs, networks(runs), by_run.values(), strict=True):
        if of is not network:
            looked, of = GradCam(network, reported.recipe.tasks), network
        yield from _layers(looked, network.input.shape[1], run.read_recipe().aspect, asked, path_of)


def _layers(looked, size: int, aspect, asked: Sequence[Question], path_of: Mapping[str, Path]):
    """(question, address of its layer) for the images that can be read."""
    squares, sides = [], []
    views = [*_views(asked)]
    for questions in views:
        try:
            picture = decode(read_file(path_of[questions[0].image]))
        except BadImage:
            picture = np.zeros((1, 1, 4), np.uint8)  # it has no photograph, so its layer is not shown
        squares.append(square(picture, size, aspect))
        sides.append(picture.shape[:2])
    classes = {task: np.zeros(len(views), int) for task in {one.task for one in asked}}
    for row, questions in enumerate(views):
        for one in questions:
            classes[one.task][row] = one.place
    heat = looked.heat(np.stack(squares), classes)
    for row, questions in enumerate(views):
        for one in questions:
            yield one, data_uri(heat_layer(heat[one.task][row], *sides[row], aspect), "image/webp")


def _views(asked: Sequence[Question]) -> Iterator[list[Question]]:
    """Questions that can be answered together: of one image, and one of each task."""
    views: dict[tuple[str, int], list[Question]] = {}
    times = Counter()
    for one in dict.fromkeys(asked):
        views.setdefault((one.image, times[one.image, one.task]), []).append(one)
        times[one.image, one.task] += 1
    yield from views.values()
