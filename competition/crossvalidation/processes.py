"""Trainings in processes of their own: memory is given back, and each may have GPUs of its own."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event

from competition.crossvalidation.experiment import Experiment, Part
from competition.errors import InvalidInput

LAST_LINES = 15
SHOWN = ("stage ", "about ")  # how the lines begin that are passed on while a fold is trained


def train_missing(
    experiment: Experiment, only: Sequence[int], flags: Sequence[str], shares: Sequence[str | None]
) -> None:
    """Train what has not finished, of the folds in `only` if there are any; as many at a time as `shares` of GPUs.

    What an earlier attempt left of a fold is removed. Raises InvalidInput, with the end of its log, where one fails:
    others that run go on to their end, and no new one starts. Where this process is stopped, they are, too.
    """
    missing = [part for part in experiment.missing if not only or part.fold in only]
    devices: SimpleQueue[str | None] = SimpleQueue()
    for share in shares:
        devices.put(share)
    stop, running = Event(), []

    def train(part: Part) -> None:
        device = devices.get()
        try:
            if not stop.is_set():
                train_part(experiment, part, flags, device, running)
        except BaseException:
            stop.set()
            raise
        finally:
            devices.put(device)

    with ThreadPoolExecutor(len(shares)) as pool:
        try:
            for _ in pool.map(train, missing):
                pass
        except KeyboardInterrupt:
            stop.set()
            for process in running:
                process.terminate()
            raise


def train_part(
    experiment: Experiment, part: Part, flags: Sequence[str], gpus: str | None, running: list[subprocess.Popen]
) -> None:
    """Train one fold by `competition train`; its lines go to a log, those of epochs also to the reader."""
    with locked(part) as lock:
        if lock is None:
            print(f"{part.name}: another process is training it", flush=True)
            return
        if part.run.finished:  # by another process, meanwhile
            return
        if part.run.folder.exists():
            shutil.rmtree(part.run.folder)
        recipe, folds = experiment.whole.folder / "recipe.json", experiment.folds_file
        command = [sys.executable, "-m", "competition", "train", str(recipe), "--seed", str(part.seed), *flags]
        command += ["--fold", str(folds), str(part.fold), "--run", str(part.run.folder)]
        environment = os.environ | ({"CUDA_VISIBLE_DEVICES": gpus} if gpus is not None else {})
        if follow(command, environment, part, lock, running) != 0:
            lines = part.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise InvalidInput(f"{part.name} could not be trained; {part.log} ends with:", lines)


def follow(
    command: Sequence[str], environment: dict[str, str], part: Part, lock: int, running: list[subprocess.Popen]
) -> int:
    """Run a command to its end and return its exit status. It holds the `lock`, too, should this process be killed."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with (
        part.log.open("w", encoding="utf-8") as log,
        subprocess.Popen(command, env=environment, text=True, errors="replace", pass_fds=[lock], **pipes) as process,
    ):
        running.append(process)
        for line in process.stdout:
            log.write(line)
            log.flush()
            if line.startswith(SHOWN):
                print(f"{part.name}: {line}", end="", flush=True)
    return process.returncode


@contextmanager
def locked(part: Part) -> Iterator[int | None]:
    """A lock (the number of its open file) that keeps other processes off this part, or None where one has it."""
    with (part.whole.folder / f".{part.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file.fileno()


def shares_of_gpus(jobs: int) -> list[str | None]:
    """For each job the value of CUDA_VISIBLE_DEVICES, or None where it may have all.

    Raises InvalidInput where there are fewer GPUs than jobs.
    """
    gpus = gpus_in_sight()
    if jobs == 1 or not gpus:
        return [None] * jobs
    if len(gpus) < jobs:
        raise InvalidInput(f"--jobs is {jobs}, but {len(gpus)} GPUs are in sight; each job needs one of its own")
    return [",".join(gpus[job::jobs]) for job in range(jobs)]


def gpus_in_sight() -> list[str]:
    """The GPUs that TensorFlow would see, without starting it here: it would keep memory on all of them."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [gpu for gpu in visible.split(",") if gpu and gpu != "-1"]
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=False).stdout
    return [str(number) for number, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU"))]
