"""A training's log for TensorBoard: the numbers of history.csv, epoch by epoch."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence

from competition.run import Run

FOLDER = "tensorboard"
OF_A_TASK = ("accuracy", "ap")  # the columns of history.csv that there is one of for each task


class EventLog:
    """The event file of a run, in its folder `tensorboard`.

    It is written anew from the history when a training goes on or back, so that no epoch is missing and none is there
    twice, whatever had been written when it was stopped.
    """

    def __init__(self, run: Run):
        self.folder, self._writer = run.folder / FOLDER, None

    def begin(self, history: Sequence[Mapping]) -> None:
        """Start the file with the epochs that are done, at about the times when they ended."""
        from tensorboard.summary import Writer  # an extra

        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._writer = Writer(str(self.folder))
        since = sum(row["seconds"] for row in history)
        for row in history:
            since -= row["seconds"]
            self.add(row, time.time() - since)

    def add(self, row: Mapping, when: float | None = None) -> None:
        """Write the numbers of an epoch, a row of history.csv, which are in the file when this returns."""
        for tag, value in scalars(row):
            self._writer.add_scalar(tag, value, row["epoch"], wall_time=when)
        self._writer.flush()

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._writer = None


def scalars(row: Mapping) -> Iterator[tuple[str, float]]:
    """The numbers of an epoch with their tags, which TensorBoard groups by what is before the first slash.

    `accuracy/training/colour` is `accuracy_colour` of history.csv, and `accuracy/held out/colour` is
    `val_accuracy_colour`.
    """
    if "learning_rate" in row:  # an epoch by an earlier version has none
        yield "learning_rate", row["learning_rate"]
    for column, value in row.items():
        name = column.removeprefix("val_")
        side = "training" if name == column else "held out"
        measure, _, task = (
            name.partition("_") if name.startswith(tuple(f"{one}_" for one in OF_A_TASK)) else (name, "", "")
        )
        if measure in ("loss", "map", "basic_precision", *OF_A_TASK) and value is not None:
            yield "/".join(filter(None, (measure, side, task))), value
