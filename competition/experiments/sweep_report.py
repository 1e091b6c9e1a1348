"""The results of a sweep: a table with a row per value, and the curves of all values in one picture."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from competition.experiments.sweep import TABLE, Variant
from competition.scoring.plots import save
from competition.scoring.predictions import aligned, read_predictions

PICTURE = "sweep.png"
COLUMNS, WIDTH, HEIGHT = 4, 4.2, 3.6  # of the panels, in a row at most, and in inches


def report_sweep(variants: Sequence[Variant]) -> str:
    """Write sweep.png and, last, sweep.csv; return the table as text.

    Raises InvalidInput if the variants were scored on different images, because the data was changed in between.
    """
    predictions = aligned([read_predictions(variant.run) for variant in variants])
    scores = [variant.run.read_scores() for variant in variants]
    columns = [f"{part}_{task.name}" for task in predictions[0].tasks for part in ("accuracy", "val_accuracy")]
    histories = [variant.run.read_history("epoch", *columns) for variant in variants]
    rows = [_row(*one) for one in zip(variants, scores, histories, strict=True)]
    chance = {task["task"]: task["chance"] for task in scores[0]["best"]["tasks"]}  # the same for all
    whole = variants[0].whole
    save(_curves(variants, histories, rows, chance), whole, PICTURE)
    whole.write_text(TABLE, pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))
    return f"{_words(rows)}\nchance: {', '.join(f'{task} {share:.4f}' for task, share in chance.items())}"


def _row(variant: Variant, scores: dict, history: pd.DataFrame) -> dict:
    best = scores["best"]
    tasks = {f"accuracy_{task['task']}": task["accuracy"] for task in best["tasks"]}
    times = {"seconds": scores["seconds"], "epochs": len(history), "best_epoch": scores["best_epoch"]}
    return {variant.field: variant.value, **tasks, "accuracy": best["accuracy"], "map": best["map"], **times}


def _words(rows: Sequence[dict]) -> str:
    """The table with aligned columns, the first one to the left."""
    first = next(iter(rows[0]))
    cells = [[name.removeprefix("accuracy_") for name in rows[0]], *([_cell(v) for v in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in cells
    ]
    return "\n".join([f"held-out accuracy per task, their mean, mAP, and time, by {first}:", *lines])


def _cell(value) -> str:
    if value is None or isinstance(value, str | int):
        return "-" if value is None else str(value)
    return f"{value:.1f}" if value >= 2 else f"{value:.4f}"


def _curves(
    variants: Sequence[Variant], histories: Sequence[pd.DataFrame], rows: Sequence[dict], chance: dict[str, float]
) -> Figure:
    """A panel per task: held-out accuracy against epochs (training dashed), a line per value."""
    down = -(-len(chance) // COLUMNS)
    across = -(-len(chance) // down)
    figure = Figure(figsize=(WIDTH * across, HEIGHT * down + 0.6), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel().tolist()
    for axes, (task, share) in zip(panels, chance.items(), strict=False):
        axes.axhline(share, color="0.6", linestyle=":")
        for number, (variant, history, row) in enumerate(zip(variants, histories, rows, strict=True)):
            line = {"color": f"C{number % 10}", "marker": "o", "markersize": 3}
            label = f"{variant.value}: {_cell(row[f'accuracy_{task}'])}, {row['seconds']:.0f} s"
            axes.plot(history["epoch"], history[f"val_accuracy_{task}"], label=label, **line)
            axes.plot(history["epoch"], history[f"accuracy_{task}"], "--", color=line["color"], linewidth=0.8)
        axes.set(title=task, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, title=variants[0].field, title_fontsize=8)
    for axes in panels[len(chance) :]:
        axes.remove()
    figure.suptitle("accuracy: held out (training dashed, chance dotted)", fontsize=10)
    return figure
