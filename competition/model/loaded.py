"""The networks behind a blend, loaded once, which answer pictures that come as bytes, a few at a time."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from competition.errors import InvalidInput
from competition.images.warp import View, decode_for, fill_views
from competition.model.answer import mean_of, views_by_run
from competition.model.network import build_network, by_task
from competition.model.restore import load
from competition.recipe import Aspect, Recipe
from competition.run import Run
from competition.scoring.blend import Blend
from competition.scoring.predictions import Probabilities
from competition.task import Task

STEP = 32  # rows of the largest batch

# All that the squares (views, size, size, 3) uint8 of a picture depend on, and they.
Kind = tuple[int, Aspect, tuple[View, ...]]
Squares = Mapping[Kind, np.ndarray]


class LoadedTraining:
    """One network, on one device: a copy on several would gain nothing for batches of this size."""

    def __init__(self, run: Run):
        self.recipe: Recipe = run.read_recipe()
        self.network = build_network(self.recipe, run.read_made()["precision"])
        load(self.network, run)
        self.step = min(STEP, self.recipe.batch_size)

    def kind(self, views: Sequence[View]) -> Kind:
        return self.recipe.image_size, self.recipe.aspect, tuple(views)

    def predict(self, images: np.ndarray, views: Sequence[View]) -> dict[View, Probabilities]:
        """{view: {task: (n, classes) float32}} of images (n, views, size, size, 3) uint8.

        A batch is filled up to a power of two, so that there are few shapes; what fills it changes no other row.
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
        filled = np.concatenate([rows, np.zeros(((1 << (count - 1).bit_length()) - count, *rows.shape[1:]), np.uint8)])
        outputs = by_task(self.network.predict_on_batch(filled), self.recipe.tasks)
        return {task: values[:count] for task, values in outputs.items()}


class Loaded:
    """The networks behind a blend. It answers what `submit` would, whoever else's pictures share the batch.

    `squares` may be called from several threads at once, `predict` from one.
    """

    def __init__(self, blend: Blend):
        self.blend = blend
        self.trainings = {run.folder: [LoadedTraining(part) for part in run.trainings] for run in blend.runs}
        for size in (1, 2):  # the second shape of a batch makes TensorFlow build a network for all
            self.predict([self._blank] * size, blend)

    @property
    def tasks(self) -> tuple[Task, ...]:
        return self.blend.tasks

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
        made: dict[Kind, np.ndarray] = {}
        for folder, views in views_by_run(blend).items():
            for training in self.trainings[folder]:
                kind, recipe = training.kind(views), training.recipe
                if kind not in made:
                    made[kind] = np.empty((len(views), recipe.image_size, recipe.image_size, 3), np.uint8)
                    fill_views(made[kind], decode_for(content, recipe), recipe, views)
        return made

    def predict(self, pictures: Sequence[Squares], blend: Blend) -> Probabilities:
        """{task: (pictures, classes) float64}: what the networks of a blend say of pictures, as `squares` made them."""
        given = {}
        for folder, views in views_by_run(blend).items():
            seen = [
                one.predict(np.stack([squares[one.kind(views)] for squares in pictures]), views)
                for one in self.trainings[folder]
            ]
            given[folder] = mean_of(seen, blend)
        return blend.apply([given[folder][view] for folder, view in blend.members])

    @cached_property
    def _blank(self) -> Squares:
        kinds = [
            one.kind(views) for folder, views in views_by_run(self.blend).items() for one in self.trainings[folder]
        ]
        return {kind: np.zeros((len(kind[2]), kind[0], kind[0], 3), np.uint8) for kind in kinds}
