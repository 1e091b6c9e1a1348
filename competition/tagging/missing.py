"""The parts of a job that are not there yet: Ray is loaded and started only where there are any."""

from collections.abc import Iterator
from contextlib import closing

from competition.errors import InvalidInput
from competition.scoring.blend import Blend
from competition.scoring.promise import Promise
from competition.tagging.catalogue import Catalogue
from competition.tagging.job import Done, Job


def missing_parts(
    job: Job,
    catalogue: Catalogue,
    blend: Blend,
    promise: Promise | None,
    address: str | None,
    *,
    workers: int | None = None,
    batch_size: int | None = None,
) -> Iterator[Done]:
    """Write the missing parts of a job, on the Ray cluster at an address or here; yield each when it is there.

    Raises InvalidInput as `joined` and `write_parts` do, and where this machine does not see what a worker wrote.
    """
    if not (missing := job.missing):
        return
    from competition.tagging.engine import joined, write_parts

    flags = {"workers": workers, "batch_size": batch_size}
    with joined(address), closing(write_parts(job, missing, catalogue, blend, promise, **flags)) as parts:
        for part in parts:
            if not job.part(part.number).is_file():
                raise InvalidInput(
                    f"{job.part(part.number)} was written by a worker and is not there, so the workers write to a disk "
                    "that this machine does not see; give --output a folder that all machines of the cluster share"
                )
            yield part
