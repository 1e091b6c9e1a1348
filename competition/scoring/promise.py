"""A promise: thresholds from which on the tags keep a precision, and what they tag. `learn_then_test.py` makes one."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Self

import numpy as np

from competition.dataset import MAYBE, YES
from competition.errors import InvalidInput
from competition.images.decode import digest_of
from competition.layouts.answers import answers
from competition.run import PROMISE, Run
from competition.scoring.blend import DIGITS, Blend, blend_of
from competition.scoring.fashionai import as_submitted
from competition.scoring.predictions import PLAIN
from competition.task import Task

MOST_KEPT = 5_000  # confidences of a task
Verdict = Literal["tag", "ask", "unknown"]
COLUMNS = ("", "from probability", "tagged", "right of judged", "needs more pictures")


class Threshold(NamedTuple):
    """What is tagged from the probability `value` on: inf, and no counts, where nothing can be promised.

    Of the `answered` rows, all that could have been tagged, `tagged` were; `right` of the `judged`, those whose letter
    is not m. Without a promise `needed` is how many more labelled pictures should allow one, if answers go on to be as
    often right or, with `without_fault`, if no further one is wrong; None where no number would, and where, with
    `without_fault`, no answer was judged.
    """

    value: float
    answered: int
    tagged: int
    judged: int
    right: int
    needed: int | None = None
    without_fault: bool = False


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

    def least_of(self, task: Task) -> list[float | None]:
        """The probability from which on each class is tagged; None where that is not promised."""
        return [float(value) if value < np.inf else None for value in np.broadcast_to(self.least, len(task))]

    @property
    def promises_any(self) -> bool:
        """Whether anything is tagged by it: at least one class has a threshold."""
        return bool(np.isfinite(self.least).any())

    def rows_of_table(self, task: Task) -> list[tuple[str, str, str, str, str]]:
        """The cells below COLUMNS, a row a threshold."""
        names = [task.name]
        if len(self.thresholds) > 1:
            names = [f"{task.name}: {name}" for name in task.classes]
        return [(name, *self._cells(one)) for name, one in zip(names, self.thresholds, strict=True)]

    def _cells(self, one: Threshold) -> tuple[str, str, str, str]:
        if one.value < np.inf:
            share = f"{one.tagged / one.answered:.1%} of {one.answered:,}".replace("%", " %")
            return f"{one.value:.8f}", share, f"{one.right:,} of {one.judged:,}", ""
        if one.needed is not None:
            words = "at least {:,} without a fault, beside {:,}" if one.without_fault else "about {:,}, beside {:,}"
            return "no promise", "", "", words.format(one.needed, self.rows)
        return "no promise", "", "", "no such answer was judged" if one.without_fault else "no number of them would do"


@dataclass(frozen=True)
class Wanted:
    """What to promise. Raises InvalidInput for shares that are none."""

    # The share of what is tagged that is right.
    precision: float = 0.98
    # The probability that it is, over the choice of the labelled pictures that the promise is made on.
    confidence: float = 0.95
    # A threshold for each class, so that the promise holds for each of them.
    by_class: bool = False
    # Let the confidence hold for all tasks (or classes, or labels) at once, and not for each alone.
    jointly: bool = False

    def __post_init__(self):
        for name in ("precision", "confidence"):
            if not 0 < getattr(self, name) < 1:
                raise InvalidInput(f"--{name} is {getattr(self, name)}; allowed are shares above 0 and below 1")


@dataclass(frozen=True, kw_only=True)
class Promise(Wanted):
    """A promise that was made: `run` is the digest of the Blend that it holds for; `source` says on which pictures."""

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
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InvalidInput(
                f"{folder / PROMISE} is not a promise ({type(error).__name__}: {error}); make it again with "
                "`competition promise`"
            ) from None
        return promise

    def facts(self) -> dict:
        """What others note of it: all but its tasks, and its digest."""
        return {**asdict(replace(self, tasks={})), "digest": self.digest}

    def in_words(self) -> str:
        """What is promised, and what that rests on; or that nothing is."""
        where = f"on {self.source}, one of each group of near-duplicates,"
        if not any(one.promises_any for one in self.tasks.values()):
            return (
                f"Nothing could be promised, so nothing is tagged: {where} no probability was found from which on at "
                f"least {self.precision:.4g} of the answers are right, with a probability of {self.confidence:.4g}."
            )
        each = "class (or label)" if self.by_class else "task (or label)"
        alone = f"for every {each} at once" if self.jointly else f"for each {each} alone"
        return (
            f"With a probability of {self.confidence:.4g}, at least {self.precision:.4g} of what is tagged is right, "
            f"{alone}. This was found {where} and holds for pictures of the same kind: taken, chosen and labelled in "
            "the same way. It counts the labelled pictures as independent, so they must be of different products."
        )

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
        for name, one in self.tasks.items():
            kept, whole = one.confidences, [one.rows, *(t.needed for t in one.thresholds if t.needed is not None)]
            if any(type(count) is not int or count < 0 for count in whole):
                raise ValueError(f"rows or needed of {name!r}: whole numbers from 0 on are allowed")
            if kept.ndim != 1 or (np.diff(kept) < 0).any() or not ((kept >= 0) & (kept <= 1)).all():
                raise ValueError(f"the confidences of {name!r}")
            for found in one.thresholds:
                counts = [0, found.right, found.judged, found.tagged, found.answered]
                promised = 0 <= found.value <= 1 and found.judged > 0
                known = type(found.without_fault) is bool and (promised or found.value == np.inf)
                if counts != sorted(counts) or not known:
                    raise ValueError(f"the threshold of {name!r}: {found}")


def _read_task(values: Mapping) -> TaskPromise:
    thresholds = [Threshold(**one) for one in values["thresholds"]]
    thresholds = tuple(one._replace(value=np.inf if one.value is None else float(one.value)) for one in thresholds)
    return TaskPromise(values["rows"], thresholds, np.array(values["confidences"], np.float64))


def promise_of(blend: Blend) -> Promise | None:
    """The promise that was made for a blend, None where there is none.

    Raises InvalidInput if it is damaged, or was made for something else than what answers.
    """
    folder, *others = [blend.folder] if blend.folder else [run.folder for run in blend.runs]
    promise = None if others else Promise.read(folder)
    if promise is None:
        return None
    if promise.run != blend.digest:
        raise InvalidInput(
            f"{folder / PROMISE} was made for {promise.run}, but {blend.digest} is what answers: weights, recipe, "
            "views or mean differ; make it again with `competition promise`, or remove it"
        )
    classes, found = {task.name: len(task) for task in blend.tasks}, promise.tasks
    if found.keys() != classes.keys() or any(len(found[name].thresholds) not in (1, classes[name]) for name in found):
        raise InvalidInput(f"{folder / PROMISE} is of other tasks or classes; make it again with `competition promise`")
    return promise


def promise_in(folder: Path) -> Promise | None:
    """The promise for the plain mean of a run or cross-validation, or for a blend, as `promise_of`."""
    if not (folder / PROMISE).is_file():
        return None
    return promise_of(blend_of([folder], (PLAIN,), "arithmetic"))


def tags(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> np.ndarray:
    """Which classes are sure enough to tag, (n, classes) bool; `probabilities` (n, classes), rounded here.

    They are answers whose probability reaches the threshold; none without a promise.
    """
    given = as_submitted(probabilities)
    return answers(given, task) & (given >= (promise.least if promise else np.inf))


def verdicts(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> list[Verdict]:
    """What is to be done with the answers of each of n rows.

    tag: all that is answered is sure enough; ask: some of it is not; unknown: nothing is promised, of the whole task or
    because no label is set.
    """
    if not promise or not promise.promises_any:
        return ["unknown"] * len(probabilities)
    chosen = answers(as_submitted(probabilities), task)
    asked = (chosen & ~tags(task, probabilities, promise)).any(axis=1)
    return np.select([asked, chosen.any(axis=1)], ["ask", "tag"], "unknown").tolist()


def for_review(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> np.ndarray:
    """Which rows a person should look at, (n,) bool: an answer is not tagged, or nothing is promised of the task.

    Where a task has a promise, a row on which no label is set has nothing to look at.
    """
    if not promise or not promise.promises_any:
        return np.ones(len(probabilities), bool)
    return np.array(verdicts(task, probabilities, promise)) == "ask"


def kept_on(task: Task, probabilities: np.ndarray, codes: np.ndarray, promise: TaskPromise) -> tuple[float, float]:
    """(share of the answers that is tagged, share of y among their letters but m) on arrays (n, classes) of other rows.

    nan where there is none.
    """
    sure = tags(task, probabilities, promise)
    letters = codes[sure & (codes != MAYBE)]
    answered = answers(as_submitted(probabilities), task).sum()
    share = float(sure.sum() / answered) if answered else float("nan")
    return share, float((letters == YES).mean()) if len(letters) else float("nan")


def order_statistics(confidences: np.ndarray) -> np.ndarray:
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
