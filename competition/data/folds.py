"""Folds: which images an experiment holds out in turn. They are made once, kept in a file, and used by every recipe."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from competition import renamed
from competition.data.stratify import class_counts, deal, hold_out, mend
from competition.dataset import Dataset
from competition.errors import InvalidInput, Problem
from competition.files import whole_file
from competition.layouts.answers import write_csv
from competition.layouts.csv_lines import csv_rows, rows_below

COLUMNS = ["image", "group", "fold"]
TEST, TEST_WORD = -1, "test"
TEST_WORDS = (TEST_WORD, renamed.TEST_WORD)  # of a file
EXAMPLES = 3


@dataclass(frozen=True)
class Folds:
    """The fold of each image: `image` (n,) str as in `Dataset.ids`, `group` (n,) int, `fold` (n,) int.

    Images of one group (near-duplicates) are in one fold. Those with fold TEST belong to no fold. `source` is the file,
    for messages.
    """

    source: str
    image: np.ndarray
    group: np.ndarray
    fold: np.ndarray

    def __len__(self) -> int:
        return len(self.image)

    @property
    def count(self) -> int:
        return int(self.fold.max()) + 1

    @property
    def test(self) -> np.ndarray:
        """The rows that belong to no fold, ascending, (rows,) int."""
        return np.flatnonzero(self.fold == TEST)

    def split(self, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows (to train on, held out) of a fold, ascending, int. Raises InvalidInput if there is no such fold."""
        if not 0 <= fold < self.count:
            raise InvalidInput(f"{self.source} has no fold {fold}; allowed are 0 to {self.count - 1}")
        return np.flatnonzero((self.fold != fold) & (self.fold != TEST)), np.flatnonzero(self.fold == fold)

    def of(self, dataset: Dataset) -> "Folds":
        """The same folds with their rows in the order of `dataset`.

        Raises InvalidInput if the file and the data set do not hold the same images.
        """
        images = dataset.ids
        rows = pd.Index(self.image).get_indexer(images)
        missing, extra = images[rows < 0], np.setdiff1d(self.image, images)
        if len(missing) or len(extra):
            raise InvalidInput(
                f"{self.source} was made for other images than the {len(images):,} of this data set: {len(missing):,} "
                f"of them are not in the file, and {len(extra):,} are only in the file. Bring back the images it was "
                "made from, or make new folds with `competition folds`; for example:",
                [f"{image} is not in the file" for image in missing[:EXAMPLES]]
                + [f"{image} is only in the file" for image in extra[:EXAMPLES]],
            )
        return replace(self, image=self.image[rows], group=self.group[rows], fold=self.fold[rows])

    def write(self, path: Path) -> None:
        """Write image,group,fold, a line per image."""
        fold = np.where(self.fold == TEST, TEST_WORD, self.fold.astype(str))
        with whole_file(path) as temporary:
            write_csv(temporary, dict(zip(COLUMNS, (self.image, self.group, fold), strict=True)))


def read_folds(path: Path) -> Folds:
    """Read what `Folds.write` wrote. Raises InvalidInput with all that is wrong, with the lines."""
    rows = csv_rows(path)
    _, header = next(rows, (1, []))
    if header != COLUMNS:
        raise InvalidInput(
            f"{path}:1: the first line is {','.join(header)[:80]!r} and not {','.join(COLUMNS)!r}; "
            "name a file that `competition folds` wrote"
        )
    good, problems = rows_below(path, rows, COLUMNS, 0, _cell_problem)
    table = pd.DataFrame([(line, *cells) for line, cells in good], columns=["line", *COLUMNS])
    table["fold"] = table["fold"].replace(TEST_WORDS, str(TEST))
    table = table.astype({"group": int, "fold": int})
    problems += _torn_groups(table, path)
    found = sorted(set(table["fold"]) - {TEST})
    if not problems and found != list(range(max(2, len(found)))):
        listed = ", ".join(map(str, found)) or "none"
        problems = [f"its folds are {listed}; allowed are 0, 1 and so on without a gap, at least two"]
    if problems:
        raise InvalidInput(f"{path} cannot be used; correct it, or make new folds with `competition folds`:", problems)
    group, fold = (table[name].to_numpy(int) for name in ("group", "fold"))
    return Folds(str(path), table["image"].to_numpy(str), group, fold)


