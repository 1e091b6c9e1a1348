"""What a person looks at after a training: curves, confusion matrices, the plan of the network."""

import shutil

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from competition.files import whole_file
from competition.recipe import Recipe
from competition.run import Run
from competition.scoring.plots import save
from competition.task import Task

NUMBERED = 12  # classes up to which the cells of a confusion matrix hold their counts


def curves(run: Run, rows: list[dict], recipe: Recipe) -> None:
    """curves.png: loss, scores, and the accuracy of each task, training dashed and held out solid."""
    frame = pd.DataFrame(rows)
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    loss, score, tasks = figure.subplots(1, 3)
    loss.plot(frame["epoch"], frame["loss"], "--", color="black", label="training")
    loss.set(title="loss", xlabel="epoch")
    for name, label in (("val_map", "mAP"), ("val_accuracy", "accuracy, mean of tasks")):
        if name in frame:
            score.plot(frame["epoch"], frame[name], label=f"{label} (held out)")
    score.set(title="official mAP and accuracy", xlabel="epoch")
    for number, task in enumerate(recipe.tasks):
        colour = f"C{number % 10}"
        for prefix, style in (("accuracy_", "--"), ("val_accuracy_", "-")):
            if prefix + task.name in frame:
                label = task.name if style == "-" else None
                tasks.plot(frame["epoch"], frame[prefix + task.name], style, color=colour, label=label)
    tasks.set(title="accuracy a task (dashed: training)", xlabel="epoch")
    _mark_stages(figure, frame)
    save(figure, run, "curves.png")


def _mark_stages(figure: Figure, frame: pd.DataFrame) -> None:
    starts = frame["epoch"][frame["stage"].diff() > 0]
    for axes in figure.axes:
        for start in starts:
            axes.axvline(start - 0.5, color="grey", linewidth=0.8)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)


def confusion_matrix(run: Run, task: Task, counts: np.ndarray) -> None:
    """confusion/<task>.png and .csv: rows the truth, columns the answer, shaded by the share of the row."""
    table = pd.DataFrame(counts, index=task.classes, columns=task.classes)
    run.write_text(f"confusion/{task.name}.csv", table.to_csv(index_label="truth"))
    side = 2.6 + 0.45 * len(task)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
    places = range(len(task))
    axes.set_xticks(places, task.classes, rotation=45, ha="right", fontsize=8)
    axes.set_yticks(places, task.classes, fontsize=8)
    axes.set(title=task.name, xlabel="answer", ylabel="truth")
    if len(task) <= NUMBERED:
        for truth, answer in zip(*np.nonzero(counts), strict=True):
            dark = counts[truth, answer] > counts[truth].sum() / 2
            axes.text(
                answer, truth, counts[truth, answer], ha="center", va="center", fontsize=8, color="w" if dark else "k"
            )
    save(figure, run, f"confusion/{task.name}.png")


def network_plan(run: Run, network: keras.Model) -> None:
    """network.png, where graphviz is installed."""
    if shutil.which("dot"):
        with whole_file(run.folder / "network.png") as path:
            keras.utils.plot_model(network, to_file=str(path), show_shapes=True, dpi=70)
