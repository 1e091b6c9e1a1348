"""What tagging on Ray Data costs: images/s beside `submit` on the same files, and memory of few and many pictures."""

import csv
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.child import COMMAND, child_environment
from benchmarks.engine import Repeated, prepare, squeezenet
from benchmarks.measure import seconds
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.errors import InvalidInput
from competition.images.cache import Pictures
from competition.model.predict import predict_views
from competition.model.restore import save
from competition.run import Run

FEW, MANY, TURNS, STEPS = 2_000, 20_000, 2, 100
EVERY = 0.2  # seconds between looks at the memory
PROCESSES = {"ray::MapWorker": "worker", "ray::MapBatches(see)": "decoder"}  # Ray's names; the rest is the driver


class Tagged(NamedTuple):
    """Seconds of the whole command, images/s from its first part to its last, and the peak GB of its processes."""

    seconds: float
    speed: float
    peaks: dict[str, float]


def rows(places: Places) -> Iterator[Measurement]:
    """Speed over that of `submit`, the share of the forward step, and the growth of memory."""
    with workplace() as folder:
        preparation = prepare(squeezenet(places), places, folder)
        recipe, network, dataset = preparation.recipe, preparation.network, preparation.material.dataset
        run = Run(folder / "tagged-1")
        run.write_recipe(recipe, {"precision": preparation.precision.policy, "data": str(places.data)})
        run.write_json("scores.json", {"best": None})
        save(network, run)
        repeated = np.arange(MANY) % len(dataset)
        paths = [dataset.path(row) for row in repeated]
        few = tag(run, paths[:FEW], folder / "few")
        submit = partial(predict_views, network, Pictures(dataset.take(repeated), recipe), ("plain",))
        step = partial(Repeated(recipe).predict, network, STEPS)
        step()
        turns = [(tag(run, paths, folder / str(turn)), MANY / seconds(submit), seconds(step)) for turn in range(TURNS)]
    ratios = [many.speed / speed for many, speed, _ in turns]
    shares = [many.speed * taken / STEPS / recipe.batch_size for many, _, taken in turns]
    many = turns[-1][0]
    shown = ", ".join(f"{one.speed:,.0f} against {speed:,.0f} images/s" for one, speed, _ in turns)
    detail = f"{shown}; with its start {MANY / many.seconds:,.0f}; {preparation.precision}"
    yield Measurement(f"tagging: images/s over submit, {MANY:,} pictures", float(np.median(ratios)), 0.9, detail=detail)
    yield Measurement("tagging: time of the forward step alone, as a share", float(np.median(shares)))
    for name, peak in sorted(many.peaks.items()):
        detail = f"{peak:.2f} against {few.peaks[name]:.2f} GB"
        row = f"tagging: peak of a {name}, {MANY:,} over {FEW:,} pictures"
        yield Measurement(row, peak / few.peaks[name], 1.15, at_least=False, detail=detail)


def tag(run: Run, paths: list[Path], output: Path) -> Tagged:
    """Tag these pictures by the command, in processes of its own. Raises InvalidInput if it fails."""
    table = output.with_suffix(".csv")
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["image"], *([path] for path in paths)])
    words = ["tag", str(run.folder), "--input", str(table), "--output", str(output), "--no-promise"]
    began, peaks = time.monotonic(), defaultdict(float)
    with subprocess.Popen(
        [sys.executable, *COMMAND, *words], stdout=subprocess.DEVNULL, env=child_environment()
    ) as job:
        while job.poll() is None:
            for name, gigabytes in memory_of(job.pid):
                peaks[name] = max(peaks[name], gigabytes)
            time.sleep(EVERY)
    if job.returncode:
        raise InvalidInput(f"{' '.join(words)} failed")
    taken = time.monotonic() - began
    times = sorted(path.stat().st_mtime for path in output.glob("parts/*.parquet"))
    rows_of_part = json.loads((output / "job.json").read_text())["part_rows"]
    return Tagged(taken, (len(paths) - rows_of_part) / (times[-1] - times[0]), dict(peaks))


def memory_of(driver: int) -> Iterator[tuple[str, float]]:
    """The peak GB so far of a driver, and of each process of Ray Data that it started."""
    started, parents = {driver}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
    for _ in range(3):  # a worker is a child of Ray's own processes
        started |= {child for child, parent in parents.items() if parent in started}
    for process in started:
        try:
            title = Path(f"/proc/{process}/cmdline").read_text(errors="replace")
            peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        except OSError:
            continue
        name = next((name for start, name in PROCESSES.items() if title.startswith(start)), None)
        if peak and (name or process == driver):
            yield name or "driver", int(peak[1]) * 1024 / 1e9
