"""Compare two runs, or two cross-validations, on the images that both of them held out."""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.commands.arguments import Folds
from competition.errors import InvalidInput
from competition.run import Run
from competition.scoring.bootstrap import PERCENT, Gain, TaskComparison, compare_paired
from competition.scoring.predictions import PLAIN, read_predictions

A = Annotated[Path, tyro.conf.arg(metavar="A")]
B = Annotated[Path, tyro.conf.arg(metavar="B")]


def compare(
    a: A, b: B, /, *, view: str = PLAIN, view_a: str | None = None, view_b: str | None = None, only: Folds = ()
) -> tuple[TaskComparison, ...]:
    """Tell whether A is better than B: official AP and accuracy of each task, and how much of it may be chance.

    Chance means the choice of images: both are scored on the same resamples, in which near-duplicates stay together.
    How much another training seed would change is not included. Raises InvalidInput if A and B predicted different
    images.

    Args:
        a: the folder of a run or cross-validation.
        b: another one, or the same one with another view.
        view: the view of both: plain, flip, …
        view_a: the view of A, if it is another.
        view_b: the view of B, if it is another.
        only: compare on the images of these folds alone, for example 0,1,2, while other folds are not trained yet.
    """
    views = view_a or view, view_b or view
    names = [f"{folder} ({chosen})" for folder, chosen in zip((a, b), views, strict=True)]
    pair = [read_predictions(Run(folder), chosen) for folder, chosen in zip((a, b), views, strict=True)]
    if only:
        there = [sorted(set(one.fold.tolist())) for one in pair]
        pair = [one.take(np.isin(one.fold, only)) for one in pair]
        if not all(map(len, pair)):
            found = "; ".join(f"{name} has folds {folds}" for name, folds in zip(names, there, strict=True))
            raise InvalidInput(f"--only {','.join(map(str, only))} leaves no image to compare: {found}")
    rows = compare_paired(*pair)
    print(f"A is {names[0]}\nB is {names[1]}\n\n{table(rows)}\n\n{verdict(rows[-1].ap)}")
    return rows


def table(rows: tuple[TaskComparison, ...]) -> str:
    """A row per task and the mean: AP and accuracy of A and B, the difference, its interval, and how often A wins."""
    width = max(len(row.task) for row in rows)
    columns = f"{'A':>6}  {'B':>6}  {'A - B':>7}  {f'{PERCENT} % of resamples':18}  A wins"
    lines = [
        f"{'':{width}}          {'AP':{len(columns)}}    accuracy",
        f"{'task':{width}}    rows  {columns}    {columns}",
        *(f"{row.task:{width}}  {row.rows:6d}  {_cells(row.ap)}    {_cells(row.accuracy)}" for row in rows),
    ]
    return "\n".join(lines)


def _cells(gain: Gain) -> str:
    value, low, high = gain.difference
    return f"{gain.a:.4f}  {gain.b:.4f}  {value:+.4f}  {low:+.4f} to {high:+.4f}  {gain.wins:6.0%}"


def verdict(gain: Gain) -> str:
    """What the difference in mAP means, in words."""
    value, low, high = gain.difference
    found = f"A - B is {value:+.4f} mAP, between {low:+.4f} and {high:+.4f} in {PERCENT} % of the resamples"
    if gain.difference.is_noise:
        return f"within noise: {found}; these images cannot tell which one is better"
    return f"{'A' if value > 0 else 'B'} is better: {found}"
