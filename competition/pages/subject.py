"""What a report is about: a training, a cross-validation or a blend, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from competition.data.check_images import inspect
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.files import CACHE, is_file
from competition.images.decode import file_of
from competition.layouts.registry import reader_of
from competition.recipe import Recipe
from competition.run import BLEND, CROSS_VALIDATION, FOLD, FRACTION, SMOKE, Run
from competition.scoring.blend import Blend, read_blend, read_member
from competition.scoring.blend_weights import Member, find_blend
from competition.scoring.bootstrap import Estimate, estimate, resampled
from competition.scoring.predictions import HELD_OUT, TEST, Predictions, read_predictions
from competition.scoring.promise import promise_in
from competition.scoring.reports import Subject
from competition.scoring.scores import Report

TRAINED_ON, NOT_USED = -1, -2  # sides of the split beside the folds


@dataclass(frozen=True)
class Judged:
    """The scores of predictions, with the interval of the AP and the accuracy of each task, and of their means."""

    report: Report
    ap: Mapping[str, Estimate]
    accuracy: Mapping[str, Estimate]
    means: tuple[Estimate, Estimate]

    @classmethod
    def of(cls, predictions: Predictions) -> "Judged":
        (ap, accuracy) = resampled([predictions])[0]
        names = [task.name for task, *_ in predictions.labelled_tasks()]
        by_task = [dict(zip(names, map(estimate, one), strict=False)) for one in (ap, accuracy)]
        return cls(predictions.score(), *by_task, (estimate(ap[-1]), estimate(accuracy[-1])))


@dataclass(frozen=True)
class Reported:
    """A finished training, cross-validation or blend with its predictions of images with known answers, if any.

    Those of a blend are of images that its weights were not found on. `scores` are as in scores.json, and `made` says
    how it was made.
    """

    run: Run
    recipe: Recipe
    made: Mapping
    scores: Mapping
    predictions: Predictions | None
    blend: Blend | None = None

    @classmethod
    def read(cls, folder: Path) -> "Reported":
        """Raises InvalidInput for what has not finished, and for files that are missing or damaged."""
        run = Run(folder)
        if not (folder / BLEND).is_file():
            known = read_predictions(run) if run.file(HELD_OUT).exists() else None
            return cls(run, run.read_recipe(), run.read_made(), run.read_scores(), known)
        blend = read_blend(folder)
        members = [Member(path, view, read_member(Run(path), view, blend.mean)) for path, view in blend.members]
        made = run.read_json(BLEND).get("made") or {}
        recipe = blend.runs[0].read_recipe()
        return cls(run, recipe, made, blend.scores, find_blend(members, blend.mean).taken, blend)

    @property
    def kind(self) -> str:
        if self.blend:
            return "Blend"
        if FOLD in self.made:
            return f"Training on all folds but {self.made[FOLD]}"
        return "Cross-validation" if CROSS_VALIDATION in self.made else "Training"

    @property
    def members(self) -> list[Run]:
        """The runs of a blend; else the run itself."""
        return self.blend.runs if self.blend else [self.run]

    @property
    def of_first(self) -> str:
        """What to add to a fact that is read from the first member of a blend alone."""
        return f" (of its first member, {self.members[0].name})" if self.blend else ""

    @property
    def trainings(self) -> list[Run]:
        """Every training behind it."""
        return [part for run in self.members for part in run.trainings]

    @cached_property
    def in_part(self) -> str:
        """How much was trained on of the images that were not held out, if not all; which of them is not recorded."""
        made = [run.read_made() for run in self.members]
        shares = ["two batches" if one.get(SMOKE) else f"{100 * one.get(FRACTION, 1):g} %" for one in made]
        return "" if set(shares) == {"100 %"} else ", ".join(dict.fromkeys(shares))

    @property
    def over_folds(self) -> bool:
        """Whether every image was both trained on and held out, in different folds."""
        return CROSS_VALIDATION in self.members[0].read_made()

    @property
    def data(self) -> Path:
        """Where the data set was when it was trained."""
        return Path(self.members[0].read_made()["data"])

    @cached_property
    def judged(self) -> Judged | None:
        """The scores of the predictions, with intervals; None if no image with a label was judged."""
        known = self.predictions is not None and any(True for _ in self.predictions.labelled_tasks())
        return Judged.of(self.predictions) if known else None

    @cached_property
    def subject(self) -> Subject:
        """The predictions, and results that several parts need."""
        return Subject(self.predictions, lambda: self.dataset.path_of, lambda: promise_in(self.run.folder))

    @cached_property
    def dataset(self) -> Dataset:
        """The labels of all images. Raises InvalidInput if they cannot be read, or lack images that were judged."""
        dataset = reader_of(self.recipe).read_labels(self.data, self.recipe.tasks)
        known = set(dataset.ids.tolist())
        if lost := sorted(set(self.predictions.images.tolist()) - known if self.predictions else ()):
            raise InvalidInput(f"{self.data} lacks {len(lost):,} of the images that were predicted:", lost)
        return dataset

    @cached_property
    def has_images(self) -> bool:
        """Whether any image of the dataset is still there."""
        return any(is_file(file_of(self.dataset.path(row))) for row in range(len(self.dataset)))

    @cached_property
    def digests(self) -> list[str | None]:
        """The digest of each image's file, in the order of the dataset; None for those that cannot be read."""
        return inspect(self.dataset, CACHE).digests

    @cached_property
    def fold_of(self) -> dict[str, int]:
        """The fold in which each image that was judged was held out."""
        if self.predictions is None:
            return {}
        return dict(zip(self.predictions.images.tolist(), self.predictions.fold.tolist(), strict=True))

    @cached_property
    def side(self) -> np.ndarray:
        """Where each image of the dataset stood, (n,) int: the fold that held it out, TRAINED_ON, or NOT_USED.

        After a training on only a part of the images, TRAINED_ON are all that it could have been.
        """
        first = self.members[0]
        test = read_predictions(first, name=TEST).images.tolist() if first.file(TEST).is_file() else []
        folds = self.fold_of | dict.fromkeys(test, NOT_USED)
        rest = NOT_USED if self.over_folds else TRAINED_ON
        return np.array([folds.get(image, rest) for image in self.dataset.ids.tolist()], int)

    def looked_with(self, fold: int) -> Run:
        """The training whose network has not seen the images of a fold: of a blend, that of its weightiest member."""
        run = self.run
        if self.blend:
            weights = np.sum([*self.blend.weights.values()], axis=0)
            run = Run(self.blend.members[int(weights.argmax())][0])
        parts = run.trainings_by_seed[0]
        return parts[fold] if len(parts) > 1 else run
