"""Tag a catalogue: answers for each of its pictures, those that are sure enough as tags, the others for review."""

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import tyro

from competition import stopping
from competition.errors import InvalidInput
from competition.extras import require
from competition.files import locked
from competition.run import PROMISE
from competition.scoring.blend import Blend, blend_of
from competition.scoring.promise import Promise, TaskPromise, promise_of
from competition.task import Task


def tag(
    run: Annotated[Path, tyro.conf.arg(metavar="RUN")],
    /,
    *,
    input: Path,
    output: Path,
    image_column: str | None = None,
    product_column: str | None = None,
    no_promise: bool = False,
    max_failures: float = 1.0,
    workers: int | None = None,
    batch_size: int | None = None,
    address: str | None = None,
) -> Path:
    """Answer every picture of a catalogue, tag what is sure enough by the run's promise; return the folder of parts.

    The answers are those of `submit`. What was stopped or killed goes on with the same command: a part of the output
    is whole or not there. It knows pictures by their names: one whose content changes meanwhile is not answered again.
    Raises InvalidInput for an input that cannot be read, a run without a promise, and an output folder that holds
    anything but this job.

    Args:
        run: the folder of a run, a cross-validation (all its networks) or a blend.
        input: a folder of pictures, a table of their paths (.csv or .parquet), or a question file. In a table a path is
            relative to its folder or absolute, or begins with s3:// or gs://.
        output: the folder to write: parts/ and errors/ in Parquet, and summary.json.
        image_column: the column of the table that names the pictures; by default, the one that is called so.
        product_column: the column of the table that names the product of each picture, which is written beside it.
        no_promise: write probabilities only, and tag nothing.
        max_failures: stop when more than this share of the pictures cannot be read.
        workers: processes that hold the networks; by default one for each GPU, else one for each machine.
        batch_size: the most pictures, times views, that a network is given at once; by default as many as in `serve`.
        address: a Ray cluster to join, such as auto; by default this machine is used alone.
    """
    require("cluster", "ray", "pyarrow", "fsspec")
    for flag, given in (("--workers", workers), ("--batch-size", batch_size)):
        if given is not None and given < 1:
            raise InvalidInput(f"{flag} is {given}; allowed are whole numbers from 1")
    if not 0 <= max_failures <= 1:
        raise InvalidInput(f"--max-failures is {max_failures}; allowed are shares from 0 to 1")
    blend = _absolute(blend_of([run], ("plain",), "arithmetic"))
    promise = None if no_promise else _promise(run, blend)
    from competition.tagging.catalogue import read_catalogue
    from competition.tagging.job import Job, follow, plan_of
    from competition.tagging.missing import missing_parts
    from competition.tagging.summary import conclude

    output = output.resolve()
    if not output.name:
        raise InvalidInput(f"--output is {output}, which holds other things; name a folder for this job alone")
    catalogue = read_catalogue(input, blend.tasks, image_column, product_column)
    job = Job(output, plan_of(catalogue, blend, promise))
    with locked(output.with_name(f".{output.name}.lock"), wait=False) as alone:
        if alone is None:
            raise InvalidInput(f"another `competition tag` writes into {output}; wait for it, or name another folder")
        job.begin({"input": str(input.absolute()), "run": str(run.absolute())})
        began = time.monotonic()
        parts = missing_parts(job, catalogue, blend, promise, address, workers=workers, batch_size=batch_size)
        with _going_on(output), closing(parts):
            answered = follow(parts, job, max_failures)
            conclude(job, blend.tasks, promise, answered, time.monotonic() - began)
    return output


def _absolute(blend: Blend) -> Blend:
    """The same blend for processes that start in other folders."""
    return replace(blend, members=tuple((folder.absolute(), view) for folder, view in blend.members))


def _promise(run: Path, blend: Blend) -> Promise:
    """The promise of a run; what it does not promise is printed. Raises InvalidInput if there is none."""
    promise = promise_of(blend)
    if promise is None:
        raise InvalidInput(
            f"{run} holds no {PROMISE}, so nothing is known to be sure enough for a tag: make one by `competition "
            f"promise {run}`, or write probabilities alone by --no-promise"
        )
    for task in blend.tasks:
        for text in _unpromised(task, promise.tasks[task.name]):
            print(text)
    return promise


def _unpromised(task: Task, promise: TaskPromise) -> Iterator[str]:
    """What is not tagged of a task, and what a promise would need."""
    for (name, *_, needed), threshold in zip(promise.rows_of_table(task), promise.thresholds, strict=True):
        if threshold.value == math.inf:
            yield f"{name}: not promised, so it is for review and not tagged; labelled pictures it needs: {needed}"


@contextmanager
def _going_on(output: Path) -> Iterator[None]:
    """Say how to go on where a signal ends the block."""
    try:
        yield
    except stopping.Stopped as stop:
        raise stopping.Stopped(
            stop.number, f"{output} keeps the parts that are done, and the same command goes on with the others"
        ) from None
