"""Pictures of a training: the curves of its epochs, and the plan of its network."""

import shutil

from matplotlib.figure import Figure

from competition.files import whole_file
from competition.run import Run


def curves(run: Run) -> Figure:
    """Loss, scores, and the accuracy of each task, training dashed and held out solid."""
    frame = run.read_history("epoch", "stage", "loss")
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    loss, score, tasks = figure.subplots(1, 3)
    loss.plot(frame["epoch"], frame["loss"], "--", color="black", label="training")
    loss.set(title="loss", xlabel="epoch")
    for name, label in (("val_map", "mAP"), ("val_accuracy", "accuracy, mean of tasks")):
        if name in frame:
            score.plot(frame["epoch"], frame[name], label=f"{label} (held out)")
    score.set(title="official mAP and accuracy", xlabel="epoch")
    for number, task in enumerate(run.read_recipe().tasks):
        colour = f"C{number % 10}"
        for prefix, style in (("accuracy_", "--"), ("val_accuracy_", "-")):
            if prefix + task.name in frame:
                label = task.name if style == "-" else None
                tasks.plot(frame["epoch"], frame[prefix + task.name], style, color=colour, label=label)
    tasks.set(title="accuracy of each task (dashed: training)", xlabel="epoch")
    for axes in figure.axes:
        for start in frame["epoch"][frame["stage"].diff() > 0]:  # the first epochs of later stages
            axes.axvline(start - 0.5, color="grey", linewidth=0.8)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8)
    return figure


def network_plan(run: Run, network) -> None:
    """network.png of a Keras model, where graphviz is installed."""
    import keras  # not needed for the curves

    if shutil.which("dot"):
        with whole_file(run.folder / "network.png") as path:
            keras.utils.plot_model(network, to_file=str(path), show_shapes=True, dpi=70)
