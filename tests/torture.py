"""Trainings that are killed, and go on: do they end just as one that nobody disturbed?

`make torture` kills one training per line of its table, each in another process, at a moment drawn from a seed; the
line says in which phase, at which of its steps, and how the files of the run compare in the end. A child process is
`python tests/torture.py die PHASE STEP SIGNAL ARGUMENTS`: the command `competition ARGUMENTS`, which sends itself the
signal when the phase has done so many steps.
"""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

# Phases and how many steps each has in an undisturbed training of RECIPE.
STEPS = {
    "image check": 90,
    "features": 6,
    "head stage": 10,
    "epoch": 30,
    "validation": 9,
    "checkpoint": 8,
    "reports": 4,
}
ROUNDS = 3  # trainings that are killed in each phase
AGAIN = 0.4  # of them are killed a second time, in any phase
JOBS = 2  # trainings at a time
SAME = "the same"
TIMES = "seconds"  # the column of history.csv that may differ


def recipe():
    """All that draws random numbers or remembers something from step to step; its last epoch is the best."""
    from small_data import TINY

    return replace(
        TINY,
        epochs=(3, 2, 3),
        learning_rate=(1e-3, 1e-4, 1e-3),
        trains=("all", "heads", "all"),
        monitor="loss",
        optimizer="adamw",
        schedule="cosine",
        warmup_steps=2,
        flip=True,
        rotation=10.0,
        transforms=(("brightness", 0.1), ("noise", 0.05)),
        mixup=0.2,
        cutmix=0.2,
        dropout=0.2,
        ema=0.5,
        accumulate=2,
        task_updates="alternate",
        weight_decay=1e-3,
    )


def die_at(phase: str, step: int, number: int) -> None:
    """Let this process send itself a signal when `phase` is in its step `step`, counted from 1."""
    left = [step]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), number)

    PATCHES[phase](count)


def before(owner, name: str, count: Callable, when: Callable = lambda *arguments: True) -> None:
    """Call `count` before each call of a function for whose arguments `when` holds."""
    was = getattr(owner, name)

    def function(*arguments, **options):
        if when(*arguments):
            count()
        return was(*arguments, **options)

    setattr(owner, name, function)


def in_image_check(count: Callable) -> None:
    from competition.data import check_images

    before(check_images, "decode", count)


def in_features(count: Callable) -> None:
    from competition.images.batches import PredictBatches
    from competition.model import features

    was = features._compute

    def compute(*arguments):
        before(PredictBatches, "__getitem__", count)
        return was(*arguments)

    features._compute = compute


def in_steps(in_heads: bool) -> Callable:
    def patch(count: Callable) -> None:
        from competition.training.watch import Watch

        before(Watch, "on_train_batch_end", count, lambda watch, *_: (watch.stage.trains == "heads") == in_heads)

    return patch


def in_validation(count: Callable) -> None:
    from competition.training.trainer import Trainer

    before(Trainer, "validate", count)


