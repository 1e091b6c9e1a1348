"""Plots for pages: SVG by Matplotlib, in the colours of the page, which follow its dark mode."""

import io
import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from competition.pages.parts import Chart, data_uri
from competition.run import Run
from competition.scoring.calibration import BINS, Calibration
from competition.scoring.fashionai import answers, precision_curve
from competition.scoring.fonts import any_script
from competition.scoring.plots import BARS, in_words
from competition.scoring.promise import Promise, kept_on
from competition.scoring.scores import average_precision, choices
from competition.task import Task

SIZE = (4.2, 3.0)  # inches of 72 points; a page shows about one pixel for each
POINTS = 400  # of a curve, at most: more cannot be seen
# The colours of a plot as Matplotlib writes them, and what they become in light and in dark mode.
INK, SOFT, RULE, FIRST, SECOND = "#1d2129", "#5b6270", "#e2e0da", "#1f5fbf", "#c2500c"
DARK = {INK: "#e8e6e1", SOFT: "#a3a9b5", RULE: "#383d47", FIRST: "#8ab4f8", SECOND: "#ffab70"}
LINES = ("#3b82f6", "#f97316", "#16a34a", "#db2777", "#8b5cf6", "#0d9488", "#ca8a04", "#dc2626", "#64748b", "#84cc16")
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "page",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
}


def chart(figure: Figure, text: str, caption: str = "") -> Chart:
    """A figure as a part of a page; `text` says what it shows to those who do not see it."""
    held = io.StringIO()
    with mpl.rc_context(STYLE), any_script(figure):
        figure.savefig(held, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = held.getvalue()
    svg = svg[svg.index("<svg") :]
    width, height = (round(float(number)) for number in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    for number, (light, _) in enumerate(DARK.items()):
        svg = svg.replace(light, f"var(--c{number})")
    names = [(f"--c{number}", *pair) for number, pair in enumerate(DARK.items())]
    lights, darks = ("".join(f"{one[0]}:{one[place]};" for one in names) for place in (1, 2))
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{darks}}}}}"
    svg = svg.replace(">", f"><style>:root{{{lights}}}{dark}</style>", 1)
    return Chart(data_uri(svg.encode(), "image/svg+xml"), text, width, height, caption)


def axes_of(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=across, ylabel=up)
    return figure, axes


def coverage(task: Task, probabilities: np.ndarray, codes: np.ndarray, promise: Promise | None) -> Chart:
    """The official curve of a task: the precision of its most confident answers against their share."""
    _, answered, precision = precision_curve(*answers(*choices(task.kind, probabilities, codes)))
    title, words = f"{task.name}: AP {average_precision(task.kind, probabilities, codes)[0]:.4f}", ""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of("share answered, surest first", "precision")
        shown = np.unique(np.linspace(0, len(answered) - 1, POINTS).astype(int)) if len(answered) else []
        axes.plot(answered[shown], precision[shown], color=FIRST)
        if promise:
            axes.axhline(promise.precision, color=SOFT, linewidth=0.8, linestyle=":")
        if promise and promise.tasks[task.name].promises_any:
            share, right = kept_on(task, probabilities, codes, promise.tasks[task.name])
            words = f". The promise tags {share:.0%} of the answers, and {right:.1%} of those are right"
            if task.kind == "multiclass":  # the curve of labels is of yes and no, and tags are only yes
                axes.plot(share, right, "o", color=SECOND, markersize=5, clip_on=False, zorder=3)
        lowest = min(precision[-1:].tolist(), default=1)
        axes.set(xlim=(0, 1), ylim=(max(0, 1 - 1.15 * max(0.06, 1 - lowest)), 1.004))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return chart(figure, f"Precision against the share of answers for {title}{words}", title)


def reliability(found: Calibration) -> Chart:
    """Whether the probabilities of a task come true, before and after its temperature."""
    with mpl.rc_context(STYLE):
        figure, axes = axes_of("probability of the answer", "how often it is right")
        axes.bar(
            (np.arange(BINS) + 0.5) / BINS,
            BARS * found.before.rows / max(1, found.before.rows.max()),
            1 / BINS,
            color=RULE,
        )
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8)
        before, after = (
            f"as predicted: error {found.before.error:.3f}",
            f"{in_words(found.temperature)}: error {found.after.error:.3f}",
        )
        for bins, label, style, colour in ((found.before, before, "o-", FIRST), (found.after, after, "s--", SECOND)):
            shown = bins.rows > 0.01 * bins.rows.sum()
            axes.plot(bins.confidence[shown], bins.precision[shown], style, color=colour, markersize=3.5, label=label)
        axes.set(xlim=(0, 1), ylim=(0, 1.25), yticks=np.linspace(0, 1, 6))
        axes.legend(loc="upper left")
    return chart(figure, f"Calibration of {found.task.name}: {before}; {after}", found.task.name)


def curves(run: Run, tasks: Sequence[Task]) -> list[Chart]:
    """Loss, scores, and the accuracy of each task in each epoch of a training."""
    rows = run.read_history("epoch", "stage", "loss")
    starts = rows["epoch"][rows["stage"].diff() > 0]
    drawn = [
        ("loss", "Loss", [("loss", "training", INK, "--"), ("val_loss", "held out", FIRST, "-")]),
        ("score", "Scores, held out", [("val_map", "mAP", FIRST, "-"), ("val_accuracy", "accuracy", SECOND, "-")]),
    ]
    lines = [(f"val_accuracy_{task.name}", task.name, LINES[n % len(LINES)], "-") for n, task in enumerate(tasks)]
    drawn.append(("accuracy", "Accuracy of each task, held out", lines))
    made = []
    for up, caption, series in drawn:
        with mpl.rc_context(STYLE):
            figure, axes = axes_of("epoch", up)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            axes.set_xlim(0.5, max(rows["epoch"].max(), 1) + 0.5)
            told = []
            for name, label, colour, style in series:
                if name in rows:
                    axes.plot(
                        rows["epoch"], rows[name], style, color=colour, label=label, marker="." if len(rows) < 3 else ""
                    )
                    told.append(f"{label} ends at {rows[name].iloc[-1]:.4f}")
            for start in starts:
                axes.axvline(start - 0.5, color=SOFT, linewidth=0.8, linestyle=":")
            if 0 < len(told) <= len(LINES):
                axes.legend()
        if told:
            made.append(chart(figure, f"{caption}, {len(rows)} epochs: {', '.join(told)}", caption))
    return made
