"""Find the weights with which several runs, and views of them, score best together."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro

from competition.errors import InvalidInput
from competition.run import Run, new_run, refuse_existing
from competition.scoring.blend import BLEND, Mean
from competition.scoring.blend_weights import Cost, Found, Member, find_blend
from competition.scoring.bootstrap import PERCENT, TaskComparison
from competition.scoring.predictions import read_predictions, views_of

Runs = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN"), tyro.conf.Positional]
NETWORKS = ("model.weights.h5", "*/model.weights.h5")  # of a run, and of the folds of a cross-validation


def blend(
    runs: Runs,
    *,
    views: tuple[str, ...] = (),
    mean: Mean = "arithmetic",
    max_models: float = math.inf,
    max_megabytes: float = math.inf,
    output: Path | None = None,
) -> Found:
    """Find weights a task for the official AP, tell what they gain on images they were not found on, write blend.json.

    Members are the runs, or cross-validations, each in every view it has predicted in. A task whose weights gain
    nothing there keeps the plain mean. Raises InvalidInput where runs predicted other images or tasks, and where
    the budget allows none.

    Args:
        runs: folders of runs or of cross-validations that predicted the same images.
        views: the views to take part, such as plain flip; without it all that a run has.
        mean: the mean of probabilities, or of their logarithms.
        max_models: networks that answering may take; each fold of a cross-validation is one.
        max_megabytes: megabytes that the files of those networks may take.
        output: the folder to write; without it the next runs/blend-<number>.
    """
    if output is not None:
        refuse_existing(output, "--output")
    budget = Cost(max_models, max_megabytes)
    found = find_blend(members_of(runs, views, budget), mean, budget)
    folder = new_run("blend", output)
    found.blend.write(folder, scores(found))
    print(f"{table(found)}\n\n{verdict(found)}\n\n{folder.folder / BLEND} holds the blend")
    return found


def members_of(runs: Sequence[Path], views: Sequence[str], budget: Cost) -> list[Member]:
    """Every run in every view that it has and that is asked for. Raises InvalidInput where that is not a choice."""
    if not runs:
        raise InvalidInput("name the folders of the runs to blend (`competition list` shows them)")
    if twice := sorted({str(run) for run in runs if list(runs).count(run) > 1}):
        raise InvalidInput("runs that are named twice; name each once:", twice)
    members = [member for run in runs for member in _members_of_run(Run(run), views)]
    if len(members) < 2:
        raise InvalidInput(f"{members[0]} is all there is to blend; name several runs, or more of its views")
    unknown = dict.fromkeys(str(member.folder) for member in members if not member.models)
    if unknown and budget != Cost():
        raise InvalidInput("runs without a network file, so that nothing tells what they cost a budget:", unknown)
    return members


def _members_of_run(run: Run, views: Sequence[str]) -> list[Member]:
    there = views_of(run)
    asked = [view for view in there if not views or view in views]
    if not asked:
        raise InvalidInput(f"{run.folder} has none of the views {', '.join(views)}; it has {', '.join(there)}")
    files = [path for pattern in NETWORKS for path in run.folder.glob(pattern)]
    megabytes = sum(path.stat().st_size for path in files) / 1_000_000
    return [Member(run.folder, view, read_predictions(run, view), len(files), megabytes) for view in asked]


def scores(found: Found) -> dict:
    """What blend.json says about the scores: official AP a task, on images that the weights were not found on."""
    *tasks, mean = (
        {
            "fitted": plain.ap.a,
            "plain_mean": plain.ap.b,
            "best_single": single.ap.b,
            "gain_over_plain_mean": plain.ap.difference._asdict(),
            "gain_over_best_single": single.ap.difference._asdict(),
        }
        for plain, single in zip(found.over_plain, found.over_single, strict=True)
    )
    return {
        "on": f"images that the weights were not found on; low and high hold {PERCENT} % of their resamples",
        "keep_fitted_weights": found.fitted,
        "best_single": str(found.single),
        "cost": asdict(found.cost),
        "tasks": {row.task: values for row, values in zip(found.over_plain, tasks, strict=False)},
        "mean": mean,
    }


def table(found: Found) -> str:
    """The members with their numbers; then a row a task: AP, gains with intervals, and the weights by number."""
    members = [f"  {number}  {folder} ({view})" for number, (folder, view) in enumerate(found.blend.members, 1)]
    width = max(len(row.task) for row in found.over_plain)
    gain = f"   gain  {f'{PERCENT} % of resamples':18}"
    weights = "".join(f"{f'w{number}':>6}" for number in range(1, len(members) + 1))
    lines = [
        f"members ({found.cost})",
        *members,
        f"\nofficial AP on images that the weights were not found on; best single member: {found.single}",
        f"{'task':{width}}    rows  fitted    mean  {gain}  single  {gain}{weights}",
        *(_row(found, *pair, width) for pair in zip(found.over_plain, found.over_single, strict=True)),
    ]
    return "\n".join(lines)


def _row(found: Found, plain: TaskComparison, single: TaskComparison, width: int) -> str:
    weights = "".join(f"{weight:6.2f}" for weight in found.blend.weights.get(plain.task, ()))
    pairs = [(gain.b, *gain.difference) for gain in (plain.ap, single.ap)]
    cells = "".join(f"  {score:.4f}  {value:+.4f}  {low:+.4f} to {high:+.4f}" for score, value, low, high in pairs)
    return f"{plain.task:{width}}  {plain.rows:6d}  {plain.ap.a:.4f}{cells}{weights}"


def verdict(found: Found) -> str:
    """Which tasks have weights of their own, and what those were worth, in words."""
    gain = found.over_plain[-1].ap.difference
    others = [task.name for task in found.blend.tasks if task.name not in found.fitted]
    kept = f"fitted weights: {', '.join(found.fitted) or 'nowhere'}"
    if others:
        kept += f"\nthe plain mean, because fitted weights gain nothing over it: {', '.join(others)}"
    noise = "within noise" if gain.is_noise else "more than noise"
    return (
        f"{kept}\nfitted in all tasks, weights gain {gain.value:+.4f} mAP over the plain mean, "
        f"and between {gain.low:+.4f} and {gain.high:+.4f} in {PERCENT} % of the resamples: {noise}"
    )
