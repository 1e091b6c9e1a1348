"""What a report has for a reviewer: rare classes, labels that may be wrong, and images on both sides of the split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.check_images import contradictions, readable
from competition.data.near_duplicates import DISTANCE, duplicate_groups, perceptual_hashes
from competition.dataset import YES, Dataset
from competition.errors import Problem
from competition.pages.figures import NOT_KNOWN, percent
from competition.pages.parts import Column, Table, columns
from competition.pages.scores import ClassScore
from competition.pages.subject import NOT_USED, TRAINED_ON, Reported
from competition.task import Task

RARE = 20  # images of a class to learn from: below, a report names it
SUSPECTS = 50  # labels that a report lists
PAIRS = 24  # leaking pairs that it shows


@dataclass(frozen=True)
class ClassCount:
    """How many images of a class there are: to learn from, and to judge by."""

    task: Task
    name: str
    learned: int
    score: ClassScore | None


def class_counts(reported: Reported, scores: Sequence[ClassScore], dataset: Dataset | None) -> list[ClassCount]:
    """Every class of every task; without the dataset only those that were judged.

    `learned` is -1 where it is not known: without the dataset, and after a training on only a part of the images.
    """
    judged = {(one.task.name, one.name): one for one in scores}
    if dataset is None:
        return [ClassCount(one.task, one.name, -1, one) for one in scores]
    learned = reported.side != NOT_USED if reported.over_folds else reported.side == TRAINED_ON
    return [
        ClassCount(task, name, -1 if reported.in_part else int(yes), judged.get((task.name, name)))
        for task in dataset.tasks
        for name, yes in zip(task.classes, (dataset.codes[task.name][learned] == YES).sum(axis=0), strict=True)
    ]


def classes_table(counts: Sequence[ClassCount], over_folds: bool) -> Table:
    learned = "images, in all folds" if over_folds else "images to learn from"
    head = [Column("task"), Column("class"), *columns("", learned, "judged", "found (recall)", "right when given")[1:]]
    return head, [
        [
            one.task.name,
            one.name,
            NOT_KNOWN if one.learned < 0 else f"{one.learned:,}",
            f"{one.score.rows:,}" if one.score else "0",
            *((percent(one.score.recall), percent(one.score.precision)) if one.score else (NOT_KNOWN, NOT_KNOWN)),
        ]
        for one in counts
    ]


def rare(counts: Sequence[ClassCount]) -> list[ClassCount]:
    """The classes with fewer than RARE images to learn from, the rarest first."""
    return sorted((one for one in counts if 0 <= one.learned < RARE), key=lambda one: one.learned)


def suspects_table(reported: Reported, dataset: Dataset | None) -> Table:
    """The surest answers that contradict a label, with the line of the file that holds it."""
    place = {} if dataset is None else {image: row for row, image in enumerate(dataset.ids.tolist())}
    found = reported.subject.mistakes().head(SUSPECTS)
    head = [Column("task"), Column("label"), Column("answer"), *columns("", "probability", "of the label")[1:]]
    rows = []
    for one in found.itertuples():
        where = Path(dataset.place(place[one.image])).name if one.image in place else ""
        probabilities = percent(one.probability), percent(one.probability_of_truth)
        rows.append([one.task, one.truth, one.answer, *probabilities, Path(one.image).name, where])
    return [*head, Column("image"), Column("line of the label")], rows


def contradicting(dataset: Dataset, digests: Sequence[str | None]) -> list[Problem]:
    """Labels that contradict that of another file with the same bytes."""
    return contradictions(readable(dataset, digests))


@dataclass(frozen=True)
class Leaks:
    """Judged images that look like one that was learned from, or like one of another fold.

    `pairs` are rows of the dataset and the bits in which their hashes differ, (judged, other, distance), the most alike
    first: one for each group of near-duplicates.
    """

    images: int
    pairs: tuple[tuple[int, int, int], ...]

    @property
    def same(self) -> bool:
        """Whether some have the same hash, so that they are most likely one photograph."""
        return any(distance == 0 for *_, distance in self.pairs)


def find_leaks(reported: Reported) -> Leaks:
    """Reads and hashes every image that was not hashed before. Raises InvalidInput for one that changed meanwhile."""
    dataset, side = reported.dataset, reported.side
    rows = np.array(
        [row for row, digest in enumerate(reported.digests) if digest is not None and side[row] != NOT_USED], int
    )
    hashes = perceptual_hashes([dataset.path(row) for row in rows], [reported.digests[row] for row in rows])
    groups = pd.Series(rows).groupby(duplicate_groups(hashes, DISTANCE))
    hash_of = dict(zip(rows.tolist(), hashes, strict=True))
    images, pairs = 0, []
    for _, members in groups:
        sides = Counter(side[members].tolist())
        if len(sides) > 1:
            images += sum(times for one, times in sides.items() if one != TRAINED_ON)
            pairs.append(_nearest(members.tolist(), side, hash_of))
    return Leaks(images, tuple(sorted(pairs, key=lambda pair: pair[2])))


def _nearest(members: Sequence[int], side: np.ndarray, hash_of) -> tuple[int, int, int]:
    """Of a group of near-duplicates, a judged image and the one on another side that is most like it, and how far."""
    pairs = (
        (int(np.bitwise_count(hash_of[one] ^ hash_of[other])), one, other)
        for one in members[:50]
        if side[one] != TRAINED_ON
        for other in members[:50]
        if side[one] != side[other]
    )
    distance, one, other = min(pairs, default=(DISTANCE, members[0], members[-1]))
    return one, other, distance
