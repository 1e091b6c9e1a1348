"""The parts of a job on Ray Data: decoders and networks in processes of their own, here or on a cluster.

Ray Data starts the workers, hands them one part after the other, holds decoders back while networks are behind, and
gives the part of a worker that died to another one.
"""

import logging
import os
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_worker_niceness", "0")  # as of any other command; Ray's own is 15
os.environ.setdefault("RAY_task_oom_retries", "3")  # RETRIES where memory is short; Ray's own is for ever
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what its own processes say is in its log files

import pyarrow as pa
import ray
import ray.data

from competition import stopping
from competition.errors import InvalidInput
from competition.images.squares import Shape
from competition.quiet import quiet_start
from competition.scoring.blend import Blend
from competition.scoring.promise import Promise
from competition.tagging.catalogue import Catalogue
from competition.tagging.job import MOST_BYTES, Done, Job
from competition.tagging.stages import NUMBER, Tagger, see
from competition.threads import VARIABLE, count_threads

PROBLEM = "problem"  # a column, of a part that cannot be seen
RETRIES = 3  # of a part whose process has died
SECONDS = 10  # that a cluster may take to answer
AHEAD = 2  # parts that each worker and each decoder may have ready
DECODER = 1  # processors; workers keep another number, or Ray Data would decode within them


def decoded(part: pa.Table, root: Path, shapes: Sequence[Shape]) -> pa.Table:
    """A part as `see` makes it; or its numbers and the PROBLEM for which it cannot be, to be told by `Networks`."""
    try:
        return see(part, root, shapes)
    except InvalidInput as error:
        return part.select([NUMBER]).append_column(PROBLEM, pa.array([str(error)] * len(part)))


class Networks:
    """An actor: a Tagger that is loaded when the first part comes; it returns how each part was done, a row of Done.

    What the user can mend comes as the row's problem, because Ray wraps what is raised here into errors of its own.
    """

    def __init__(self, threads: int, blend: Blend, promise: Promise | None, job: Job, batch_size: int | None):
        self.given = blend, promise, job, batch_size
        os.environ[VARIABLE] = str(threads)  # of this process, before TensorFlow is imported

    @cached_property
    def tagger(self) -> Tagger:
        return Tagger(*self.given)

    def __call__(self, seen: pa.Table) -> pa.Table:
        done = Done(seen[NUMBER][0].as_py())
        if PROBLEM in seen.column_names:
            return pa.Table.from_pylist([done._replace(problem=seen[PROBLEM][0].as_py())._asdict()])
        try:
            done = self.tagger(seen)
        except InvalidInput as error:
            done = done._replace(problem=str(error))
        return pa.Table.from_pylist([done._asdict()])


@contextmanager
def joined(address: str | None) -> Iterator[None]:
    """Within the block there is a Ray cluster: the one at an address, or one of this machine alone, started here.

    Raises InvalidInput where none answers.
    """
    options = {} if address else {"num_cpus": max(2, count_threads()), "include_dashboard": False}
    try:
        if address and address != "auto":  # or Ray would try for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), SECONDS).close()
        with quiet_start(), stopping.handlers_kept():
            ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, ValueError, RuntimeError) as error:
        at = f"at --address {address}; allowed are auto and HOST:PORT" if address else "on this machine"
        raise InvalidInput(f"no Ray cluster {at} ({' '.join(str(error).split())})") from None
    try:
        yield
    finally:
        ray.shutdown()


