"""Read every image once before training: what is broken, and which files are the same."""

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from competition.data.dataset import Dataset
from competition.data.images import BadImage, decode, read_file
from competition.errors import InvalidInput, Problem
from competition.run import whole_file

CACHE = Path("cache")


@dataclass(frozen=True)
class Inspection:
    """What reading each image of a dataset found: a digest of its bytes (n,), or None and a problem."""

    digests: list[str | None]
    problems: dict[int, Problem]

    @property
    def good(self) -> np.ndarray:
        return np.array([digest is not None for digest in self.digests])


def inspect(dataset: Dataset, cache: Path = CACHE) -> Inspection:
    """Read and decode every image; those seen whole before, with the same size and time, are only looked up.

    The digest is SHA-256 over the file. Sizes, times and digests are remembered in `cache`/images.json.
    """
    paths = [dataset.path(row).absolute() for row in range(len(dataset))]
    memory = Memory(cache / "images.json")
    digests: list[str | None] = [memory.digest(path) for path in paths]
    unknown = [row for row, digest in enumerate(digests) if digest is None]
    problems = {}
    for row, result in zip(unknown, _read_all(paths[row] for row in unknown), strict=True):
        if isinstance(result, BadImage):
            problems[row] = Problem(
                dataset.sources[dataset.source_of[row]], int(dataset.line[row]), f"{dataset.path(row)}: {result}"
            )
        else:
            digests[row] = result
            memory.learn(paths[row], result)
    memory.write()
    return Inspection(digests, problems)


def drop_bad_images(dataset: Dataset, inspection: Inspection, skip: bool) -> tuple[Dataset, list[str]]:
    """The dataset of the good images, files with the same bytes in one group, and the digest of each image.

    Raises InvalidInput with all bad images, unless `skip` allows going on without them.
    """
    if inspection.problems and not skip:
        raise InvalidInput(
            f"{len(inspection.problems)} of {len(dataset)} images cannot be used; "
            "mend them or their lines, or go on without them with --skip-bad-images:",
            sorted(inspection.problems.values()),
        )
    if not inspection.good.any():
        raise InvalidInput("no image is left: every single one is bad", sorted(inspection.problems.values()))
    digests = [digest for digest in inspection.digests if digest is not None]
    return replace(dataset.take(inspection.good), group=pd.factorize(np.array(digests, object))[0]), digests


class Memory:
    """Digests of files by path, valid while size and modification time stay what they were."""

    def __init__(self, file: Path):
        self.file = file
        try:
            self.entries = dict(json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            self.entries = {}
        self.changed = False

    def digest(self, path: Path) -> str | None:
        entry = self.entries.get(str(path))
        if entry is None or entry[:2] != _stamp(path):
            return None
        return entry[2]

    def learn(self, path: Path, digest: str) -> None:
        self.entries[str(path)] = [*_stamp(path), digest]
        self.changed = True

    def write(self) -> None:
        if self.changed:
            with whole_file(self.file) as path:
                path.write_text(json.dumps(self.entries), encoding="utf-8")


def _stamp(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _read_all(paths: Iterable[Path]) -> list[str | BadImage]:
    paths = list(paths)
    if not paths:
        return []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(
            tqdm(pool.map(_digest, paths), total=len(paths), desc="checking images", unit="image", disable=None)
        )


def _digest(path: Path) -> str | BadImage:
    try:
        content = read_file(path)
        decode(content)
    except BadImage as error:
        return error
    return hashlib.sha256(content).hexdigest()
