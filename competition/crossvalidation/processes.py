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


def train_missing(experiment: Experiment, only: Sequence[int], flags: Sequence[str], jobs: int) -> None:
    """Train what has not finished, `jobs` at a time, of the folds in `only` if there are any.

    What an earlier attempt left of a fold is removed. Raises InvalidInput, with the end of its log, where one fails;
    others that run go on to their end, and no new one starts.
    """
    missing = [part for part in experiment.missing if not only or part.fold in only]
    devices: SimpleQueue[str | None] = SimpleQueue()
    for share in shares_of_gpus(jobs):
        devices.put(share)

    stop = Event()

    def train(part: Part) -> None:
        device = devices.get()
        try:
            if not stop.is_set():
                train_part(experiment, part, flags, device)
        except BaseException:
            stop.set()
            raise
        finally:
            devices.put(device)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for _ in pool.map(train, missing):
                pass
        finally:  # also where the reader stops all with Ctrl-C
            stop.set()


def train_part(experiment: Experiment, part: Part, flags: Sequence[str], gpus: str | None) -> None:
    """Train one fold by `competition train`; its lines go to a log, those of epochs also to the reader."""
    with locked(part) as free:
        if not free:
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
        if follow(command, environment, part) != 0:
            lines = part.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise InvalidInput(f"{part.name} could not be trained; {part.log} ends with:", lines)


def follow(command: Sequence[str], environment: dict[str, str], part: Part) -> int:
    """Run a command to its end and return its exit status; it ends with this process, too."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with (
        part.log.open("w", encoding="utf-8") as log,
        subprocess.Popen(command, env=environment, text=True, errors="replace", **pipes) as process,
    ):
        try:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if line.startswith(SHOWN):
                    print(f"{part.name}: {line}", end="", flush=True)
        except BaseException:
            process.terminate()
            raise
    return process.returncode


@contextmanager
def locked(part: Part) -> Iterator[bool]:
    """Whether no other process trains this part, and then none will while the block lasts."""
    with (part.whole.folder / f".{part.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


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