def write_parts(
    job: Job,
    numbers: Sequence[int],
    catalogue: Catalogue,
    blend: Blend,
    promise: Promise | None,
    *,
    workers: int | None = None,
    batch_size: int | None = None,
) -> Iterator[Done]:
    """Write the parts of these numbers, each by one of the `workers`; yield each when it is there, in any order.

    Close it before the cluster is left.

    For the number of workers see `share_of_cluster`. Raises InvalidInput for too many of them, networks that cannot be
    loaded, parts that cannot be written, and where the cluster fails.
    """
    share = share_of_cluster(workers)
    if short := _short_of(share):
        print(f"{short} are free in the cluster; the job waits until others give up more", flush=True)
    _configure(share)
    parts = [_numbered(catalogue.rows, job.rows_of(number), number) for number in numbers]
    with warnings.catch_warnings():
        # Ray Data tries a part for ever by default, and says no other way to limit that than this one, which is to go.
        warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated", DeprecationWarning)
        seen = ray.data.from_arrow(parts).map_batches(
            partial(decoded, root=catalogue.root, shapes=blend.shapes),
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=DECODER,
            max_retries=RETRIES,
        )
        written = seen.map_batches(
            Networks,
            fn_constructor_args=(share.threads, blend, promise, job, batch_size),
            batch_size=None,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=share.workers),
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            max_task_retries=RETRIES,
        )
    yield from _done(written)


def _configure(share: "Share") -> None:
    """Let Ray Data keep a part whole, decoders no further ahead than their share, and quiet."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.target_max_block_size = None  # a part is one block, whatever its size
    context.execution_options.resource_limits = ray.data.ExecutionResources.for_limits(object_store_memory=share.ahead)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what it tells of an error comes as one


def _done(written: ray.data.Dataset) -> Iterator[Done]:
    """The parts as they are written. Raises InvalidInput for one that cannot be, and where the cluster fails."""
    rows = iter(written.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0))
    try:
        with closing(rows):  # ends what is still being worked on
            for done in (Done(**row) for batch in rows for row in batch.to_pylist()):
                if done.problem:
                    raise InvalidInput(done.problem)
                yield done
    except ray.exceptions.RayTaskError:  # a fault of the program
        raise
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0]
        raise InvalidInput(
            f"the workers failed, also when a part was tried {1 + RETRIES} times ({reason}); what is done stays, and "
            "the same command goes on with the others. If it fails again, the machines have too little memory for the "
            "networks (give --workers fewer), or a picture of a part that is missing brings its decoder down"
        ) from error


class Share(NamedTuple):
    """What a number of workers means: the threads of each, the processors and GPUs that Ray keeps for it, and the bytes
    of what is seen that decoders may be ahead of all of them."""

    workers: int
    threads: int
    cpus: float
    gpus: int
    ahead: int


def share_of_cluster(workers: int | None) -> Share:
    """So many workers, or one for each GPU, or for each machine where there is none.

    Without GPUs they compute with all processors, and half of these, as Ray counts them, are kept for decoders, which
    need less than that. Raises InvalidInput for more workers than there are GPUs or processors.
    """
    machines = [node["Resources"]["CPU"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    cpus, gpus = int(sum(machines)), int(ray.cluster_resources().get("GPU", 0))
    workers = workers or gpus or max(1, len(machines))
    if workers > (gpus or cpus) or cpus < 2:
        raise InvalidInput(
            f"{workers} workers, with {gpus} GPUs and {cpus} processors; allowed is one for each GPU, or for each "
            "processor where there is no GPU, and there have to be two processors"
        )
    threads = int(max(1, min(cpus // workers, max(machines))))
    kept = (0, 1) if gpus else (threads // 2 if threads >= 4 else DECODER / 2, 0)
    return Share(workers, threads, *kept, AHEAD * MOST_BYTES * (workers + cpus // 2))


def _short_of(share: Share) -> str:
    """What others leave of the processors and GPUs that the workers and one decoder take, in words, if too little."""
    free = ray.available_resources()
    wanted = {"CPU": share.cpus * share.workers + DECODER, "GPU": share.gpus * share.workers}
    counts = [(kind, free.get(kind, 0), count) for kind, count in wanted.items()]
    return " and ".join(f"{there:g} of {count:g} {kind}s" for kind, there, count in counts if there < count)


def _numbered(rows: pa.Table, which: range, number: int) -> pa.Table:
    return rows[which.start : which.stop].append_column(NUMBER, pa.array([number] * len(which), pa.int64()))
