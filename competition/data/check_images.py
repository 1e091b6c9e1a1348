"""Read every image once before training: what is broken, and which files are the same."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from competition.dataset import Dataset
from competition.errors import InvalidInput, Problem
from competition.files import CACHE, whole_file
from competition.images.decode import BadImage, decode, digest_of, file_of, read_file


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
    roots = [root.resolve() for root in dataset.roots]
    paths = [roots[source] / name for source, name in zip(dataset.source_of, dataset.names, strict=True)]
    memory = Memory(cache / "images.json")
    digests: list[str | None] = [memory.digest(path) for path in paths]
    unknown = [row for row, digest in enumerate(digests) if digest is None]
    problems = {}
    try:
        for row, result in zip(unknown, _read_all([paths[row] for row in unknown]), strict=True):
            if isinstance(result, BadImage):
                problems[row] = Problem(
                    dataset.sources[dataset.source_of[row]], int(dataset.line[row]), f"{dataset.path(row)}: {result}"
                )
            else:
                digests[row] = result
                memory.learn(paths[row], result)
    finally:  # what was checked before a Ctrl-C need not be checked again
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
            found = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # lost or spoilt: the images are read once more
            found = {}
        found = found if isinstance(found, dict) else {}
        self.entries = {path: entry for path, entry in found.items() if isinstance(entry, list) and len(entry) == 3}
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
            try:
                with whole_file(self.file) as path:
                    path.write_text(json.dumps(self.entries), encoding="utf-8")
            except OSError as error:
                raise InvalidInput(
                    f"{self.file} cannot be written ({error.strerror}); start from a folder where you may write"
                ) from None


def _stamp(path: Path) -> list[int] | None:
    try:
        status = file_of(path).stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _read_all(paths: Sequence[Path]) -> Iterator[str | BadImage]:
    if not paths:
        return
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        results = pool.map(_digest, paths)
        yield from tqdm(results, total=len(paths), desc="checking images", unit="image", disable=None)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _digest(path: Path) -> str | BadImage:
    try:
        content = read_file(path)
        decode(content)
    except BadImage as error:
        return error
    return digest_of(content)
