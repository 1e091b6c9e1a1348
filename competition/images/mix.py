"""Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019) among images that have the same labelled tasks."""

import numpy as np

from competition.images.batches import TrainBatches, places

Mixed = tuple[np.ndarray, np.ndarray]
STREAM = 0x6D69  # keeps these random numbers apart from those of the order of the images


class MixedBatches(TrainBatches):
    """Training batches whose images are mixed in pairs (arXiv:1710.09412 and 1905.04899).

    An image is only mixed with one that counts for exactly the same tasks, so what is absent stays absent and nothing
    that is known is lost. Its loss is the mean of the losses for both targets, each with its own weight. An image
    without such a partner in its batch stays as it is; so does one that counts for no task. Images are (batch, size,
    size, 3) uint8.
    """

    def share(self, batch: int, number: int = 0, of: int = 1):
        rows, (targets, weights), part = self.rows(batch), self.answers(batch), places(self.batch_size, number, of)
        partner, random = partners(weights), np.random.default_rng((self.recipe.seed, self.epoch, batch, STREAM))
        pairs = np.arange(len(rows))[part], partner[part]
        needed = np.union1d(*pairs)
        made = self.inputs(rows[needed], self.epoch)
        images, others = (made[np.searchsorted(needed, wanted)] for wanted in pairs)
        if self._cuts(random):
            low, high = rectangles(len(rows), images.shape[1], random, self.recipe.cutmix)
            images, share = cut(images, others, low[part], high[part]), uncut(low, high, images.shape[1])
        else:
            share = random.beta(self.recipe.mixup, self.recipe.mixup, len(rows)).astype(np.float32)
            images = blend(images, others, share[part])
        for name, target in targets.items():
            mixed = _mixed(target, weights[name], partner, share)
            targets[name], weights[name] = (values[part] for values in mixed)
        return images, targets, weights

    def _cuts(self, random: np.random.Generator) -> bool:
        """Whether a batch is cut: each second one where a recipe has both."""
        if self.recipe.mixup and self.recipe.cutmix:
            return bool(random.integers(2))
        return self.recipe.cutmix > 0


def partners(weights: dict[str, np.ndarray]) -> np.ndarray:
    """For each image of a batch the place of another that counts for the same tasks, or its own place, (batch,) int.

    `weights` are {task: (batch,) float32}. The images of a group form a circle, so each is a partner once.
    """
    counted = np.stack([values > 0 for values in weights.values()], axis=1)
    partner = np.arange(len(counted))
    kinds, kind = np.unique(counted, axis=0, return_inverse=True)
    for number in np.flatnonzero(kinds.any(axis=1)):
        places = np.flatnonzero(kind == number)
        partner[places] = np.roll(places, 1)
    return partner


def _mixed(target: np.ndarray, weight: np.ndarray, partner: np.ndarray, share: np.ndarray) -> Mixed:
    """Target (batch, classes) and weight (batch,) float32 of a task.

    Cross-entropy is linear in the target: share * w * loss(t) + (1 - share) * w' * loss(t') is the loss of the mean of
    t and t', weighted by share * w and (1 - share) * w', at the weight that is their sum.
    """
    weighted = target * weight[:, None]
    mixed = _mean(weight, weight[partner], share)
    products = _mean(weighted, weighted[partner], share[:, None])
    return np.where(mixed[:, None] > 0, products / np.where(mixed > 0, mixed, 1)[:, None], target), mixed


def blend(images: np.ndarray, others: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mixup: share * image + (1 - share) * another, for shares (images,) float32."""
    return np.rint(_mean(images, others, share[:, None, None, None])).astype(np.uint8)


def rectangles(count: int, size: int, random: np.random.Generator, alpha: float) -> tuple[np.ndarray, np.ndarray]:
    """The corners of what CutMix takes of another image, top left and bottom right, each (count, 2) int.

    The sides are those of the image times the root of 1 - Beta(alpha, alpha); the centre lies anywhere, and what is
    beyond the edge is cut off.
    """
    sides = size * np.sqrt(1 - random.beta(alpha, alpha, count))
    centres = random.uniform(0, size, (count, 2))
    low, high = (np.clip(np.rint(centres + step * sides[:, None]), 0, size).astype(int) for step in (-0.5, 0.5))
    return low, high


def uncut(low: np.ndarray, high: np.ndarray, size: int) -> np.ndarray:
    """The shares (images,) float32 that rectangles leave of square images."""
    return (1 - np.prod(high - low, axis=1) / size**2).astype(np.float32)


def cut(images: np.ndarray, others: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """CutMix: a rectangle of each image comes from another one."""
    mixed = images.copy()
    for image, other, (top, left), (bottom, right) in zip(mixed, others, low, high, strict=True):
        image[top:bottom, left:right] = other[top:bottom, left:right]
    return mixed


def _mean(values: np.ndarray, others: np.ndarray, share: np.ndarray) -> np.ndarray:
    return share * values + (1 - share) * others
