"""What bfloat16 costs in held-out accuracy: the same three trainings in both number formats."""

from collections.abc import Iterator

import numpy as np

from benchmarks.engine import prepare, squeezenet
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.errors import InvalidInput
from competition.run import Run
from competition.scoring.bootstrap import estimate, resampled
from competition.scoring.predictions import Predictions

SEEDS, EPOCHS = (0, 1, 2), (12, 3)


def rows(places: Places) -> Iterator[Measurement]:
    """Mean held-out accuracy in bfloat16 minus that in float32, a share from -1 to 1; no goal.

    Raises InvalidInput if there are no ImageNet weights.
    """
    if places.weights == "none":
        raise InvalidInput("accuracy needs SqueezeNet's ImageNet weights; give --weights FILE")
    scores = np.stack([accuracies(places, seed) for seed in SEEDS])
    differences = scores[:, 0] - scores[:, 1]
    mean = estimate(differences.mean(axis=0))
    half, full = scores[:, :, 0].mean(axis=0)
    by_seed = ", ".join(f"{difference:+.4f}" for difference in differences[:, 0])
    detail = f"{half:.4f} against {full:.4f}, 95 % {mean.low:+.4f} to {mean.high:+.4f}, by seed {by_seed}"
    yield Measurement("accuracy: bfloat16 minus float32, last epoch, 3 seeds", mean.value, detail=detail)


def accuracies(places: Places, seed: int) -> np.ndarray:
    """Mean accuracy of the tasks in bfloat16 and in float32, (2, 1 + resamples); the first is on all images."""
    pair = [last_epoch(places, seed, policy) for policy in ("mixed_bfloat16", "float32")]
    return resampled(pair, seed=seed)[:, 1, -1]


def last_epoch(places: Places, seed: int, precision: str) -> Predictions:
    """The predictions of a training's last epoch for its held-out images."""
    recipe = squeezenet(places, seed=seed, precision=precision, epochs=EPOCHS)
    with workplace() as folder:
        trainer = prepare(recipe, places, folder, validation=0.15).trainer(Run(folder / "run"))
        trainer.fit()
        return Predictions.of(precision, trainer.held_out.dataset, trainer.predict_shown())
