"""Find the weights with which several runs, and views of them, score best together."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from competition.commands.arguments import Runs
from competition.commands.report import how_to_report
from competition.errors import InvalidInput
from competition.provenance import called
from competition.run import Run, begun, new_run, refuse_existing
from competition.scoring.blend import BLEND, Mean, read_member
from competition.scoring.blend_weights import Cost, Found, Member, find_blend
from competition.scoring.bootstrap import PERCENT, TaskComparison, interval_of_means
from competition.scoring.predictions import views_of


def blend(
    runs: Runs,
    *,
    views: tuple[str, ...] = (),
    mean: Mean = "arithmetic",
    max_models: float = math.inf,
    max_megabytes: float = math.inf,
    output: Path | None = None,
) -> Found:
    """Find the weights of each task with the best official AP, show their gain on unseen images, write blend.json.

    Members are the runs or cross-validations, each in every view that it has predicted. A task whose weights gain
    nothing on unseen images keeps the plain mean. Raises InvalidInput if the runs predicted different images or tasks,
    or if none fits into the budget.

    Args:
        runs: folders of runs or cross-validations that predicted the same images.
        views: the views to use, such as plain flip; by default, all that a run has.
        mean: average the probabilities (arithmetic) or their logarithms (geometric).
        max_models: the most networks that the blend may use; each fold of a cross-validation is one.
        max_megabytes: the most megabytes that the files of those networks may take.
        output: the folder to write; by default, the next runs/blend-<number>.
    """
    if output is not None:
        refuse_existing(output, "--output")
    budget = Cost(max_models, max_megabytes)
    found = find_blend(members_of(runs, views, mean, budget), mean, budget)
    folder = new_run("blend", output)
    with begun(folder):
        found.blend.write(folder, scores(found), called())
    print(f"{table(found)}\n\n{verdict(found)}\n\nwrote {folder.folder / BLEND}")
    print(how_to_report(folder.folder))
    return found


def members_of(runs: Sequence[Path], views: Sequence[str], mean: Mean, budget: Cost) -> list[Member]:
    """Every run in every requested view, by default in all it has. Raises InvalidInput for fewer than two."""
    if not runs:
        raise InvalidInput("name the folders of the runs to blend (`competition list` shows them)")
    if twice := sorted({str(run) for run in runs if list(runs).count(run) > 1}):
        raise InvalidInput("some runs are named twice; name each once:", twice)
    members = [member for run in runs for member in _members_of_run(Run(run), views, mean)]
    if len(members) < 2:
        raise InvalidInput(f"there is only {members[0]} to blend; name several runs, or more of its views")
    unknown = dict.fromkeys(str(member.folder) for member in members if not member.models)
    if unknown and budget != Cost():
        raise InvalidInput("some runs have no network file, so their cost is unknown; blend without a budget:", unknown)
    return members


def _members_of_run(run: Run, views: Sequence[str], mean: Mean) -> list[Member]:
    if not run.finished:
        raise InvalidInput(f"{run.folder} has not finished; train it to the end first (`competition list` shows it)")
    there = views_of(run)
    if lacking := [view for view in views if view not in there]:
        raise InvalidInput(f"{run.folder} has no view {', '.join(lacking)}; its views are {', '.join(there)}")
    files = [training.weights for training in run.trainings if training.weights.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1_000_000
    return [Member(run.folder, view, read_member(run, view, mean), len(files), megabytes) for view in views or there]


def scores(found: Found) -> dict:
    """The scores in blend.json: the official AP of each task, on images that the weights were not found on."""
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
    report = found.taken.score()
    return {
        "best": {"map": report.map, "accuracy": report.accuracy},
        "interval": interval_of_means(found.taken),
        "images": len(found.taken),
        "on": f"images that the weights were not found on; low and high hold {PERCENT} % of their resamples",
        "keep_fitted_weights": [task for task, way in found.ways.items() if way == "fitted"],
        "best_single": str(found.single),
        "cost": asdict(found.cost),
        "tasks": {row.task: values for row, values in zip(found.over_plain, tasks, strict=False)},
        "mean": mean,
    }


def table(found: Found) -> str:
    """The members with their numbers, then a row per task: AP, gains with intervals, and the members' weights."""
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
    """What each task uses, and what fitted weights gain, in words."""
    words = {"fitted": "weights of their own", "plain": "the plain mean", "single": "the best member alone"}
    tasks = {way: [task for task, taken in found.ways.items() if taken == way] for way in words}
    lines = [f"{words[way]}: {', '.join(names)}" for way, names in tasks.items() if names]
    for rows, other in ((found.over_plain, "the plain mean"), (found.over_single, "the best single member")):
        gain = rows[-1].ap.difference
        noise = "within noise" if gain.is_noise else "more than noise"
        lines.append(
            f"weights fitted for every task gain {gain.value:+.4f} mAP over {other}, between {gain.low:+.4f} and "
            f"{gain.high:+.4f} in {PERCENT} % of the resamples: {noise}"
        )
    return "\n".join(lines)
