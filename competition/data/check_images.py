"""Read every image once before training, to find broken ones and equal files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from competition.dataset import MAYBE, YES, Dataset
from competition.errors import InvalidInput, Problem
from competition.files import CACHE, JsonCache
from competition.images.decode import BadImage, decode, digest_of, file_of, read_file
from competition.task import Task
from competition.threads import in_threads

DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Inspection:
    """What reading each image found: the digest of its bytes in `digests` (n,), or None and a problem for its row."""

    digests: list[str | None]
    problems: dict[int, Problem]

    @property
    def good(self) -> np.ndarray:
        return np.array([digest is not None for digest in self.digests])

    @property
    def good_digests(self) -> list[str]:
        return [digest for digest in self.digests if digest is not None]


def inspect(dataset: Dataset, cache: Path = CACHE) -> Inspection:
    """Read and decode every image, except those that were good before and have the same size and time.

    The digest is SHA-256 over the file. Sizes, times and digests are kept in `cache`/images.json.
    """
    located = replace(dataset, roots=tuple(root.resolve() for root in dataset.roots))
    paths = [located.path(row) for row in range(len(dataset))]
    seen = JsonCache(cache / "images.json", _valid)
    digests: list[str | None] = [_remembered(seen, path) for path in paths]
    unknown = [row for row, digest in enumerate(digests) if digest is None]
    problems = {}
    try:
        results = in_threads(_digest, [paths[row] for row in unknown], "checking images")
        for row, result in zip(unknown, results, strict=True):
            if isinstance(result, BadImage):
                problems[row] = dataset.problem(row, f"{dataset.path(row)}: {result}")
            else:
                digests[row] = result
                seen[str(paths[row])] = [*_stamp(paths[row]), result]
    finally:  # what was checked before a Ctrl-C need not be checked again
        seen.write()
    return Inspection(digests, problems)


def drop_bad_images(dataset: Dataset, inspection: Inspection, skip: bool) -> tuple[Dataset, list[str]]:
    """The dataset of the good images, files with the same bytes in one group, and the digest of each image.

    Raises InvalidInput with all bad images, unless `skip` leaves them out and any other image is left.
    """
    if inspection.problems and not skip:
        raise InvalidInput(
            f"{len(inspection.problems)} of {len(dataset)} images cannot be used; "
            "correct them or their lines, or leave them out with --skip-bad-images:",
            sorted(inspection.problems.values()),
        )
    if not inspection.good.any():
        raise InvalidInput("no image is left: every single one is bad", sorted(inspection.problems.values()))
    return readable(dataset, inspection.digests), inspection.good_digests


def readable(dataset: Dataset, digests: Sequence[str | None]) -> Dataset:
    """The dataset of the images that have a digest, files with the same bytes in one group."""
    group = pd.factorize(np.array([digest for digest in digests if digest is not None], object))[0]
    return replace(dataset.take(np.array([digest is not None for digest in digests], bool)), group=group)


def contradictions(dataset: Dataset) -> list[Problem]:
    """A problem for each label that is not that of the first labelled image in its group, sorted by file and line.

    The groups are those of `readable`: files with the same bytes, of whose labels at most one is right.
    """
    problems = []
    for task in dataset.tasks:
        rows, codes = np.flatnonzero(dataset.labelled[task.name]), dataset.codes[task.name]
        groups, first = np.unique(dataset.group[rows], return_index=True)
        first = rows[first[np.searchsorted(groups, dataset.group[rows])]]
        rows, first = rows[rows != first], first[rows != first]
        differ = (codes[rows] != codes[first]).any(axis=1)
        for row, other in zip(rows[differ], first[differ], strict=True):
            here, there = (f"{dataset.names[one]} is {_label(task, codes[one])}" for one in (row, other))
            problems.append(dataset.problem(row, f"{task.name}: {here}, but {there} ({dataset.place(other)})"))
    return sorted(problems)


def _label(task: Task, codes: np.ndarray) -> str:
    """The classes that are true, each that may be with a question mark: red + blue?"""
    marks = {YES: "", MAYBE: "?"}
    true = [f"{name}{marks[code]}" for name, code in zip(task.classes, codes.tolist(), strict=True) if code in marks]
    return " + ".join(true) or "none of the classes"


def _valid(entry: object) -> bool:
    """Whether an entry of the cache is a size, a time and a digest."""
    known = isinstance(entry, list) and [type(one) for one in entry] == [int, int, str]
    return known and bool(DIGEST.fullmatch(entry[2]))  # caches name files after it


def _remembered(seen: JsonCache, path: Path) -> str | None:
    """The known digest of a file, if its size and modification time have not changed."""
    *stamp, digest = seen.get(str(path), [None])
    return digest if stamp == _stamp(path) else None


def _stamp(path: Path) -> list[int]:
    """Size and modification time of the file that holds an image; empty if there is no such file."""
    try:
        status = file_of(path).stat()
    except (OSError, ValueError):
        return []
    return [status.st_size, status.st_mtime_ns]


def _digest(path: Path) -> str | BadImage:
    try:
        content = read_file(path)
        decode(content)
    except BadImage as error:
        return error
    return digest_of(content)
