"""What happened in each epoch: a row of history.csv and a printed line."""

from collections.abc import Mapping, Sequence

from competition.recipe import Stage
from competition.scoring.scores import Report
from competition.task import Task


def epoch_row(
    number: int, stage: Stage, tasks: Sequence[Task], logs: Mapping[str, float], report: Report | None, seconds: float
) -> dict:
    """One row: the stage, the training loss, the masked accuracy of each task, and the validation scores.

    `logs` have the learning rate at the epoch's end, too. Keras' own loss of each task is left out: it is a mean over
    batches that counts absent tasks as 0.
    """
    row = {"stage": number, "trains": stage.trains, "peak_learning_rate": stage.learning_rate}
    row |= {"learning_rate": logs["learning_rate"], "seconds": round(seconds, 2), "loss": logs["loss"]}
    for task in tasks:  # Keras leaves the output's name out where there is only one
        row[f"accuracy_{task.name}"] = logs.get(f"{task.ascii_name}_accuracy", logs.get("accuracy"))
    if report:
        row |= {f"val_{name}": getattr(report, name) for name in ("loss", "map", "basic_precision", "accuracy")}
        row |= {f"val_accuracy_{score.task}": score.accuracy for score in report.tasks}
        row |= {f"val_ap_{score.task}": score.ap for score in report.tasks}
    return row


def epoch_line(stages: int, epochs: int, row: Mapping, best: bool) -> str:
    line = f"stage {row['stage']}/{stages} ({row['trains']})  epoch {row['epoch']}/{epochs}"
    line += f"  {row['seconds']:6.1f} s  loss {row['loss']:.4f}"
    if "val_map" in row:
        line += f"  val mAP {row['val_map']:.4f}  accuracy {row['val_accuracy']:.4f}{'  best' if best else ''}"
    return line
