"""The networks behind a blend, loaded once, which answer pictures that come as bytes, a few at a time."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import tensorflow as tf

from competition.errors import InvalidInput
from competition.images.heat import SIDE, heat_layer
from competition.images.squares import Shape, Squares, fill
from competition.images.warp import View, decode_for, square
from competition.images.whole import MAX_PIXELS
from competition.model.answer import mean_of
from competition.model.grad_cam import GradCam
from competition.model.network import build_network, by_task
from competition.model.restore import load
from competition.recipe import Aspect, Recipe
from competition.run import Run
from competition.scoring.blend import Blend
from competition.scoring.predictions import Probabilities
from competition.task import Task

STEP, FEW = 32, 4  # rows of the largest batch, and of the steps between the sizes of larger ones


class Plain(NamedTuple):
    """A picture's sides, shrunk, and its plain view for each size of network, {size: (size, size, 3) uint8}."""

    height: int
    width: int
    squares: Mapping[int, np.ndarray]


class LoadedTraining:
    """One network, on one device: a copy on several would gain nothing for batches of this size."""

    def __init__(self, run: Run, step: int | None = None):
        self.recipe: Recipe = run.read_recipe()
        self.network = build_network(self.recipe, run.read_made()["precision"])
        load(self.network, run)
        self.step = step or min(STEP, self.recipe.batch_size)
        # Keras' own predict_on_batch is built for one size of batch, then again for all, and warns of that.
        given = tf.TensorSpec((None, *self.network.input.shape[1:]), tf.uint8)
        outputs = partial(self.network, training=False)
        self._compiled = tf.function(outputs, input_signature=[given]).get_concrete_function()

    @cached_property
    def grad_cam(self) -> GradCam:
        return GradCam(self.network, self.recipe.tasks)

    def shape(self, views: Sequence[View]) -> Shape:
        return Shape(self.recipe.image_size, self.recipe.aspect, tuple(views))

    def heat(self, image: np.ndarray, classes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """What speaks for a class of each task, {task: (rows, columns) float32}, in an image (size, size, 3) uint8."""
        found = self.grad_cam.heat(image[None], {name: np.array([number]) for name, number in classes.items()})
        return {name: heat[0] for name, heat in found.items()}

    def predict(self, images: np.ndarray, views: Sequence[View]) -> dict[View, Probabilities]:
        """{view: {task: (n, classes) float32}} of images (n, views, size, size, 3) uint8.

        A batch of more than FEW is filled up to a multiple of it, so that there are few shapes; what fills it changes
        other rows by no more than rounding.
        """
        rows = images.reshape(-1, *images.shape[2:])
        parts = [self._step(rows[start : start + self.step]) for start in range(0, len(rows), self.step)]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return {
            view: {task: values[number :: len(views)] for task, values in joined.items()}
            for number, view in enumerate(views)
        }

    def _step(self, rows: np.ndarray) -> Probabilities:
        count = len(rows)
        lacking = -count % FEW if count > FEW else 0
        filled = np.concatenate([rows, np.zeros((lacking, *rows.shape[1:]), np.uint8)]) if lacking else rows
        outputs = by_task(self._compiled(tf.constant(filled)), self.recipe.tasks)
        return {task: values.numpy()[:count] for task, values in outputs.items()}


class Loaded:
    """The networks behind a blend. It answers what `submit` would, whoever else's pictures share the batch.

    `squares` and `plain` may be called from several threads at once, `predict` and `heat` from one. Pictures of more
    pixels than `most` are not decoded; `step` is the most squares that a network is given at once.
    """

    def __init__(self, blend: Blend, most: int = MAX_PIXELS, step: int | None = None):
        self.blend, self.most = blend, most
        self.trainings = {run.folder: [LoadedTraining(part, step) for part in run.trainings] for run in blend.runs}
        self.predict([_blank(self._shapes(blend))], blend)  # the first call takes longer

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.blend.tasks

    @property
    def step(self) -> int:
        """The most squares that a network is given at once."""
        return max(one.step for one in chain(*self.trainings.values()))

    @property
    def views(self) -> tuple[View, ...]:
        """The views in which it looks, unless asked for others."""
        return tuple(dict.fromkeys(view for _, view in self.blend.members))

    def blend_in(self, views: Sequence[View]) -> Blend:
        """The plain mean over some views, or over its own if there are none.

        Raises InvalidInput for a blend that was written, whose weights are for its own views.
        """
        views = tuple(dict.fromkeys(views))
        if not views or views == self.views:
            return self.blend
        if self.blend.folder:
            raise InvalidInput("this is a blend, which looks in views of its own; leave the views out")
        members = [(run.folder, view) for run in self.blend.runs for view in views]
        return Blend.plain(members, self.blend.mean, self.tasks)

    def squares(self, content: bytes, blend: Blend) -> Squares:
        """What the networks of a blend are to see of an image file. Raises BadImage."""
        made = _blank(self._shapes(blend))
        fill(made, content, self.most)
        return made

    def predict(self, pictures: Sequence[Squares], blend: Blend) -> Probabilities:
        """{task: (pictures, classes) float64}: what the networks of a blend say of pictures, as `squares` made them."""
        shapes = self._shapes(blend)
        return self.predict_stacked({shape: np.stack([one[shape] for one in pictures]) for shape in shapes}, blend)

    def predict_stacked(self, squares: Squares, blend: Blend) -> Probabilities:
        """As `predict` of the squares of n pictures, {shape: (n, views, size, size, 3) uint8}."""
        given = {}
        for folder, views in blend.views_of.items():
            seen = [one.predict(squares[one.shape(views)], views) for one in self.trainings[folder]]
            given[folder] = mean_of(seen, blend)
        return blend.apply([given[folder][view] for folder, view in blend.members])

    def plain(self, content: bytes) -> Plain:
        """What `heat` needs of an image file. Raises BadImage."""
        squares, sides = {}, []
        for one in chain(*self.trainings.values()):
            size, aspect = one.recipe.image_size, one.recipe.aspect
            if aspect == self._aspect and size not in squares:
                decoded = decode_for(content, one.recipe, self.most)
                sides += decoded.shape[:2]
                squares[size] = square(decoded, size, aspect)
        return Plain(*sides[:2], squares)

    def heat(self, picture: Plain, classes: Mapping[str, int]) -> dict[str, bytes | None]:
        """Where the networks looked in a picture for a class of each task: a layer as of `heat_layer`, or None.

        It is the mean over the networks, weighted as their answers are, in the plain view; a blend of networks that
        see pictures stretched and padded shows those that see them as the first one does. None where no part of the
        picture speaks for the class.
        """
        total = {name: np.zeros((SIDE, SIDE), np.float32) for name in classes}
        for folder, trainings in self.trainings.items():
            shares = {name: _share(self.blend, folder, name) / len(trainings) for name in classes}
            for one in trainings:
                if one.recipe.aspect == self._aspect and any(shares.values()):
                    for name, found in one.heat(picture.squares[one.recipe.image_size], classes).items():
                        total[name] += shares[name] * cv2.resize(found, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        return {
            name: heat_layer(heat / heat.max(), *picture[:2], self._aspect) if heat.max() > 0 else None
            for name, heat in total.items()
        }

    @property
    def _aspect(self) -> Aspect:
        """How the networks see pictures that show where they looked."""
        return self.trainings[self.blend.runs[0].folder][0].recipe.aspect

    def _shapes(self, blend: Blend) -> set[Shape]:
        """Those of `blend.shapes`, of networks that are loaded."""
        return {one.shape(views) for folder, views in blend.views_of.items() for one in self.trainings[folder]}


def _blank(shapes: Iterable[Shape]) -> Squares:
    return {shape: np.zeros(shape.sides, np.uint8) for shape in shapes}


def _share(blend: Blend, folder: Path, task: str) -> float:
    """The weight of a run in what a blend answers."""
    return sum(
        weight
        for (member, _), weight in zip(blend.members, blend.weights[task].tolist(), strict=True)
        if member == folder
    )
