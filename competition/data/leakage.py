"""Leaks: equal and nearly equal images among the labelled images and the questions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from competition.data.check_images import inspect
from competition.data.near_duplicates import DISTANCE, near_pairs, near_rows, perceptual_hashes
from competition.dataset import Dataset, joined
from competition.files import whole_file
from competition.images.contact_sheet import AMBER, BLUE, RED, Tile, sheet, write_sheet
from competition.layouts.answers import for_spreadsheets, write_csv
from competition.layouts.registry import asking, question_files
from competition.recipe import Recipe

COLUMNS = ("kind", "distance", "image", "place", "other_image", "other_place", "between")
SHOWN, ACROSS = 60, 8  # pairs in the picture; tiles in a row of it


@dataclass(frozen=True)
class Images:
    """Images of label and question files, file by file: `asked` (n,) bool, `digest` (n,) str, `hash` (n,) uint64."""

    dataset: Dataset
    asked: np.ndarray
    digest: np.ndarray
    hash: np.ndarray


def images_of(
    labelled: Dataset, questions: Sequence[Dataset], digests: Sequence[Sequence[str]], hashes: np.ndarray
) -> Images:
    """The images of `labelled` and of each of `questions`; `digests` has a list for each of these, `hashes` is (n,)."""
    every = joined([replace(dataset, codes={}, labelled={}) for dataset in (labelled, *questions)])
    asked = np.arange(len(every)) >= len(labelled)
    return Images(every, asked, np.concatenate([np.array(some, object) for some in digests]), hashes)


def hashed_images(dataset: Dataset, digests: Sequence[str], recipe: Recipe, data: Path, cache: Path) -> Images:
    """The labelled images and those of every question file in `data`, with their perceptual hashes.

    Question images that cannot be read are printed and left out.
    """
    questions, all_digests = [], [digests]
    for file in question_files(recipe, data):
        asked = asking(recipe, file, data, dataset.tasks).read_questions(file, dataset.tasks).images
        inspection = inspect(asked, cache)
        for problem in sorted(inspection.problems.values()):
            print(f"not compared: {problem}")
        questions.append(asked.take(inspection.good))
        all_digests.append(inspection.good_digests)
    paths = [some.path(row) for some in (dataset, *questions) for row in range(len(some))]
    return images_of(dataset, questions, all_digests, perceptual_hashes(paths, [*chain(*all_digests)], cache))


class Leak(NamedTuple):
    """Two images, rows of `Images`, whose hashes differ in `distance` bits; `exact` if their bytes are equal."""

    exact: bool
    distance: int
    first: int
    second: int


def find_leaks(images: Images, distance: int = DISTANCE) -> list[Leak]:
    """Pairs of images with equal bytes or near hashes, those with a question first, then the most alike.

    A thousand copies of an image have half a million pairs, so not every pair is listed. Each image is paired with the
    first image in each file that has the same bytes, and with the first that has the same hash; for two different
    hashes that are near, only the first images in each file are paired. Every image with a partner is in a pair.
    """
    unique, code = np.unique(images.hash, return_inverse=True)
    source = images.dataset.source_of
    first = _first_of_each_file(code, source)
    pairs = [*_with_the_first(pd.factorize(images.digest)[0], source), *_with_the_first(code, source)]
    one, other = near_pairs(unique, distance).T
    for of_one in first[one].T:
        pairs += [np.stack([of_one, of_other], axis=1) for of_other in first[other].T]
    rows = np.sort(np.concatenate(pairs), axis=1)
    rows = np.unique(rows[(rows[:, 0] >= 0) & (rows[:, 0] != rows[:, 1])], axis=0)
    bits = np.bitwise_count(images.hash[rows[:, 0]] ^ images.hash[rows[:, 1]]).tolist()
    exact = (images.digest[rows[:, 0]] == images.digest[rows[:, 1]]).tolist()
    leaks = [Leak(same, far, *row) for same, far, row in zip(exact, bits, rows.tolist(), strict=True)]
    crosses = images.asked[rows[:, 0]] != images.asked[rows[:, 1]]
    return [leaks[row] for row in np.lexsort([rows[:, 1], rows[:, 0], bits, np.logical_not(exact), ~crosses])]


def _first_of_each_file(code: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The first row of each code in each file, (codes, files) int, -1 for none; `code` and `source` are (n,) int."""
    first = np.full((code.max(initial=-1) + 1, source.max(initial=-1) + 1), len(code))
    np.minimum.at(first, (code, source), np.arange(len(code)))
    return np.where(first < len(code), first, -1)


def _with_the_first(code: np.ndarray, source: np.ndarray) -> list[np.ndarray]:
    """For each file (n, 2) int: the first row in that file of each row's code, -1 for none, and the row."""
    rows = np.arange(len(code))
    return [np.stack([column[code], rows], axis=1) for column in _first_of_each_file(code, source).T]


def leaked_questions(images: Images, distance: int = DISTANCE) -> np.ndarray:
    """The rows of the question images that equal a labelled image, or are near one, ascending, (rows,) int."""
    asked = np.flatnonzero(images.asked)
    return asked[near_rows(images.hash[asked], images.hash[~images.asked], distance)]


def between(images: Images, leak: Leak) -> str:
    """The folders of a pair: base, or base and rank."""
    roots, source = images.dataset.root_names, images.dataset.source_of
    return " and ".join(dict.fromkeys([roots[source[leak.first]], roots[source[leak.second]]]))


def write_leaks(path: Path, images: Images, leaks: Sequence[Leak]) -> None:
    """Write a line per pair with the columns COLUMNS."""
    rows, ids = [], images.dataset.ids
    for leak in leaks:
        first, second = ((ids[row], images.dataset.place(row)) for row in (leak.first, leak.second))
        rows.append(("exact" if leak.exact else "near", leak.distance, *first, *second, between(images, leak)))
    with whole_file(path) as temporary:
        write_csv(temporary, for_spreadsheets(pd.DataFrame(rows, columns=COLUMNS)))


def draw_leaks(path: Path, images: Images, leaks: Sequence[Leak]) -> None:
    """Draw the first SHOWN pairs as PNG: red for a question and a labelled image, amber the same file, blue alike."""
    tiles, dataset, ids = [], images.dataset, images.dataset.ids
    for number, leak in enumerate(leaks[:SHOWN], 1):
        crosses = images.asked[leak.first] != images.asked[leak.second]
        colour = RED if crosses else AMBER if leak.exact else BLUE
        what = "the same file" if leak.exact else f"distance {leak.distance}"
        folders = between(images, leak)
        heads = (f"{number}: {what}", f"between {folders}" if " and " in folders else f"within {folders}")
        for head, row in zip(heads, (leak.first, leak.second), strict=True):
            tiles.append(Tile(dataset.path(row), (head, ids[row], Path(dataset.place(row)).name), colour))
    shown = f", the first {SHOWN} shown" if len(leaks) > SHOWN else ""
    title = [
        f"pairs that are the same file or look alike: {len(leaks):,}, among {len(dataset):,} images{shown}",
        "red: a question and a labelled image; amber: the same file; blue: alike",
    ]
    write_sheet(path, sheet(tiles, ACROSS, title, together=2))
