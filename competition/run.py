"""A run: the folder with all that one training wrote, read and written whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from competition import renamed
from competition.errors import InvalidInput
from competition.files import whole_file
from competition.recipe import Recipe, from_json, to_json

RUNS = Path("runs")
BLEND = "blend.json"
SMOKE = "smoke"
FOLD = "fold"  # what recipe.json says of one training on folds: which of them was held out
SWEEP = "sweep.json"  # what a sweep is made of, in its folder
CROSS_VALIDATION = "cross_validation"  # what recipe.json says of one: folds, digest of the folds, seeds, views


@dataclass(frozen=True)
class Run:
    """A run folder.

    recipe.json, prior.json (shares of the classes), model.weights.h5 (the best epoch), history.csv, probabilities.npz
    (of what was held out), scores.json, curves.png, confusion/, the reports of `scoring/reports.py`, and test.npz,
    skipped.txt and network.png where there are any. A cross-validation has a run for each fold and seed in its own.
    """

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def file(self, name: str) -> Path:
        """Where a file of the run lies, also under the name that an earlier version gave it."""
        path = self.folder / name
        return path if path.exists() or name not in renamed.FILES else path.with_name(renamed.FILES[name])

    @property
    def weights(self) -> Path:
        return self.folder / "model.weights.h5"

    @property
    def finished(self) -> bool:
        """scores.json is written after weights and probabilities; reports, which can be made again, come later."""
        return (self.folder / "scores.json").is_file()

    @property
    def trainings(self) -> list["Run"]:
        """The trainings behind a run: itself, or one for each seed and fold of a cross-validation."""
        plan = self.read_made().get(CROSS_VALIDATION)
        if not plan:
            return [self]
        first = self._recipe_json("recipe")["seed"]
        return [self.part(first + seed, fold) for seed in range(plan["seeds"]) for fold in range(plan["folds"])]

    @property
    def trainings_by_seed(self) -> list[list["Run"]]:
        """The trainings behind a run, those of each seed together, which saw each image once."""
        parts, plan = self.trainings, self.read_made().get(CROSS_VALIDATION) or {"folds": 1}
        return [parts[start : start + plan["folds"]] for start in range(0, len(parts), plan["folds"])]

    def part(self, seed: int, fold: int) -> "Run":
        """The run of one fold and seed of a cross-validation."""
        return Run(self.folder / f"seed-{seed}-fold-{fold}")

    def write_json(self, name: str, values) -> None:
        self.write_text(name, to_text(values) + "\n")

    def write_text(self, name: str, text: str) -> None:
        with whole_file(self.folder / name) as path:
            path.write_text(text, encoding="utf-8")

    def write_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        with whole_file(self.folder / name) as path, path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def read_json(self, name: str):
        """The values in `name`. Raises InvalidInput where the file is missing or is not JSON."""
        path = self.folder / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvalidInput(
                f"{path}: there is no such file, so {self.folder} is not a finished run; "
                "name a folder that `competition train` wrote (`competition list` shows them)"
            ) from None
        except ValueError as error:
            raise InvalidInput(f"{path}: not readable as JSON ({error}); the run has to be made again") from None

    def write_recipe(self, recipe: Recipe, made: dict) -> None:
        """`made` says how: command, data, versions, commit, precision, devices."""
        self.write_json("recipe.json", {"recipe": to_json(recipe), "made": made})

    def read_recipe(self, name: str = "recipe.json") -> Recipe:
        """The recipe in the file `name`. Raises InvalidInput where another version wrote it."""
        values = self._recipe_json("recipe", name)
        try:
            return from_json(values)
        except InvalidInput as error:
            made_by = self._recipe_json("made", name).get("commit") or "unknown"
            raise InvalidInput(
                f"{self.folder / name}: {error}; train it again, or go on with the version that made it, "
                f"commit {made_by}"
            ) from None

    def read_made(self) -> dict:
        return self._recipe_json("made")

    def _recipe_json(self, part: str, name: str = "recipe.json") -> dict:
        values = self.read_json(name)
        if not isinstance(values, dict) or not isinstance(values.get(part), dict):
            raise InvalidInput(f"{self.folder / name} holds no {part}; it was not written by a training")
        return values[part]


def to_text(values) -> str:
    """JSON, which knows no nan: where there is no number stands null."""
    plain = json.loads(json.dumps(values), parse_constant=lambda _: None)
    return json.dumps(plain, indent=1, ensure_ascii=False)


def new_run(recipe_name: str, folder: Path | None = None, root: Path = RUNS) -> Run:
    """Create the folder of a new run: `folder`, or the next free `root/<recipe>-<number>`.

    Raises InvalidInput where `folder` exists: a run is never overwritten.
    """
    if folder is not None:
        refuse_existing(folder)
        folder.mkdir(parents=True)
        return Run(folder)
    number = 1 + max((_number(path, recipe_name) for path in root.glob(f"{recipe_name}-*")), default=0)
    while True:
        try:
            (root / f"{recipe_name}-{number}").mkdir(parents=True)
            return Run(root / f"{recipe_name}-{number}")
        except FileExistsError:  # another training took the number first
            number += 1


def refuse_existing(folder: Path, flag: str = "--run") -> None:
    """Raises InvalidInput where a run folder exists; `flag` names another."""
    if folder.exists():
        raise InvalidInput(
            f"{folder} exists, and a run is never overwritten; give {flag} another folder, or remove this one"
        )


def _number(path: Path, recipe_name: str) -> int:
    ending = path.name.removeprefix(f"{recipe_name}-")
    return int(ending) if ending.isdecimal() else 0


def list_runs(root: Path = RUNS) -> list[Run]:
    """All run folders, in the order in which they were made."""
    return sorted((Run(path.parent) for path in root.glob("*/recipe.json")), key=_started)


def list_swept(root: Path = RUNS) -> list[Run]:
    """The runs of all sweeps, in the order in which they were made."""
    sweeps = [path.parent for path in root.glob(f"*/{SWEEP}")]
    return sorted((Run(path.parent) for sweep in sweeps for path in sweep.glob("*/recipe.json")), key=_started)


def list_blends(root: Path = RUNS) -> list[Run]:
    """The folders of all blends, by name."""
    return sorted((Run(path.parent) for path in root.glob(f"*/{BLEND}")), key=lambda run: run.name)


def _started(run: Run) -> str:
    try:
        return str(run.read_made().get("started", ""))
    except InvalidInput:  # `list` shows what is wrong with it
        return ""


def newest_finished_run(root: Path = RUNS) -> Run:
    """The last run that finished and was no smoke test. Raises InvalidInput where there is none."""
    for run in reversed(list_runs(root)):
        if run.finished and not run.read_made().get(SMOKE):
            return run
    if tests := [str(run.folder) for run in list_runs(root) if run.finished]:
        raise InvalidInput(f"{root}/ holds smoke tests alone; name one of them, or train without --smoke:", tests)
    raise InvalidInput(f"{root}/ holds no finished run; start with `make train`")
