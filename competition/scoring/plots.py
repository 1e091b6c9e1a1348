"""Plots that show how far answers can be trusted: reliability, precision against coverage, confusion."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from competition.files import whole_file
from competition.run import Run
from competition.scoring.calibration import BINS, HOTTEST, Calibration
from competition.scoring.fashionai import answers, precision_curve
from competition.scoring.fonts import any_script
from competition.scoring.predictions import Predictions
from competition.scoring.promise import Promise, TaskPromise, kept_on
from competition.scoring.scores import average_precision, choices
from competition.task import Task

COLUMNS = 4
SIDE = 3.1  # of a panel, in inches
BARS = 0.3  # height of the highest bar, as a share of the panel
LONGEST = 24  # characters of a name: longer ones would leave no room for the cells
NUMBERED = 12  # with up to so many classes, the cells of a confusion matrix show their counts
LEGIBLE, MOST_CONFUSED = 60, 40  # with up to 60 classes it shows all of them, with more only 40


def save(figure: Figure, run: Run, name: str) -> None:
    with whole_file(run.folder / name) as path, any_script(figure):
        figure.savefig(path, format="png", dpi=110)


def reliability(calibrations: Sequence[Calibration]) -> Figure:
    """Precision against probability, before and after the temperature; bars show the number of rows."""
    across = "largest probability (points: bins with more than 1 % of the rows; bars: how many rows)"
    figure, panels = _panels(len(calibrations), across)
    for axes, one in zip(panels, calibrations, strict=True):
        heights = BARS * one.before.rows / max(1, one.before.rows.max())
        axes.bar((np.arange(BINS) + 0.5) / BINS, heights, 1 / BINS, color="0.9")
        axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for bins, name, style in ((one.before, "as predicted", "o-"), (one.after, in_words(one.temperature), "s--")):
            shown, label = bins.rows > 0.01 * bins.rows.sum(), f"{name}, error {bins.error:.3f}"
            axes.plot(bins.confidence[shown], bins.precision[shown], style, markersize=3.5, label=label)
        axes.set(title=one.task.name, xlim=(0, 1), ylim=(0, 1.3), yticks=np.linspace(0, 1, 6))
        axes.legend(fontsize=8, loc="upper left")
    return figure


def in_words(temperature: float) -> str:
    """A temperature as text; one at the end of the searched range is only a bound."""
    bounds = {HOTTEST: f"T ≥ {HOTTEST:g}", 1 / HOTTEST: f"T ≤ {1 / HOTTEST:g}"}
    return bounds.get(temperature, f"T = {temperature:.2f}")


def coverage(predictions: Predictions, promise: Promise | None) -> Figure:
    """Precision of the most confident rows against their share; AP is its mean, and what is tagged is marked."""
    marks = "marked: what the promise tags" if promise else "nothing is promised: `competition promise` tries to"
    tasks = [*predictions.labelled_tasks()]
    figure, panels = _panels(len(tasks), f"share of rows answered, most confident first ({marks})")
    lowest = 1.0
    for axes, (task, _, *given) in zip(panels, tasks, strict=True):
        _, answered, precision = precision_curve(*answers(*choices(task.kind, *given)))
        lowest = min([lowest, *precision[-1:]])
        axes.plot(answered, precision, color="C0")
        axes.set(title=f"{task.name}: AP {average_precision(task.kind, *given)[0]:.4f}", xlim=(0, 1.02))
        if promise:
            axes.axhline(promise.precision, color="C1", linewidth=0.8, linestyle=":")
            _mark(axes, task, *given, promise.tasks[task.name])
    for axes in panels:  # the first few rows may be wrong, and their precision would flatten the rest
        axes.set_ylim(max(0, 1 - 1.1 * max(0.06, 1 - lowest)), 1.004)
    return figure


def _mark(axes: Axes, task: Task, probabilities: np.ndarray, codes: np.ndarray, promise: TaskPromise) -> None:
    """Say below a panel what is tagged of these rows, and mark it; a curve of yes and no has no place for labels."""
    mark = Line2D([], [], linestyle="", color="C1", markersize=5, clip_on=False, zorder=3, label="no promise")
    if promise.promises_any:
        share, right = kept_on(task, probabilities, codes, promise)
        known = promise.least[np.isfinite(promise.least)]
        several = f"{len(known)} of {len(promise.least)} thresholds"
        least = f"p ≥ {known[0]:.3f}" if len(promise.least) == 1 else several
        mark.set_label(f"{least}: {share:.0%} tagged, {right:.1%} right")
        if task.kind == "multiclass":
            mark.set(marker="o", data=([share], [right]))
            axes.add_line(mark)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.08), "frameon": False}  # over no curve
    axes.legend(handles=[mark], fontsize=8, handlelength=1, handletextpad=0.4, **below)


def confusion_matrix(task: Task, counts: np.ndarray) -> Figure:
    """`counts` (classes, classes) int: rows are the truth, columns the answer; shaded by the share of the row.

    If there are more classes than can be read (or fit into memory), those with the most mistakes are shown.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown, title = np.arange(len(task)), _short(task.name)
    if len(task) > LEGIBLE:
        mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
        shown = np.sort(np.argsort(-mistakes, kind="stable")[:MOST_CONFUSED])
        title = f"{title}: the {MOST_CONFUSED} of {len(task)} classes that are confused most"
    side, classes = 2.6 + 0.45 * len(shown), [_short(task.classes[number]) for number in shown]
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares[np.ix_(shown, shown)], cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(shown)), classes, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(range(len(shown)), classes, fontsize=8)
    axes.set(title=title, xlabel="answer", ylabel="truth")
    if len(shown) <= NUMBERED:
        for truth, answer in zip(*np.nonzero(counts), strict=True):
            colour = "w" if shares[truth, answer] > 0.5 else "k"
            axes.text(answer, truth, counts[truth, answer], ha="center", va="center", fontsize=8, color=colour)
    return figure


def _short(name: str) -> str:
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[:half]}…{name[1 - half :]}"


def _panels(count: int, across: str) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels of precision, in rows of about the same length, at most four."""
    rows = -(-max(1, count) // COLUMNS)
    columns = -(-max(1, count) // rows)
    figure = Figure(figsize=(SIDE * columns + 0.4, SIDE * rows + 0.4), layout="constrained")
    panels = [figure.add_subplot(rows, columns, 1 + number) for number in range(count)]
    for axes in panels:
        axes.grid(alpha=0.3)
        axes.tick_params(labelsize=8)
    figure.supxlabel(across, fontsize=10)
    figure.supylabel("precision", fontsize=10)
    return figure, panels
