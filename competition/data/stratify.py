"""Deal groups of images to folds so that every class is spread evenly: greedily, then mended by exchanges."""

import numpy as np

STEPS, TRIES = 1000, 500  # of mending; 8 random tasks an image took up to 6 steps, one task an image none


def deal(counts: np.ndarray, sizes: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """A fold for each group, (groups,) int; `counts` (groups, classes) and `sizes` (groups,) are images in each.

    Groups with the rarest class come first, of these the largest, and each goes to the fold that holds least of what it
    brings: the images of its classes there, counted for each of its own; among equal folds to the one with fewest
    images, then by chance. A group of one class thus goes to the fold with least of it, so that no fold is ahead of
    another by more than the largest group.
    """
    rank = np.argsort(np.argsort(counts.sum(axis=0), kind="stable"))
    rarest = np.where(counts > 0, rank, counts.shape[1]).min(axis=1, initial=counts.shape[1])
    group, carried = np.nonzero(counts)
    cells = list(zip(carried.tolist(), counts[group, carried].tolist(), strict=True))
    start = np.searchsorted(group, np.arange(len(counts) + 1)).tolist()
    held, full = [[0] * counts.shape[1] for _ in range(folds)], [0] * folds
    chance, dealt = rng.random((len(counts), folds)).tolist(), np.zeros(len(counts), int)
    for row in np.lexsort([rng.random(len(counts)), -sizes, rarest]).tolist():
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
    """`dealt`, with groups moved or exchanged between folds until every class is inside its bound, or STEPS are over.

    A step takes a class outside its bound in a fold, tries some exchanges with another fold, and does the one that
    most lessens the sum of squares beyond the bound less 1: one image's distance before it is crossed.
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
