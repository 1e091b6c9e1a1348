"""Answers to questions by the networks behind a blend."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from competition.data.check_images import Inspection
from competition.dataset import Questions
from competition.errors import InvalidInput
from competition.images.cache import GIGABYTE, USUAL_ROOM, PictureCache, Pictures
from competition.images.warp import View
from competition.model.devices import memory_explained
from competition.model.predict import predict_views
from competition.model.restore import networks
from competition.run import Run
from competition.scoring.blend import Blend
from competition.scoring.predictions import Probabilities


def answer(blend: Blend, asked: Questions, inspection: Inspection, cache: Path) -> dict[str, np.ndarray]:
    """A blend's probabilities {task: (images, classes) float64}; for an unusable image the class shares of training."""
    views = blend.views_of
    given = {folder: answer_of(Run(folder), asked, inspection, views[folder], blend, cache) for folder in views}
    return blend.apply([given[folder][view] for folder, view in blend.members])


def answer_of(
    run: Run, asked: Questions, inspection: Inspection, views: Sequence[View], blend: Blend, cache: Path
) -> dict[View, dict[str, np.ndarray]]:
    """What a run answers in each view, as `answer` does: its network, or the mean over those of a cross-validation."""
    good, parts, answers = inspection.good, run.trainings, []
    restored = networks(parts)
    digests = [digest for digest in inspection.digests if digest is not None]
    for part in parts:
        recipe, prior = part.read_recipe(), _prior_of(part)
        given = {view: {} for view in views}
        if good.any():
            kept = PictureCache(cache / "pictures", recipe, int(USUAL_ROOM * GIGABYTE)) if len(parts) > 1 else None
            pictures = Pictures(asked.images.take(good), recipe, digests, kept)
            with memory_explained(recipe.batch_size):
                given = predict_views(next(restored), pictures, views, progress=part.name)
        answers.append({view: _with_prior(given.pop(view), prior, good) for view in dict.fromkeys(views)})
    return mean_of(answers, blend)


def mean_of(answers: Sequence[dict[View, Probabilities]], blend: Blend) -> dict[View, Probabilities]:
    """What the trainings of a run give together in each view: the mean of `answers`, one for each of them."""
    if len(answers) == 1:
        return answers[0]
    several = Blend.plain([(Path(str(number)), "plain") for number in range(len(answers))], blend.mean, blend.tasks)
    return {view: several.apply([one[view] for one in answers]) for view in answers[0]}


def _prior_of(run: Run) -> dict[str, Sequence[float]]:
    """The share of each class in the training data. Raises InvalidInput if they are not there."""
    prior, file = run.read_json("prior.json"), run.folder / "prior.json"
    for task in run.read_recipe().tasks:
        shares = prior.get(task.name) if isinstance(prior, dict) else None
        numbers = isinstance(shares, list) and all(isinstance(share, int | float) for share in shares)
        if not numbers or len(shares) != len(task):
            raise InvalidInput(f"{file} lacks a share for each class of {task.name}; the run has to be made again")
    return prior


def _with_prior(
    given: dict[str, np.ndarray], prior: Mapping[str, Sequence[float]], good: np.ndarray
) -> dict[str, np.ndarray]:
    """{task: (images, classes) float64}: what is `given` for the `good` images, the shares of `prior` for others.

    It empties `given`, because with thousands of classes each array is large.
    """
    values = {}
    for name, shares in prior.items():
        values[name] = np.tile(np.asarray(shares, np.float64), (len(good), 1))
        if good.any():
            values[name][good] = given.pop(name)
    return values
