"""Hold out a share of the images to validate on."""

import numpy as np
import pandas as pd

from competition.dataset import YES, Dataset


def hold_out(dataset: Dataset, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split the rows into (training, validation) indices, ascending, by images and not by labels.

    Images of one group stay together. Groups are lined up by their rarest (task, class), in random order within
    each, and every 1/share-th is held out, so each (task, class) gives its share to within one group. A stratum
    of a single group stays in training.
    """
    group, first = np.unique(dataset.group, return_inverse=True)
    stratum = pd.Series(rarest_class(dataset)).groupby(first).min().to_numpy()
    rng = np.random.default_rng(seed)
    alone = np.bincount(stratum, minlength=stratum.max() + 1)[stratum] == 1
    line = np.lexsort([rng.random(len(group)), np.bincount(first), stratum])
    line = line[~alone[line]]
    steps = np.floor(np.arange(len(line) + 1) * share + rng.random())
    held = np.zeros(len(group), bool)
    held[line[np.diff(steps) > 0]] = True
    return np.flatnonzero(~held[first]), np.flatnonzero(held[first])


def rarest_class(dataset: Dataset) -> np.ndarray:
    """For each image the rarest (task, class) it carries, as its rank from 0 for the rarest of all, (n,) int.

    Images without any label get the last rank.
    """
    yes = true_classes(dataset)
    order = np.argsort(yes.sum(axis=0), kind="stable")
    ranked = yes[:, order]
    return np.where(ranked.any(axis=1), ranked.argmax(axis=1), ranked.shape[1])


def true_classes(dataset: Dataset) -> np.ndarray:
    """Which (task, class) each image carries, the tasks side by side, (n, all classes) bool."""
    return np.hstack([dataset.codes[task.name] == YES for task in dataset.tasks])
