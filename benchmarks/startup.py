"""How long a user waits before anything happens."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.child import COMMAND, run_python, train_until
from benchmarks.measure import median_seconds
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.recipe import Recipe
from competition.run import RUNS, Run

LISTED, TIMES = 100, 5


def rows(places: Places) -> Iterator[Measurement]:
    """Seconds of `competition --help`, of `competition list`, and from `competition train` to its first step."""
    with workplace() as folder:
        bare = median_seconds(lambda: run_python(["-c", ""], folder), TIMES)
        detail = f"Python alone {bare:.3f}"
        taken = median_seconds(lambda: run_python([*COMMAND, "--help"], folder), TIMES)
        yield Measurement("startup: --help, s", taken, 0.4, at_least=False, detail=detail)
        write_runs(folder / RUNS, LISTED)
        taken = median_seconds(lambda: run_python([*COMMAND, "list"], folder), TIMES)
        yield Measurement(f"startup: list with {LISTED} runs, s", taken, 1.0, at_least=False, detail=detail)

        arguments = ["clothing_squeezenet", "--data", str(places.data), "--weights", places.weights]
        run_python([*COMMAND, "train", *arguments, "--smoke"], folder)  # checks the images, which is cached
        taken, _ = train_until(1, [*arguments, *images_only()], folder)
        yield Measurement("startup: from the command to the first step, s", taken, 15, at_least=False)


def images_only(epochs: int = 1) -> list[str]:
    """Flags for one stage that trains the whole network on images, so that no features are computed beforehand."""
    return ["--epochs", str(epochs), "--learning-rate", "3e-4", "--trains", "all"]


def write_runs(root: Path, count: int) -> None:
    """Write finished runs with the files that `competition list` reads."""
    recipe = Recipe("listed")
    best = {"map": 0.9, "basic_precision": 0.8, "accuracy": 0.7}
    for number in range(count):
        run = Run(root / f"{recipe.name}-{number + 1}")
        run.write_recipe(recipe, {"started": f"2026-01-01T{number // 60:02}:{number % 60:02}:00+00:00", "smoke": False})
        run.write_json("scores.json", {"best_epoch": 1, "seconds": 60.0, "best": best, "last": best, "heads": None})
