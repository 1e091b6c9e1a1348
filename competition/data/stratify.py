"""Divide groups of images so that every (task, class) is spread evenly: by shares, or into folds of equal size."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from competition.dataset import YES, Dataset

STEPS, TRIES = 1000, 500  # of `mend`; 8 random tasks per image took up to 6 steps, one task per image none


def class_counts(dataset: Dataset, which: np.ndarray) -> np.ndarray:
    """How many images carry each (task, class), for each number in `which` (n,), ascending: (numbers, classes) int."""
    true = np.hstack([dataset.codes[task.name] == YES for task in dataset.tasks])
    return pd.DataFrame(true.astype(int)).groupby(which).sum().to_numpy()


def rarest_class(counts: np.ndarray) -> np.ndarray:
    """The rarest class in each row of `counts` (rows, classes), as its rank from 0 for the rarest of all, (rows,) int.

    Rows without any class get the last rank.
    """
    rank = np.argsort(np.argsort(counts.sum(axis=0), kind="stable"))
    return np.where(counts > 0, rank, counts.shape[1]).min(axis=1, initial=counts.shape[1])


def hold_out(dataset: Dataset, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split the rows into (training, validation) indices, (rows,) int each, ascending.

    Groups are kept together, and each counts only for the rarest (task, class) in it. Of the groups of each of these,
    `share` is held out, to within one group; a single group stays in training.
    """
    group = np.unique(dataset.group, return_inverse=True)[1]
    stratum = rarest_class(class_counts(dataset, group))
    several = np.bincount(stratum)[stratum] > 1
    held = np.zeros(len(stratum), bool)
    rng = np.random.default_rng(seed)
    held[several] = divide(stratum[several], np.bincount(group)[several], (share, 1 - share), rng) == 0
    return np.flatnonzero(~held[group]), np.flatnonzero(held[group])


def thin(dataset: Dataset, share: float, seed: int) -> np.ndarray:
    """The rows of a share of a dataset, (rows,) int, ascending.

    Groups are kept together, and each counts only for the rarest (task, class) in it; of each of these the share is
    taken to within one group, and at least one, so that no such class is lost.
    """
    group = np.unique(dataset.group, return_inverse=True)[1]
    stratum = rarest_class(class_counts(dataset, group))
    rng = np.random.default_rng(seed)
    kept = divide(stratum, np.bincount(group), (share, 1 - share), rng) == 0
    for lost in np.setdiff1d(stratum, stratum[kept]):
        kept[rng.choice(np.flatnonzero(stratum == lost))] = True
    return np.flatnonzero(kept[group])


def divide(stratum: np.ndarray, sizes: np.ndarray, shares: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """A part for each group, (groups,) int; each part gets its share of the groups of every stratum to within one.

    `stratum` and `sizes` are (groups,). What rounding down leaves over goes to the parts that are furthest behind over
    all strata so far, at first by chance, so that each part also gets its share of all groups. Large and small groups
    of a stratum are spread evenly.
    """
    parts, behind = np.zeros(len(stratum), int), np.zeros(len(shares))
    behind[0] = rng.uniform(-1, 1)
    for number in np.unique(stratum):
        groups = np.flatnonzero(stratum == number)
        groups = groups[np.lexsort([rng.random(len(groups)), sizes[groups]])]
        wanted = np.multiply(shares, len(groups))
        quotas = wanted.astype(int)
        behind += wanted - quotas
        more = np.argsort(-behind, kind="stable")[: len(groups) - quotas.sum()]
        quotas[more] += 1
        behind[more] -= 1
        places = np.concatenate([(np.arange(quota) + rng.random()) / quota for quota in quotas])
        parts[groups] = np.arange(len(shares)).repeat(quotas)[np.argsort(places)]
    return parts


def deal(counts: np.ndarray, sizes: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """A fold for each group, (groups,) int; `counts` (groups, classes) and `sizes` (groups,) are images in each.

    Greedy, in an order fixed beforehand: groups with the rarest class first, and of these the largest. (The iterative
    stratification of Sechidis, Tsoumakas and Vlahavas 2011 finds the rarest class again after dealing each.) A group
    goes to the fold where the sum over its classes, images there times images of its own, is least; of equal folds to
    the one with the fewest images, then by chance. So a group of one class goes to the fold with the fewest images of
    it, and no fold is ahead of another by more than the largest group.
    """
    group, carried = np.nonzero(counts)
    cells = list(zip(carried.tolist(), counts[group, carried].tolist(), strict=True))
    start = np.searchsorted(group, np.arange(len(counts) + 1)).tolist()
    held, full = [[0] * counts.shape[1] for _ in range(folds)], [0] * folds
    chance, dealt = rng.random((len(counts), folds)).tolist(), np.zeros(len(counts), int)
    for row in np.lexsort([rng.random(len(counts)), -sizes, rarest_class(counts)]).tolist():
        mine = cells[start[row] : start[row + 1]]
        there = [
            (sum([has[c] * n for c, n in mine]), images, luck)
            for has, images, luck in zip(held, full, chance[row], strict=True)
        ]
        fold = dealt[row] = there.index(min(there))
        for c, n in mine:
            held[fold][c] += n
        full[fold] += int(sizes[row])
    return dealt


def mend(counts: np.ndarray, dealt: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """`dealt` (groups,), with groups moved or exchanged between folds until every class is within its bound.

    Each of at most STEPS takes a class that is outside its bound in a fold, tries TRIES moves or exchanges with another
    fold, and makes the best: the one that most reduces the sum of squares of what is beyond the bound less one image.
    """
    dealt = dealt.copy()
    bound = 1 + counts.max(axis=0)
    ahead = np.stack([counts[dealt == fold].sum(axis=0) for fold in range(folds)]) - counts.sum(axis=0) / folds

    def cost(of: np.ndarray) -> np.ndarray:
        return (np.maximum(np.abs(of) - (bound - 1), 0) ** 2).sum(axis=-1)

    for _ in range(STEPS):
        outside = np.argwhere(np.abs(ahead) > bound + 1e-9)
        if not len(outside):
            break
        fold, carried = rng.choice(outside)
        other = (fold + rng.integers(1, folds)) % folds
        giver, taker = (fold, other) if ahead[fold, carried] > 0 else (other, fold)
        given = np.flatnonzero((dealt == giver) & (counts[:, carried] > 0))
        if not len(given):
            continue
        given, back = rng.choice(given, TRIES), rng.choice(np.flatnonzero(dealt == taker), TRIES)
        one_way = rng.random(TRIES) < 0.2
        moved = counts[given] - np.where(one_way[:, None], 0, counts[back])
        change = cost(ahead[giver] - moved) + cost(ahead[taker] + moved)
        best = change.argmin()
        if change[best] < cost(ahead[giver]) + cost(ahead[taker]):
            ahead[giver] -= moved[best]
            ahead[taker] += moved[best]
            dealt[given[best]] = taker
            if not one_way[best]:
                dealt[back[best]] = giver
    return dealt
