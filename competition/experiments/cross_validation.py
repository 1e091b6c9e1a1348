"""The folder of a cross-validation: its trainings, and how an unfinished one is found and continued."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from competition.data.folds import Folds, read_folds
from competition.experiments.runner import Job, open_folder, other_fields, other_fraction
from competition.recipe import Recipe
from competition.run import CROSS_VALIDATION, RECIPE, SCORES, Run, begun
from competition.scoring.reports import report_files

FOLDS = "folds.csv"


@dataclass(frozen=True)
class FoldJob(Job):
    """One training of a cross-validation."""

    seed: int
    fold: int


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
        return [self._part(seed, fold) for seed in seeds for fold in range(self.folds.count)]

    def _part(self, seed: int, fold: int) -> FoldJob:
        flags = ("--seed", str(seed), "--fold", str(self.whole.folder / FOLDS), str(fold))
        return FoldJob(self.whole, self.whole.part(seed, fold), self.whole.folder / RECIPE, flags, seed, fold)

    @property
    def missing(self) -> list[FoldJob]:
        return [part for part in self.parts if not part.run.finished]


def open_experiment(
    recipe: Recipe, folds_file: Path, seeds: int, views: Sequence[str], made: dict, folder: Path | None
) -> Experiment:
    """The experiment in `folder`; without `folder`, an unfinished one with the same settings, or else a new one.

    An experiment in `folder` may get more seeds; it then has no score until they are trained. Raises InvalidInput if
    `folder` holds something else.
    """
    folds = read_folds(folds_file)
    digest = hashlib.sha256(folds_file.read_bytes()).hexdigest()
    plan = {"folds": folds.count, "folds_digest": digest, "seeds": seeds, "views": sorted(views)}
    others = partial(_others, recipe=recipe, plan=plan, made=made)
    whole = open_folder(f"{recipe.name}-cv", folder, others, lambda run: _complete(run, recipe))
    if not (whole.folder / RECIPE).is_file():
        with begun(whole):
            whole.write_text(FOLDS, folds_file.read_text(encoding="utf-8"))
            whole.write_recipe(recipe, {**made, CROSS_VALIDATION: plan})
    elif seeds > _plan(whole)["seeds"]:
        whole.write_recipe(recipe, {**whole.read_made(), CROSS_VALIDATION: plan})
    experiment = Experiment(whole, recipe, folds, seeds)
    if experiment.missing:  # seeds were added, or a fold was removed to be trained again
        (whole.folder / SCORES).unlink(missing_ok=True)
    return experiment


def _complete(run: Run, recipe: Recipe) -> bool:
    return run.finished and all(path.exists() for path in report_files(run, recipe.tasks).values())


def _plan(whole: Run) -> dict | None:
    return whole.read_made().get(CROSS_VALIDATION)


def _others(whole: Run, exactly: bool, recipe: Recipe, plan: dict, made: dict) -> Iterator[str]:
    """How the experiment in a folder differs from the requested one, which may have more seeds unless `exactly`."""
    if not (whole.folder / RECIPE).is_file():
        yield f"no {RECIPE}, so it is not a cross-validation"
        return
    there = _plan(whole)
    if not there:
        yield "a single training"
        return
    yield from other_fields(whole.read_recipe(), recipe, varied="split_seed")  # the folds are the split
    yield from other_fraction(whole.read_made(), made)
    if there["folds_digest"] != plan["folds_digest"]:
        yield "different folds"
    if there["views"] != plan["views"]:
        yield f"views {' '.join(there['views'])} (requested: {' '.join(plan['views'])})"
    if there["seeds"] > plan["seeds"] or (exactly and there["seeds"] < plan["seeds"]):
        yield f"{there['seeds']} seeds (requested: {plan['seeds']})"
