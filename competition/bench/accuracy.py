"""What bfloat16 costs in held-out accuracy: the same three trainings in both number formats. No goal."""

from collections.abc import Iterator

import numpy as np

from competition.bench.engine import clothing, prepare
from competition.bench.places import Places, workplace
from competition.bench.table import Row
from competition.errors import InvalidInput
from competition.recipe import Precision
from competition.run import Run

SEEDS, EPOCHS = (0, 1, 2), (12, 3)
RESAMPLES = 2000


def rows(places: Places) -> Iterator[Row]:
    if places.weights == "none":
        raise InvalidInput("accuracy needs SqueezeNet's ImageNet weights, or nothing is learnt; give --weights FILE")
    half, full = ([correct(places, seed, policy) for seed in SEEDS] for policy in ("mixed_bfloat16", "float32"))
    pairs = list(zip(half, full, strict=True))
    differences = [mean_accuracy(one) - mean_accuracy(other) for one, other in pairs]
    low, high = interval(pairs)
    accuracies = f"{np.mean(list(map(mean_accuracy, half))):.4f} against {np.mean(list(map(mean_accuracy, full))):.4f}"
    detail = f"{accuracies}, 95 % {low:+.4f} to {high:+.4f}, by seed {', '.join(f'{d:+.4f}' for d in differences)}"
    yield Row("accuracy: bfloat16 minus float32, last epoch, 3 seeds", float(np.mean(differences)), detail=detail)


def correct(places: Places, seed: int, precision: Precision) -> np.ndarray:
    """Which held-out images the last epoch of a training gets right: (images, tasks), nan where a task is absent."""
    recipe = clothing(places, seed=seed, precision=precision, epochs=EPOCHS)
    with workplace() as folder:
        trainer = prepare(recipe, places, folder, validation=0.15).trainer(Run(folder / "run"))
        trainer.fit()
        answers, truth = trainer.predict_held_out(), trainer.held_out.dataset
    right = [
        np.where(labelled, answers[task].argmax(axis=1) == truth.letters[task].argmax(axis=1), np.nan)
        for task, labelled in truth.labelled.items()  # by name: Keras gives its outputs in an order of its own
    ]
    return np.stack(right, axis=1)


def mean_accuracy(right: np.ndarray) -> float:
    """The mean over tasks of the share of images that are right."""
    return float(np.nanmean(right, axis=0).mean())


def interval(pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """95 % of the mean difference over all pairs, by drawing the same images again for both of a pair."""
    rng, drawn = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        differences = []
        for one, other in pairs:
            images = rng.integers(len(one), size=len(one))
            differences.append(mean_accuracy(one[images]) - mean_accuracy(other[images]))
        drawn.append(np.mean(differences))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
