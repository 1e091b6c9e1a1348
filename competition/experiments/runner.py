"""Several trainings in one folder, each in a process of its own, which frees its memory and may have its own GPUs."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from competition.errors import InvalidInput
from competition.files import locked, writing
from competition.recipe import Recipe, differences
from competition.run import FRACTION, Run, new_run, numbered_runs
from competition.stopping import Stopped, stoppable
from competition.threads import share_of_threads

LAST_LINES = 15
SHOWN = ("stage ", "about ")  # the lines of a training that are printed, and not only logged, begin so


@dataclass(frozen=True)
class Job:
    """One of the trainings in the folder `whole`: the arguments of `competition train`, and the run it makes."""

    whole: Run
    run: Run
    recipe_file: Path
    flags: tuple[str, ...]

    @property
    def log(self) -> Path:
        """What the training printed."""
        return self.whole.folder / f"{self.run.name}.log"


def open_folder(
    name: str, folder: Path | None, others: Callable[[Run, bool], Iterator[str]], complete: Callable[[Run], bool]
) -> Run:
    """`folder`, which may be new; without it, the newest incomplete folder with the same settings, or else a new one.

    `others(run, exactly)` describes how a folder differs from what is requested; unless `exactly`, a folder may still
    be extended to it. Raises InvalidInput if `folder` holds something else.
    """
    if folder is not None and folder.exists():
        if found := [*others(Run(folder), False)]:
            raise InvalidInput(f"{folder} holds something else; choose another folder with --run. Found there:", found)
        return Run(folder)
    for _, whole in sorted(numbered_runs(name).items(), reverse=True) if folder is None else ():
        try:
            same = not complete(whole) and not [*others(whole, True)]
        except (InvalidInput, LookupError, TypeError):  # another version's, or damaged; `list` reports it
            continue
        if same:
            print(f"going on with {whole.folder}/")
            return whole
    return new_run(name, folder)


def other_fields(there: Recipe, here: Recipe, varied: str = "") -> Iterator[str]:
    """The fields in which two recipes differ, apart from the one that is varied."""
    for name, (before, now) in differences(there, here).items():
        if name != varied:
            yield f"{name} is {before!r} (requested: {now!r})"


def other_fraction(there: Mapping, here: Mapping) -> Iterator[str]:
    """How the shares of the images differ that two experiments train on, by what they record of themselves."""
    before, now = there.get(FRACTION, 1), here.get(FRACTION, 1)
    if before != now:
        yield f"fraction is {before:g} (requested: {now:g})"


def train_all(jobs: Sequence[Job], flags: Sequence[str], shares: Sequence[str | None]) -> None:
    """Run `competition train` for each job with `flags` and its own, as many at a time as there are `shares` of GPUs.

    They divide the threads of the processor among them. A training that was stopped goes on. Raises InvalidInput,
    with the end of the log, if a training fails: those that are running finish, and no other starts. If a signal
    stops this process, they save and stop, too.
    """
    waiting, stop, running, threads = iter(jobs), Event(), [], share_of_threads(len(shares))

    def work(share: str | None) -> None:
        environment = threads if share is None else {**threads, "CUDA_VISIBLE_DEVICES": share}
        for job in waiting:  # all workers take from one iterator
            if stop.is_set():
                return
            try:
                train_one(job, flags, environment, running)
            except BaseException:
                stop.set()
                raise

    with stoppable(), ThreadPoolExecutor(len(shares)) as pool:
        workers = [pool.submit(work, share) for share in shares]
        try:
            wait(workers)
        except Stopped as stopped:
            stop.set()
            while wait(workers, timeout=0.1).not_done:  # repeatedly, because one may only be starting
                for process in running:
                    process.terminate()
            raise Stopped(stopped.number, "what is trained is saved; the same command goes on") from None
        for worker in workers:
            worker.result()


def train_one(job: Job, flags: Sequence[str], share: dict[str, str], running: list[subprocess.Popen]) -> None:
    """Run one training; its output goes to a log, and the lines that begin like SHOWN are printed, too.

    `share` holds environment variables that say which threads and GPUs the training may use.
    """
    with locked(lock_of(job), wait=False) as lock:
        if lock is None:
            print(f"{job.run.name}: another process is training it", flush=True)
            return
        if job.run.finished:  # by another process, meanwhile
            return
        if job.run.folder.exists() and not job.run.checkpoints.exists():  # nothing to go on from
            shutil.rmtree(job.run.folder)
        command = [sys.executable, "-m", "competition", "train", str(job.recipe_file), *flags, *job.flags]
        command += ["--run", str(job.run.folder)]
        status = follow(command, os.environ | share, job, lock, running)
        if status != 0:
            lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise InvalidInput(f"{job.run.name} {_ending(status)}; {job.log} ends with:", lines)


def _ending(status: int) -> str:
    """How a training ended that did not succeed: by a signal, of which 128 + n tells as well as -n, or by itself."""
    number = -status if status < 0 else status - 128
    if number <= 0:
        return "could not be trained"
    if number == signal.SIGKILL:
        return (
            "was killed by the system (SIGKILL), most likely for lack of memory: try fewer --jobs, or a smaller "
            "--batch-size, which is another experiment. The same command goes on"
        )
    return f"was ended by signal {number} ({signal.strsignal(number) or 'unknown'}); the same command goes on"


def refuse_unfinished(jobs: Sequence[Job]) -> None:
    """Raise InvalidInput if some of the jobs have not finished, usually because another process is training them."""
    if missing := [job for job in jobs if not job.run.finished]:
        raise InvalidInput(
            f"{missing[0].whole.folder}/ is not complete; once these have finished, the same command goes on:",
            [f"{job.run.name}: {_who_has(job)}; its log is {job.log}" for job in missing],
        )


def _who_has(job: Job) -> str:
    with locked(lock_of(job), wait=False) as lock:
        return "another process is training it" if lock is None else "not finished"


def lock_of(job: Job) -> Path:
    """The file that the process locks which trains a job."""
    return job.whole.folder / f".{job.run.name}.lock"


def follow(
    command: Sequence[str], environment: dict[str, str], job: Job, lock: int, running: list[subprocess.Popen]
) -> int:
    """Run a command and return its exit status. It inherits the `lock`, so it keeps it if this process is killed."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with (
        writing(job.log),
        job.log.open("a" if job.run.folder.exists() else "w", encoding="utf-8") as log,
        subprocess.Popen(command, env=environment, text=True, errors="replace", pass_fds=[lock], **pipes) as process,
    ):
        running.append(process)
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if line.startswith(SHOWN):
                    print(f"{job.run.name}: {line}", end="", flush=True)
        except OSError:  # a full disk: nobody would see how the training ends
            process.terminate()
            raise
    return process.returncode


def shares_of_gpus(jobs: int) -> list[str | None]:
    """The value of CUDA_VISIBLE_DEVICES for each job, or None where a job may use all GPUs.

    Raises InvalidInput if there are fewer GPUs than jobs, or if `jobs` is below 1.
    """
    if jobs < 1:
        raise InvalidInput(f"--jobs is {jobs}; at least 1 is needed")
    gpus = gpus_in_sight()
    if jobs == 1 or not gpus:
        return [None] * jobs
    if len(gpus) < jobs:
        raise InvalidInput(f"--jobs is {jobs}, but only {len(gpus)} GPUs are visible; each job needs one of its own")
    return [",".join(gpus[job::jobs]) for job in range(jobs)]


def gpus_in_sight() -> list[str]:
    """The GPUs that TensorFlow would see, found without TensorFlow, which would take memory on all of them."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [gpu for gpu in visible.split(",") if gpu and gpu != "-1"]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False).stdout
    return [str(number) for number, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU"))]
