"""The best epoch so far."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import keras
import numpy as np

from competition.model.workers import here
from competition.recipe import Monitor
from competition.scoring.scores import Report

Probabilities = Mapping[str, np.ndarray]


@dataclass
class Kept:
    """The best epoch so far by one number of its report, or the last one where nothing is held out.

    `save` stores its weights, or returns them to be kept here. Where there are `tasks`, the number is the mean over
    these alone.
    """

    save: Callable[[keras.Model], list[np.ndarray] | None]
    by: Monitor
    tasks: Collection[str] = ()
    epoch: int = 0
    report: Report | None = None
    probabilities: Probabilities | None = None
    weights: list[np.ndarray] | None = None

    def offer(self, network: keras.Model, epoch: int, report: Report | None, probabilities) -> bool:
        """Save the network's weights if they are the best so far; return whether they were."""
        better = not (report and self.report) or bool(self._better(report, self.report))
        if not here().from_chief(better):
            return False
        self.weights = self.save(network)
        self.epoch, self.report, self.probabilities = epoch, report, probabilities
        return True

    def state(self) -> dict:
        """Its plain values for a checkpoint; `arrays` has the others."""
        return {"epoch": self.epoch, "report": self.report and self.report.to_json()}

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """{name/probabilities/task: (n, classes)} and {name/weights/number: array}."""
        probabilities = {f"{name}/probabilities/{task}": given for task, given in (self.probabilities or {}).items()}
        return probabilities | {f"{name}/weights/{place}": one for place, one in enumerate(self.weights or ())}

    def set_state(self, state: Mapping, arrays: Mapping[str, np.ndarray], name: str) -> None:
        """Become what `state` and `arrays` were taken of."""
        found = {key.removeprefix(f"{name}/"): array for key, array in arrays.items() if key.startswith(f"{name}/")}
        self.epoch, self.report = state["epoch"], state["report"] and Report.of_json(state["report"])
        given = {key.removeprefix("probabilities/"): one for key, one in found.items() if key.startswith("prob")}
        self.probabilities = given or None
        self.weights = [found[f"weights/{place}"] for place in range(len(found) - len(given))] or None

    def _better(self, new: Report, old: Report) -> bool:
        if self.tasks:
            new, old = new.only(self.tasks), old.only(self.tasks)
        found, best = getattr(new, self.by), getattr(old, self.by)
        return np.isnan(best) or (found < best if self.by == "loss" else found > best)
