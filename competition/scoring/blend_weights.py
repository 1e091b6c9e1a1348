"""Weights of a blend, found for the official metric; and what they gain on images that they were not found on.

Of a multi-label task the metric is the mean AP of its labels. Either is piecewise constant, so there is nothing to
differentiate: a search goes uphill from the plain mean, one vote more or less for one member at a time, as in ensemble
selection with replacement (Caruana and others, Ensemble selection from libraries of models, 2004), which starts from
nothing instead.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.scoring.blend import Blend, Mean, before_mean, mixed
from competition.scoring.bootstrap import TaskComparison, compare_paired
from competition.scoring.fashionai import as_submitted
from competition.scoring.predictions import Predictions, aligned, parts_of
from competition.scoring.scores import average_precision
from competition.task import Task

VOTES = 4  # of each member at the start: the first step changes a weight by about a quarter
STEPS = 100  # no more than these uphill
WAYS = ("fitted", "plain", "single")  # weights of a task's own, those of the plain mean, and the best member alone


@dataclass(frozen=True)
class Member:
    """What the run in `folder` gave in one view, and what that run costs: networks, and megabytes of their files."""

    folder: Path
    view: str
    predictions: Predictions
    models: int = 1
    megabytes: float = 0.0

    def __str__(self) -> str:
        return f"{self.folder} ({self.view})"


@dataclass(frozen=True)
class Cost:
    """What answering takes: networks, and megabytes of their files; as a budget, the most that it may take."""

    models: float = math.inf
    megabytes: float = math.inf

    @classmethod
    def of(cls, members: Iterable[Member]) -> "Cost":
        """A run costs once, whatever the number of its views."""
        runs = {member.folder: member for member in members}.values()
        return cls(sum(run.models for run in runs), sum(run.megabytes for run in runs))

    def within(self, budget: "Cost") -> bool:
        return self.models <= budget.models and self.megabytes <= budget.megabytes

    def __str__(self) -> str:
        return f"{self.models:g} models, {self.megabytes:.1f} MB"


@dataclass(frozen=True)
class Found:
    """A blend, and how its way of finding weights scores on images that it has not seen.

    `over_plain` and `over_single` compare the fitted weights with the plain mean and with the best single member, all
    three found on other images than those they answer. `ways` names for each task the one of WAYS that scored best
    there, which it takes; `taken` are its answers there: only the ways were chosen on these images. `single` is the
    best member on all images, and `cost` that of the members which have a weight anywhere.
    """

    blend: Blend
    over_plain: tuple[TaskComparison, ...]
    over_single: tuple[TaskComparison, ...]
    ways: Mapping[str, str]
    single: Member
    cost: Cost
    taken: Predictions


def find_blend(members: Sequence[Member], mean: Mean = "arithmetic", budget: Cost = Cost()) -> Found:
    """The blend of `members` with the best official AP a task, within the budget.

    Raises InvalidInput where members have other tasks or images, and where none fits into the budget.
    """
    first, *_ = several = aligned([member.predictions for member in members])
    if not any(Cost.of([member]).within(budget) for member in members):
        costs = dict.fromkeys(f"{member.folder}: {Cost.of([member])}" for member in members)
        raise InvalidInput(
            f"no run fits into a budget of {budget}; allow more, or name smaller runs; they cost:", costs
        )
    tables = [Table.of(several, task, mean) for task in first.tasks]
    answers, found = honest(tables, members, budget), find_weights(tables, members, budget)
    over_plain, over_single = (compare_paired(answers["fitted"], answers[other]) for other in ("plain", "single"))
    ways = {task.name: "plain" for task in first.tasks} | best_ways(over_plain[:-1], over_single[:-1])
    taken = {name: answers[way].probabilities[name] for name, way in ways.items()}
    weights = {name: found[way][name] for name, way in ways.items()}
    used = np.any(list(weights.values()), axis=0)
    kept = list(itertools.compress(members, used))
    places = tuple((member.folder, member.view) for member in kept)
    blend = Blend(places, mean, first.tasks, {name: values[used] for name, values in weights.items()})
    best = members[int(found["single"][first.tasks[0].name].argmax())]
    return Found(blend, over_plain, over_single, ways, best, Cost.of(kept), replace(first, probabilities=taken))


def best_ways(over_plain: Sequence[TaskComparison], over_single: Sequence[TaskComparison]) -> dict[str, str]:
    """{task: which of WAYS scored best on unseen images}; the plain mean unless another is better."""
    ways = {}
    for plain, single in zip(over_plain, over_single, strict=True):
        scores = {"plain": plain.ap.b, "fitted": plain.ap.a, "single": single.ap.b}
        ways[plain.task] = max(scores, key=scores.get)
    return ways


@dataclass(frozen=True)
class Table:
    """One task: what each member gave, before the mean is taken, for the images `rows` that carry it."""

    task: Task
    mean: Mean
    rows: np.ndarray
    values: np.ndarray  # (members, n, classes)
    codes: np.ndarray  # (n, classes)

    @classmethod
    def of(cls, several: Sequence[Predictions], task: Task, mean: Mean) -> "Table":
        rows = np.flatnonzero(several[0].labelled[task.name])
        values = np.stack([before_mean(one.probabilities[task.name][rows], mean) for one in several])
        return cls(task, mean, rows, values, several[0].codes[task.name][rows])

    def of_images(self, images: np.ndarray) -> "Table":
        """The same for those of `images`, a bool mask over all of them."""
        here = images[self.rows]
        return replace(self, rows=self.rows[here], values=self.values[:, here], codes=self.codes[here])

    def mixed(self, weights: np.ndarray) -> np.ndarray:
        return as_submitted(mixed(self.values, weights, self.mean, self.task.kind))

    def ap(self, weights: np.ndarray) -> float:
        """-inf where no image can be judged."""
        value = average_precision(self.task.kind, self.mixed(weights), self.codes)[0]
        return -math.inf if math.isnan(value) else value


def honest(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> dict[str, Predictions]:
    """The answers of each of WAYS, its weights for each part of the images found on the other parts."""
    first = members[0].predictions
    answers = {way: {name: values.copy() for name, values in first.probabilities.items()} for way in WAYS}
    for here in parts_of(first.group):
        found = find_weights([table.of_images(~here) for table in tables], members, budget)
        for table in (table.of_images(here) for table in tables):
            for way, answer in answers.items():
                answer[table.task.name][table.rows] = table.mixed(found[way][table.task.name])
    return {way: replace(first, probabilities=answer) for way, answer in answers.items()}


def find_weights(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> dict[str, dict[str, np.ndarray]]:
    """For each of WAYS {task: weights, (members,)}; only fitted ones differ from task to task."""
    chosen = affordable(tables, members, budget)
    alone = [one for one, member in zip(np.eye(len(members)), members, strict=True) if Cost.of([member]).within(budget)]
    single = alone[np.argmax([mean_ap(tables, weights) for weights in alone])]
    return {
        "fitted": {table.task.name: climb(table, chosen) for table in tables},
        "plain": {table.task.name: chosen / chosen.sum() for table in tables},
        "single": {table.task.name: single for table in tables},
    }


def affordable(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> np.ndarray:
    """Which members take part, (members,) bool: all of them, or those of the runs that the budget is spent on.

    As long as one fits, and the score rises, that run is added with which the plain mean of all its views and of those
    before scores best.
    """
    if Cost.of(members).within(budget):
        return np.ones(len(members), bool)
    folders = np.array([str(member.folder) for member in members])
    chosen, height = np.zeros(len(members), bool), -math.inf
    while True:
        larger = [chosen | (folders == folder) for folder in dict.fromkeys(folders[~chosen])]
        larger = [some for some in larger if Cost.of(itertools.compress(members, some)).within(budget)]
        if not larger:
            return chosen
        heights = [mean_ap(tables, some / some.sum()) for some in larger]
        if chosen.any() and max(heights) <= height:
            return chosen
        chosen, height = larger[np.argmax(heights)], max(heights)


def climb(table: Table, chosen: np.ndarray) -> np.ndarray:
    """Weights (members,) of one task: from equal votes uphill, a vote more or less at a time, to the nearest top."""
    votes = VOTES * chosen
    height = table.ap(votes / votes.sum())
    one_vote = np.eye(len(chosen))[chosen]
    for _ in range(STEPS):
        ways = [way for way in votes + np.vstack([one_vote, -one_vote]) if way.min() >= 0 and way.any()]
        heights = [table.ap(way / way.sum()) for way in ways]
        best = np.argmax(heights)
        if not heights[best] > height + 1e-12:
            break
        votes, height = ways[best], heights[best]
    return votes / votes.sum()


def mean_ap(tables: Sequence[Table], weights: np.ndarray) -> float:
    """The official mAP of the same weights in each task; -inf where none can be judged."""
    values = [value for table in tables if (value := table.ap(weights)) > -math.inf]
    return sum(values) / len(values) if values else -math.inf