def _cell_problem(cells: list[str]) -> str | None:
    image, group, fold = cells
    if not _is_number(group):
        return f"group {group!r} of {image}; allowed are whole numbers from 0"
    if not _is_number(fold) and fold not in TEST_WORDS:
        return f"fold {fold!r} of {image}; allowed are whole numbers from 0, and {TEST_WORD}"
    return None


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdecimal() and len(cell) <= 9


def _torn_groups(table: pd.DataFrame, path: Path) -> Iterator[Problem]:
    """A problem for each group in several folds, at its first line with another fold than the lines above."""
    first = table.groupby("group")["fold"].transform("first")
    for row in table[table["fold"] != first].drop_duplicates("group").itertuples():
        here, there = (TEST_WORD if fold == TEST else f"fold {fold}" for fold in (row.fold, first[row.Index]))
        yield Problem(path, row.line, f"group {row.group} is in {here} here, but in {there} before; it must be in one")


def check_choice(count: int, test_share: float) -> None:
    """Raises InvalidInput for a number of folds or a test share that is not allowed."""
    if count < 2:
        raise InvalidInput(f"{count} folds; allowed are 2 or more, because each is held out while the others train")
    if not 0 <= test_share < 1:
        raise InvalidInput(f"a test share of {test_share}; allowed are shares from 0, for no test images, to below 1")


def make_folds(dataset: Dataset, count: int, seed: int, test_share: float = 0.0) -> Folds:
    """Take out the test images, and deal the rest to `count` folds, stratified on (task, class), groups kept together.

    `deal` is greedy, rarest class first; `mend` then exchanges groups between folds. Together they aim at a bound: each
    fold has n/count images of each (task, class), give or take 1 + its largest group (the most images of that class in
    one group). If every group is of a single class, the bound is certain. If images have several tasks, or groups
    several classes, it is not: for some data no such folds exist. Random data of up to 12 tasks per image all came
    inside; 20 tasks on 300 images ended up to 0.6 images outside. `balance` measures it. Ties are left to the seed.

    Raises InvalidInput for a `count` or `test_share` that is not allowed, and for too few groups of images.
    """
    check_choice(count, test_share)
    inside = hold_out(dataset, test_share, seed)[0] if test_share else np.arange(len(dataset))
    if test_share and len(inside) == len(dataset):
        raise InvalidInput(f"{len(dataset)} images are too few for a test share of {test_share}; give a larger one")
    kept = dataset.take(inside)
    group = np.unique(kept.group, return_inverse=True)[1]
    counts = class_counts(kept, group)
    if len(counts) < count:
        raise InvalidInput(f"{len(counts)} groups of images are too few for {count} folds; give fewer --folds")
    rng = np.random.default_rng([seed, count])
    fold = np.full(len(dataset), TEST)
    fold[inside] = mend(counts, deal(counts, np.bincount(group), count, rng), count, rng)[group]
    return Folds("these folds", dataset.ids, pd.factorize(dataset.group)[0], fold)


@dataclass(frozen=True)
class Balance:
    """How far each (task, class) is from n/k in each fold, `ahead` (k, classes), and may be, `bound` (classes,)."""

    ahead: np.ndarray
    bound: np.ndarray

    @property
    def excess(self) -> float:
        """By how many images the worst class is beyond its bound; 0 or less if all are inside."""
        return float((np.abs(self.ahead) - self.bound).max())


def balance(folds: Folds, dataset: Dataset) -> Balance:
    """For folds whose rows are those of `dataset`. The bound is 1 + the most images of the class in one group."""
    inside = folds.fold != TEST
    held, by_group = (class_counts(dataset.take(inside), part[inside]) for part in (folds.fold, folds.group))
    return Balance(held - held.sum(axis=0) / folds.count, 1 + by_group.max(axis=0))
