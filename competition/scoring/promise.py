"""A promise: thresholds from which on what is tagged keeps a precision. How one is found is in `learn_then_test.py`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from competition.errors import InvalidInput
from competition.images.decode import digest_of
from competition.layouts.answers import answers
from competition.run import PROMISE, Run
from competition.scoring.blend import DIGITS, Blend
from competition.scoring.fashionai import as_submitted
from competition.task import Task

MOST_KEPT = 5_000  # confidences of a task


class Threshold(NamedTuple):
    """What is tagged from the probability `value` on: inf, and no counts, where nothing can be promised.

    Of `rows`, all that could have been tagged, `tagged` were; `right` of the `judged`, those whose letter is not m.
    Without a promise `needed` is how many more labelled pictures should allow one; None where no number would.
    """

    value: float
    rows: int
    tagged: int
    judged: int
    right: int
    needed: int | None = None


@dataclass(frozen=True)
class TaskPromise:
    """One task: the rows that the promise was made on, and the Threshold of all its classes, or one of each.

    `confidences` (at most MOST_KEPT,) float64, ascending, are the largest probabilities of those rows, or as many
    evenly spaced order statistics of them.
    """

    rows: int
    thresholds: tuple[Threshold, ...]
    confidences: np.ndarray

    @property
    def least(self) -> np.ndarray:
        """The probability from which on each class is tagged, (classes,) or, one for all, (1,) float64."""
        return np.array([one.value for one in self.thresholds])


@dataclass(frozen=True)
class Promise:
    """With probability `confidence`, the share `precision` of what is tagged is right, for each task alone.

    `by_class`: for each class alone. `jointly`: for all of them at once. `run` is the digest of the Blend that it holds
    for, and `source` says on which pictures it was made.
    """

    precision: float
    confidence: float
    by_class: bool
    jointly: bool
    run: str
    source: str
    tasks: Mapping[str, TaskPromise]

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The promise in a folder, None where there is none. Raises InvalidInput if it is damaged."""
        if not (folder / PROMISE).is_file():
            return None
        values = Run(folder).read_json(PROMISE)
        try:
            tasks = {name: _read_task(one) for name, one in values.pop("tasks").items()}
            values.pop("made")
            promise = cls(**values, tasks=tasks)
            promise._check()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(
                f"{folder / PROMISE} is not a promise ({type(error).__name__}: {error}); make it again with "
                "`competition promise`"
            ) from None
        return promise

    def write(self, run: Run, made: Mapping) -> None:
        """Write promise.json; `made` says how the promise was made."""
        run.write_json(PROMISE, {**self._values(), "made": made})

    @property
    def digest(self) -> str:
        """A short digest of all that it says, but not of when it was made."""
        return digest_of(json.dumps(self._values(), sort_keys=True).encode())[:DIGITS]

    def _values(self) -> dict:
        tasks = {
            name: {
                "rows": one.rows,
                "thresholds": [{**t._asdict(), "value": t.value if t.value < np.inf else None} for t in one.thresholds],
                "confidences": one.confidences.tolist(),
            }
            for name, one in self.tasks.items()
        }
        return {**asdict(replace(self, tasks={})), "tasks": tasks}

    def _check(self) -> None:
        """Raise ValueError for what no promise says."""
        if not (0 < self.precision < 1 and 0 < self.confidence < 1):
            raise ValueError(f"a precision of {self.precision} with a confidence of {self.confidence}")
        for name, one in self.tasks.items():
            values = [threshold.value for threshold in one.thresholds if threshold.value != np.inf]
            known = np.concatenate([values, one.confidences])
            if not one.thresholds or not ((known >= 0) & (known <= 1)).all() or (np.diff(one.confidences) < 0).any():
                raise ValueError(f"the probabilities of {name!r}")


def _read_task(values: Mapping) -> TaskPromise:
    thresholds = [Threshold(**one) for one in values["thresholds"]]
    thresholds = tuple(one._replace(value=np.inf if one.value is None else float(one.value)) for one in thresholds)
    return TaskPromise(int(values["rows"]), thresholds, np.array(values["confidences"], np.float64))


def promise_of(blend: Blend) -> Promise | None:
    """The promise that was made for a blend, None where there is none.

    Raises InvalidInput if it is damaged, or was made for something else than what answers.
    """
    folders = [blend.folder] if blend.folder else [run.folder for run in blend.runs]
    promise = Promise.read(folders[0]) if len(folders) == 1 else None
    if promise and promise.run != blend.digest:
        raise InvalidInput(
            f"{folders[0] / PROMISE} was made for {promise.run}, but {blend.digest} is what answers: weights, recipe, "
            "views or mean differ; make it again with `competition promise`, or remove it"
        )
    return promise


def tags(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> np.ndarray:
    """Which classes are sure enough to tag, (n, classes) bool; `probabilities` (n, classes), rounded here.

    They are answers whose probability reaches the threshold; none without a promise.
    """
    given = as_submitted(probabilities)
    return answers(given, task) & (given >= (promise.least if promise else np.inf))


def for_review(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> np.ndarray:
    """Which rows a person should look at, (n,) bool: an answer is not tagged, or the task has no promise."""
    if not promise or np.isinf(promise.least).all():
        return np.ones(len(probabilities), bool)
    untagged = answers(as_submitted(probabilities), task) & ~tags(task, probabilities, promise)
    return untagged.any(axis=1)


def kept_of(confidences: np.ndarray) -> np.ndarray:
    """The sorted `confidences` (n,) float64, or MOST_KEPT evenly spaced order statistics of them if there are more."""
    found = np.sort(confidences)
    if len(found) <= MOST_KEPT:
        return found
    return found[np.linspace(0, len(found) - 1, MOST_KEPT).round().astype(int)]


def drift(seen: np.ndarray, confidences: np.ndarray) -> tuple[float, float]:
    """(statistic, p) of the two-sample Kolmogorov-Smirnov test: how far two sets of confidences, (n,) and (m,), differ.

    The statistic is the largest difference of the shares up to any confidence. Pass the largest probability of every
    row that is tagged, and the `confidences` of the TaskPromise.
    """
    from scipy.stats import ks_2samp  # which takes a while

    found = ks_2samp(seen, confidences, method="asymp")
    return float(found.statistic), float(found.pvalue)
