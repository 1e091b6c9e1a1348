"""Photographs of a page: small, inside it, and with a layer for each task that shows where the network looked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from competition.errors import InvalidInput
from competition.files import is_file
from competition.images.decode import BadImage, decode, file_of, read_file
from competition.images.heat import heat_layer
from competition.images.warp import square
from competition.pages.parts import Layer, Tile, data_uri
from competition.pages.subject import Reported
from competition.threads import in_threads

SIDE, QUALITY = 240, 82  # pixels of the longer side; of JPEG, with which a photograph takes some 12 kB


class Photograph(NamedTuple):
    """A small picture: its address, and its sides in pixels."""

    address: str
    height: int
    width: int


class Question(NamedTuple):
    """Which class of a task an image is asked about: what speaks for it, and where?"""

    image: str
    task: str
    place: int  # of the class


def photograph(path: Path) -> Photograph | None:
    """An image file as a small JPEG; None where it cannot be read."""
    try:
        picture = decode(read_file(path))
    except BadImage:
        return None
    height, width = picture.shape[:2]
    share = min(1, SIDE / max(height, width))
    sides = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.cvtColor(cv2.resize(picture, sides, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2BGR)
    content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return Photograph(data_uri(content, "image/jpeg"), sides[1], sides[0])


def photographs(path_of: Mapping[str, Path], images: Iterable[str]) -> dict[str, Photograph]:
    """Each image that can be read, by its name."""
    names = [*dict.fromkeys(images)]
    made = in_threads(photograph, [path_of[name] for name in names], "photographs")
    return {name: one for name, one in zip(names, made, strict=True) if one}


def is_there(path: Path) -> bool:
    """Whether there is a file for an image, which may be a row of an array."""
    return is_file(file_of(path))


def looks(reported: Reported, path_of: Mapping[str, Path], questions: Sequence[Question]) -> dict[Question, str]:
    """The address of a layer for each question: where the network looked that has not seen the image in training.

    Raises InvalidInput if the weights of a network are missing or damaged.
    """
    folds = dict(zip(reported.predictions.images.tolist(), reported.predictions.fold.tolist(), strict=True))
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
    for network, asked in zip(networks(runs), by_run.values(), strict=True):
        if of is not network:
            looked, of = GradCam(network, reported.recipe.tasks), network
        yield from _layers(looked, network.input.shape[1], reported.recipe.aspect, asked, path_of)


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


def tile(photo: Photograph, text: str, lines, layers: Sequence[Layer] = (), kind: str = "") -> Tile:
    return Tile(photo.address, text, photo.width, photo.height, lines, layers, kind)