def in_checkpoint(count: Callable) -> None:
    """In the middle of the arrays, and between them and the state that makes them count, in turn."""
    from competition.training import checkpoint

    calls, was = [], checkpoint.np.savez
    checkpoint.json = SimpleNamespace(**vars(json))  # the others' stays as it is
    checkpoint.np = SimpleNamespace(**vars(checkpoint.np))

    def savez(path, **arrays):
        calls.append(path)
        was(path, **arrays)
        if len(calls) % 2:
            content = Path(path).read_bytes()
            Path(path).write_bytes(content[: len(content) // 2])
            count()
            Path(path).write_bytes(content)

    checkpoint.np.savez = savez
    before(checkpoint.json, "dumps", count, lambda *_: len(calls) % 2 == 0)


def in_reports(count: Callable) -> None:
    """Before the probabilities, before the scores, and before two of the pictures."""
    from competition.commands import train
    from competition.run import Run
    from competition.scoring import reports

    before(train.Predictions, "write", count)
    before(Run, "write_json", count, lambda _, name, *__: name == "scores.json")
    before(reports, "write_report", count)


PATCHES = {
    "image check": in_image_check,
    "features": in_features,
    "head stage": in_steps(in_heads=True),
    "epoch": in_steps(in_heads=False),
    "validation": in_validation,
    "checkpoint": in_checkpoint,
    "reports": in_reports,
}


class Site:
    """A folder with a training of its own: cache, run and submission."""

    def __init__(self, folder: Path, data: Path):
        self.folder, self.data = folder, data
        self.run = folder / "runs/one"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "recipe.json").write_text(json.dumps({"recipe": asdict(recipe()), "made": {}}))
        self.train = ["train", "recipe.json", "--data", str(data), "--run", "runs/one"]

    def command(self, minutes: float = 10) -> list[str]:
        """What begins the training, or goes on with it."""
        if (self.run / "scores.json").exists():
            return ["report", "runs/one"]
        begun = (self.run / "recipe.json").exists()
        return [*(["resume", "runs/one"] if begun else self.train), "--checkpoint-minutes", str(minutes)]

    def die(
        self, phase: str, step: int, number: int = signal.SIGKILL, minutes: float = 10
    ) -> subprocess.CompletedProcess:
        """Run the command until it sends itself a signal."""
        return self._call(["die", phase, str(step), str(int(number)), *self.command(minutes)])

    def end(self) -> subprocess.CompletedProcess:
        """Run the command to its end, then answer the questions."""
        return self._call(["die", "none", *self.ending()])

    def ending(self) -> list[str]:
        """The arguments of a child process that does so."""
        return ["0", "0", *self.command(), "--then-submit"]

    def _call(self, arguments: Sequence[str]) -> subprocess.CompletedProcess:
        command = [sys.executable, __file__, *arguments]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    def result(self) -> dict:
        """Weights, history without its times, probabilities and submission, to be compared."""
        import h5py
        import numpy as np

        found = {}

        def add(name: str, item) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = item[()].tobytes()

        with h5py.File(self.run / "model.weights.h5") as file:
            file.visititems(add)
        with np.load(self.run / "probabilities.npz") as file:
            found |= {name: file[name].tobytes() for name in file.files}
        with (self.run / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        found["history"] = [{name: value for name, value in row.items() if name != TIMES} for row in rows]
        found["submission"] = (self.folder / "submissions/one.csv").read_bytes()
        return found


class Kill(NamedTuple):
    """In which step of a phase a training is killed, with how many minutes between checkpoints, and perhaps again."""

    phase: str
    step: int
    minutes: int
    again: tuple[str, int] | None

    @classmethod
    def drawn(cls, phase: str, numbers: random.Random) -> "Kill":
        step, minutes, other = numbers.randint(1, STEPS[phase]), numbers.choice([0, 10]), numbers.choice(list(STEPS))
        again = (other, numbers.randint(1, STEPS[other]))
        return cls(phase, step, minutes, again if numbers.random() < AGAIN else None)

    def ends_like(self, expected: dict, site: Site) -> str:
        """Kill the training of a site and let it go on to its end: a line of the table."""
        status, then = site.die(self.phase, self.step, minutes=self.minutes).returncode, ""
        if self.again:
            killed = site.die(*self.again, minutes=self.minutes).returncode == -signal.SIGKILL
            then = f"{self.again[0]} {self.again[1]}" if killed else "(was at its end)"
        ended = site.end()
        same = status == -signal.SIGKILL and ended.returncode == 0 and site.result() == expected
        often = "each epoch" if self.minutes else "each step"
        end = SAME if same else f"DIFFERENT\n{ended.stdout}\n{ended.stderr}"
        return f"{self.phase:12} {self.step:4}  {often:11}  {then:16}  {end}"


def main(trainings: int, seed: int) -> int:
    """Print the table; 1 if any training ended otherwise than the undisturbed one."""
    from small_data import write_data

    from competition.threads import share_of_threads

    os.environ.update(share_of_threads(JOBS))
    numbers = random.Random(seed)
    plan = [Kill.drawn(phase, numbers) for phase in STEPS for _ in range(ROUNDS)][:trainings]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(JOBS) as pool:
        data = write_data(Path(folder) / "data", images=90)
        undisturbed = Site(Path(folder) / "undisturbed", data)
        if (status := undisturbed.end()).returncode:
            print(status.stdout, status.stderr)
            return 1
        expected = undisturbed.result()
        print(f"seed {seed}, {len(expected)} arrays and files compared\n")
        print("phase        step  checkpoints  and once more     in the end", flush=True)
        sites = [Site(Path(folder) / f"killed-{number}", data) for number, _ in enumerate(plan)]
        same = 0
        for line in pool.map(lambda kill, site: kill.ends_like(expected, site), plan, sites):
            print(line, flush=True)
            same += line.endswith(SAME)
    kills = len(plan) + sum(kill.again is not None for kill in plan)
    print(f"\n{same} of {len(plan)} trainings, killed up to {kills} times, ended as if nothing had happened")
    return int(same < len(plan))


def child(phase: str, step: str, number: str, *arguments: str) -> int:
    from competition.__main__ import main as competition

    arguments = list(arguments)
    submits = "--then-submit" in arguments
    if submits:
        arguments.remove("--then-submit")
    if phase in PATCHES:
        die_at(phase, int(step), int(number))
    return competition(arguments) or (competition(["submit", "runs/one"]) if submits else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["die"]:
        sys.exit(child(*sys.argv[2:]))
    sys.exit(main(*map(int, sys.argv[1:3] or (len(STEPS) * ROUNDS, 0))))
