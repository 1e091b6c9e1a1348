"""Measure speed and memory, and say which goals are missed."""

import importlib
import sys
from pathlib import Path
from typing import Annotated, Literal, get_args

import tyro

from competition.__main__ import reported
from competition.errors import InvalidInput
from competition.run import RUNS
from competition.spent import Spent

Usual = Literal[  # large first: its peaks are those of the process
    "large", "input", "training", "precision", "predict", "heads", "switches", "memory", "label_files", "startup"
]
# Each is a module benchmarks.<group>.
Group = Literal[
    Usual, "accuracy", "checkpoint", "classes", "links", "planning", "profile", "serving", "tagging", "workers"
]
RESULT = RUNS / "bench.json"


def bench(
    groups: Annotated[tuple[Group, ...], tyro.conf.Positional] = get_args(Usual),
    *,
    data: Path | None = None,
    weights: str | None = None,
    output: Path = RESULT,
) -> int:
    """Measure, print a table with one row per measurement, and write it as JSON. A missed goal is marked MISSED.

    Args:
        groups: what to measure; by default all but accuracy and tagging (a quarter of an hour each), checkpoint,
            classes, links, planning, profile, serving and workers.
        data: folder of the photographs; by default data/clothing in COMPETITION_SHARED, else drawn garments.
        weights: SqueezeNet's weights file; by default the one in COMPETITION_SHARED, else random weights.
        output: the JSON to write.
    """
    from benchmarks.places import Places
    from benchmarks.report import header, line, summary, write_json

    modules = [importlib.import_module(f"benchmarks.{group}") for group in groups]
    if data and not data.is_dir():
        raise InvalidInput(f"{data}: there is no such folder")
    places, rows, spent = Places(data, weights), [], Spent()
    print(header(), flush=True)
    for group, module in zip(groups, modules, strict=True):
        with spent.on(group):
            for row in module.rows(places):
                rows.append(row)
                print(line(row), flush=True)
    write_json(rows, output)
    print(f"{summary(rows)}; {output}\ntime: {spent}")
    return 0


if __name__ == "__main__":
    sys.exit(reported(lambda: tyro.cli(bench, prog="python -m benchmarks")))
