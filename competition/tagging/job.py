"""The folder of a job: what it is about, and its parts, each of which is whole or not there.

A job goes on by what is there. Ray Data can also remember the finished rows by an id column, but holds all ids in
memory to go on, wants each to be unique, and forgets them at the end; names of files need none of that. A part that two
workers write, because one was thought dead, is the same part twice, and the second takes the place of the first.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet
from tqdm import tqdm

from competition.errors import InvalidInput
from competition.files import refuse_filled, try_out, whole_file
from competition.images.squares import Shape
from competition.provenance import called
from competition.run import Run
from competition.scoring.blend import Blend
from competition.scoring.promise import Promise
from competition.tagging.catalogue import Catalogue

JOB, SUMMARY, PARTS, ERRORS = "job.json", "summary.json", "parts", "errors"
MADE = "made"  # in job.json: when and how it began, which may differ when it goes on
WHAT = {
    "input": "the pictures of the input, or their order",
    "rows": "the number of pictures",
    "part_rows": "the rows of a part",
    "run": "what answers: weights, recipes, views or mean",
    "promise": "the promise",
    "version": "the version of competition",
}
SAID = 100  # parts from one line to the next
MOST_ROWS, MOST_BYTES, STEP = 512, 64_000_000, 32  # of a part: rows, bytes of what is seen, and rows it is rounded to


def plan_of(catalogue: Catalogue, blend: Blend, promise: Promise | None) -> dict[str, Any]:
    """What makes a job another one: an entry for each of WHAT."""
    return {
        "input": catalogue.digest,
        "rows": len(catalogue),
        "part_rows": part_rows(blend.shapes),
        "run": blend.digest,
        "promise": promise.digest if promise else None,
        "version": version("competition"),
    }


def part_rows(shapes: Sequence[Shape]) -> int:
    """How many pictures make a part: fewer, the more the networks see of each."""
    each = sum(math.prod(shape.sides) for shape in shapes)
    rows = max(1, min(MOST_ROWS, MOST_BYTES // each))
    return rows // STEP * STEP or rows


@dataclass(frozen=True)
class Job:
    """A job that writes its parts into `folder`; `plan` has the keys of WHAT."""

    folder: Path
    plan: Mapping[str, Any]

    def begin(self, made: Mapping[str, str]) -> None:
        """Write job.json, or see that the one that is there says the same; `made` names what is read.

        Raises InvalidInput for the folder of another job, and for one that holds anything else.
        """
        if not (self.folder / JOB).is_file():
            refuse_filled(self.folder)
            try_out(self.folder / JOB)
            Run(self.folder).write_json(JOB, {**self.plan, MADE: {**called(), **made}})
            return
        found = Run(self.folder).read_json(JOB)
        if not isinstance(found, dict):
            raise InvalidInput(f"{self.folder / JOB} describes no job; name another folder, or remove this one")
        changed = [key for key, now in self.plan.items() if found.get(key) != now]
        if other := [f"{WHAT[key]}: {found.get(key)} there, {self.plan[key]} now" for key in changed]:
            raise InvalidInput(
                f"{self.folder} holds another job; give --output another folder, or bring back what it began with "
                f"({JOB} says what):",
                other,
            )

    def __len__(self) -> int:
        """The number of parts."""
        return math.ceil(self.plan["rows"] / self.plan["part_rows"])

    def rows_of(self, number: int) -> range:
        """The rows of the input that make a part."""
        size = self.plan["part_rows"]
        return range(number * size, min((number + 1) * size, self.plan["rows"]))

    def part(self, number: int) -> Path:
        return self.folder / PARTS / f"part-{number:05}.parquet"

    def errors(self, number: int) -> Path:
        """The file of what could not be read of a part; it is there only where something could not."""
        return self.folder / ERRORS / f"part-{number:05}.parquet"

    @property
    def missing(self) -> list[int]:
        """The parts that are not there yet."""
        folder = self.folder / PARTS
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        return [number for number in range(len(self)) if self.part(number).name not in there]

    def write(self, number: int, answered: pa.Table, failed: pa.Table) -> None:
        """Write what a part answers, and first what of it could not be read."""
        if len(failed):
            self._write(self.errors(number), failed)
        else:
            self.errors(number).unlink(missing_ok=True)
        self._write(self.part(number), answered)

    def _write(self, path: Path, table: pa.Table) -> None:
        named = {key: str(self.plan[key] or "") for key in ("run", "promise", "version")}
        with whole_file(path) as temporary:
            parquet.write_table(table.replace_schema_metadata(named), temporary, compression="zstd")

    def failures(self, number: int) -> int:
        """How many pictures of a part that is there could not be read."""
        path = self.errors(number)
        return parquet.read_metadata(path).num_rows if path.is_file() else 0

    def read_parts(self, columns: list[str]) -> Iterator[tuple[int, pa.Table]]:
        """The number and some columns of every part. Raises InvalidInput for one that is damaged."""
        for number in range(len(self)):
            try:
                yield number, parquet.read_table(self.part(number), columns=columns)
            except (pa.ArrowException, OSError) as error:
                raise InvalidInput(
                    f"{self.part(number)} cannot be read ({' '.join(str(error).split())}); remove it, and the same "
                    "command makes it again"
                ) from None


class Done(NamedTuple):
    """A part that was written: how many of its pictures were answered, and could not be read; or why it was not."""

    number: int
    answered: int = 0
    failed: int = 0
    problem: str | None = None


def follow(parts: Iterable[Done], job: Job, max_failures: float) -> int:
    """Wait for the missing parts of a job; return how many pictures were answered in them.

    How far it is a progress bar says, or a line now and then where there is no terminal. Raises InvalidInput once more
    than the share `max_failures` of all pictures cannot be read, those of parts that were there included.
    """
    rows, missing = job.plan["rows"], {*job.missing}
    there = [number for number in range(len(job)) if number not in missing]
    if there and missing:
        print(f"{job.folder} has {len(there):,} of {len(job):,} parts; going on with the others")
    failed, answered = sum(map(job.failures, there)), 0
    begun = sum(len(job.rows_of(number)) for number in there)
    with tqdm(total=rows, initial=begun, unit="picture", disable=None if missing else True) as bar:
        for count, part in enumerate(chain([Done(-1)], parts)):
            answered, failed = answered + part.answered, failed + part.failed
            bar.update(part.answered + part.failed)
            if bar.disable and count and count % SAID == 0:
                print(f"{len(there) + count:,} of {len(job):,} parts", flush=True)
            if failed > max_failures * rows:
                raise InvalidInput(
                    f"{failed:,} of {rows:,} pictures cannot be read, and --max-failures is {max_failures:g}; "
                    f"{job.folder / ERRORS} says why. What is done stays: allow more, and the same command goes on"
                )
    return answered
