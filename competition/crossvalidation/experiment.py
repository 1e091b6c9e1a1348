"""The folder of a cross-validation: what it is made of, and whether it is the one to go on with."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from competition.data.folds import Folds, read_folds
from competition.errors import InvalidInput
from competition.recipe import Recipe, differences
from competition.run import RUNS, Run, list_runs, new_run

FOLDS = "folds.csv"
DIGEST = "folds"  # what recipe.json keeps of it


@dataclass(frozen=True)
class Part:
    """One training of a cross-validation: a run in the folder of the whole."""

    whole: Run
    seed: int
    fold: int

    @property
    def name(self) -> str:
        return f"seed-{self.seed}-fold-{self.fold}"

    @property
    def run(self) -> Run:
        return Run(self.whole.folder / self.name)

    @property
    def log(self) -> Path:
        """What the training printed."""
        return self.whole.folder / f"{self.name}.log"


@dataclass(frozen=True)
class Experiment:
    """A recipe trained once for each fold and seed, in a folder with a copy of the folds."""

    whole: Run
    recipe: Recipe
    folds: Folds
    seeds: int

    @property
    def folds_file(self) -> Path:
        return self.whole.folder / FOLDS

    @property
    def parts(self) -> list[Part]:
        seeds = range(self.recipe.seed, self.recipe.seed + self.seeds)
        return [Part(self.whole, seed, fold) for seed in seeds for fold in range(self.folds.count)]

    @property
    def missing(self) -> list[Part]:
        return [part for part in self.parts if not part.run.finished]


def open_experiment(recipe: Recipe, folds_file: Path, seeds: int, made: dict, folder: Path | None) -> Experiment:
    """The experiment in `folder`, or an unfinished one of the same recipe and folds, or a new one.

    Raises InvalidInput where `folder` holds something else.
    """
    folds = read_folds(folds_file)
    digest = hashlib.sha256(folds_file.read_bytes()).hexdigest()
    if folder is not None and folder.exists():
        whole = Run(folder)
        if other := _others(whole, recipe, digest):
            raise InvalidInput(f"{folder} holds another experiment; give --run another folder. There:", other)
    elif folder is None and (whole := _unfinished(recipe, digest)):
        print(f"going on with {whole.folder}/")
    else:
        whole = new_run(f"{recipe.name}-cv", folder)
        whole.write_text(FOLDS, folds_file.read_text(encoding="utf-8"))
        whole.write_recipe(recipe, {**made, DIGEST: digest})
    return Experiment(whole, recipe, folds, seeds)


def is_cross_validation(run: Run) -> bool:
    return DIGEST in run.read_made()


def trainings(run: Run) -> list[Run]:
    """The finished trainings behind a run: itself, or those of a cross-validation."""
    if not is_cross_validation(run):
        return [run]
    return [part for path in sorted(run.folder.glob("*/recipe.json")) if (part := Run(path.parent)).finished]


def _others(whole: Run, recipe: Recipe, digest: str) -> list[str]:
    """In what a folder differs from the experiment that is asked for."""
    if not is_cross_validation(whole):
        return ["a single training"]
    changed = differences(whole.read_recipe(), recipe)
    lines = [f"{name} is {there!r}, here {here!r}" for name, (there, here) in changed.items()]
    return lines + (["other folds"] if whole.read_made()[DIGEST] != digest else [])


def _unfinished(recipe: Recipe, digest: str) -> Run | None:
    """The newest cross-validation that has not finished and is the same."""
    for run in reversed(list_runs(RUNS)):
        if run.name.startswith(f"{recipe.name}-cv") and not run.finished and not _others(run, recipe, digest):
            return run
    return None
