"""The folder of a cross-validation: what it is made of, and whether it is the one to go on with."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from competition.data.folds import Folds, read_folds
from competition.errors import InvalidInput
from competition.experiments.job import Job
from competition.recipe import Recipe, differences
from competition.run import CROSS_VALIDATION, RUNS, Run, list_runs, new_run
from competition.scoring.reports import report_files

FOLDS = "folds.csv"


@dataclass(frozen=True)
class FoldJob(Job):
    """One training of a cross-validation."""

    whole: Run
    seed: int
    fold: int

    @property
    def run(self) -> Run:
        return self.whole.part(self.seed, self.fold)

    @property
    def recipe_file(self) -> Path:
        return self.whole.folder / "recipe.json"

    @property
    def flags(self) -> tuple[str, ...]:
        return "--seed", str(self.seed), "--fold", str(self.whole.folder / FOLDS), str(self.fold)


@dataclass(frozen=True)
class Experiment:
    """A recipe trained once for each fold and seed, in a folder with a copy of the folds."""

    whole: Run
    recipe: Recipe
    folds: Folds
    seeds: int

    @property
    def parts(self) -> list[FoldJob]:
        seeds = range(self.recipe.seed, self.recipe.seed + self.seeds)
        return [FoldJob(self.whole, seed, fold) for seed in seeds for fold in range(self.folds.count)]

    @property
    def missing(self) -> list[FoldJob]:
        return [part for part in self.parts if not part.run.finished]


def open_experiment(
    recipe: Recipe, folds_file: Path, seeds: int, views: Sequence[str], made: dict, folder: Path | None
) -> Experiment:
    """The experiment in `folder`, or one that is the same and lacks trainings or reports, or a new one.

    One in `folder` may get more seeds; it has no score then until they are trained. Raises InvalidInput where `folder`
    holds something else.
    """
    folds = read_folds(folds_file)
    digest = hashlib.sha256(folds_file.read_bytes()).hexdigest()
    plan = {"folds": folds.count, "folds_digest": digest, "seeds": seeds, "views": sorted(views)}
    if folder is not None and folder.exists():
        whole = Run(folder)
        if other := _others(whole, recipe, plan):
            raise InvalidInput(f"{folder} holds another experiment; give --run another folder. There:", other)
        _add_seeds(whole, recipe, seeds)
    elif folder is None and (whole := _to_go_on_with(recipe, plan)):
        print(f"going on with {whole.folder}/")
    else:
        whole = new_run(f"{recipe.name}-cv", folder)
        whole.write_text(FOLDS, folds_file.read_text(encoding="utf-8"))
        whole.write_recipe(recipe, {**made, CROSS_VALIDATION: plan})
    experiment = Experiment(whole, recipe, folds, seeds)
    if experiment.missing:  # also of new seeds, or where a fold was removed to be trained again
        (whole.folder / "scores.json").unlink(missing_ok=True)
    return experiment


def _add_seeds(whole: Run, recipe: Recipe, seeds: int) -> None:
    made = whole.read_made()
    if seeds > made[CROSS_VALIDATION]["seeds"]:
        whole.write_recipe(recipe, {**made, CROSS_VALIDATION: {**made[CROSS_VALIDATION], "seeds": seeds}})


def _others(whole: Run, recipe: Recipe, plan: dict) -> list[str]:
    """In what a folder differs from the experiment that is asked for, which may have more seeds."""
    if not (whole.folder / "recipe.json").is_file():
        return ["no recipe.json, so no cross-validation"]
    there = whole.read_made().get(CROSS_VALIDATION)
    if not there:
        return ["a single training"]
    changed = differences(whole.read_recipe(), recipe)
    lines = [f"{name} is {before!r}, here {here!r}" for name, (before, here) in changed.items()]
    if there["folds_digest"] != plan["folds_digest"]:
        lines.append("other folds")
    if there["views"] != plan["views"]:
        lines.append(f"views {' '.join(there['views'])}, here {' '.join(plan['views'])}")
    if there["seeds"] > plan["seeds"]:
        lines.append(f"{there['seeds']} seeds, here {plan['seeds']}")
    return lines


def _to_go_on_with(recipe: Recipe, plan: dict) -> Run | None:
    """The newest cross-validation that is the same, and lacks trainings or reports."""
    for run in reversed(list_runs(RUNS)):
        complete = run.finished and all(path.exists() for path in report_files(run, recipe.tasks).values())
        if run.name.startswith(f"{recipe.name}-cv") and not complete and _is_the_same(run, recipe, plan):
            return run
    return None


def _is_the_same(run: Run, recipe: Recipe, plan: dict) -> bool:
    try:
        return run.read_made().get(CROSS_VALIDATION) == plan and not differences(run.read_recipe(), recipe)
    except InvalidInput:  # of another version, or spoilt; `list` says so
        return False
