"""Weights of a blend, found for the official metric; and what they gain on images that they were not found on.

For a multi-label task the metric is the mean AP of its labels. Both metrics are piecewise constant, so there is no
gradient to follow. A hill climb starts from the plain mean and adds or removes one vote for one member at a time, as in
ensemble selection with replacement (Caruana et al., Ensemble selection from libraries of models, 2004), which starts
from an empty ensemble instead.
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
STEPS = 100  # of the hill climb, at most
WAYS = ("fitted", "plain", "single")  # weights fitted to the task, those of the plain mean, and the best member alone


@dataclass(frozen=True)
class Member:
    """The predictions of a run in one view, and the cost of that run: networks, and megabytes of their files."""

    folder: Path
    view: str
    predictions: Predictions
    models: int = 1
    megabytes: float = 0.0

    def __str__(self) -> str:
        return f"{self.folder} ({self.view})"


@dataclass(frozen=True)
class Cost:
    """The cost of a blend: networks, and megabytes of their files; or, as a budget, the most it may cost."""

    models: float = math.inf
    megabytes: float = math.inf

    @classmethod
    def of(cls, members: Iterable[Member]) -> "Cost":
        """The cost of all members; a run counts once, however many views it has."""
        runs = {member.folder: member for member in members}.values()
        return cls(sum(run.models for run in runs), sum(run.megabytes for run in runs))

    def within(self, budget: "Cost") -> bool:
        return self.models <= budget.models and self.megabytes <= budget.megabytes

    def __str__(self) -> str:
        return f"{self.models:g} models, {self.megabytes:.1f} MB"


@dataclass(frozen=True)
class Found:
    """A blend, and how its weights score on unseen images: weights found on some parts are scored on another.

    `over_plain` and `over_single` compare the fitted weights with the plain mean and with the best single member, all
    three found and scored in that way. `ways` names for each task the one of WAYS that scored best, which the blend
    uses, and `taken` holds its predictions of unseen images; only the choice of ways has seen them. `single` is the
    best member on all images, and `cost` counts the members with a weight in any task.
    """

    blend: Blend
    over_plain: tuple[TaskComparison, ...]
    over_single: tuple[TaskComparison, ...]
    ways: Mapping[str, str]
    single: Member
    cost: Cost
    taken: Predictions


def find_blend(members: Sequence[Member], mean: Mean = "arithmetic", budget: Cost = Cost()) -> Found:
    """The blend of `members` with the best official AP for each task, within the budget.

    Raises InvalidInput if members differ in their tasks or images, or if none fits into the budget.
    """
    first, *_ = several = aligned([member.predictions for member in members])
    if not any(Cost.of([member]).within(budget) for member in members):
        costs = dict.fromkeys(f"{member.folder}: {Cost.of([member])}" for member in members)
        raise InvalidInput(
            f"no run fits into a budget of {budget}; allow more, or name smaller runs. Their cost:", costs
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
    """{task: the one of WAYS that scored best on unseen images}; the plain mean unless another is better."""
    ways = {}
    for plain, single in zip(over_plain, over_single, strict=True):
        scores = {"plain": plain.ap.b, "fitted": plain.ap.a, "single": single.ap.b}
        ways[plain.task] = max(scores, key=scores.get)
    return ways


@dataclass(frozen=True)
class Table:
    """One task: the values of each member from `before_mean`, for the images `rows` (n,) that have a label of it."""

    task: Task
    mean: Mean
    rows: np.ndarray
    values: np.ndarray  # (members, n, classes) float64
    codes: np.ndarray  # (n, classes) uint8

    @classmethod
    def of(cls, several: Sequence[Predictions], task: Task, mean: Mean) -> "Table":
        rows = np.flatnonzero(several[0].labelled[task.name])
        values = np.stack([before_mean(one.probabilities[task.name][rows], mean) for one in several])
        return cls(task, mean, rows, values, several[0].codes[task.name][rows])

    def of_images(self, images: np.ndarray) -> "Table":
        """The table of those of its images that the mask `images`, (all images,) bool, selects."""
        here = images[self.rows]
        return replace(self, rows=self.rows[here], values=self.values[:, here], codes=self.codes[here])

    def mixed(self, weights: np.ndarray) -> np.ndarray:
        return as_submitted(mixed(self.values, weights, self.mean, self.task.kind))

    def ap(self, weights: np.ndarray) -> float:
        """The official AP with `weights` (members,); -inf if no image can be scored."""
        value = average_precision(self.task.kind, self.mixed(weights), self.codes)[0]
        return -math.inf if math.isnan(value) else value


def honest(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> dict[str, Predictions]:
    """The predictions of each of WAYS; for each part of the images, the weights are found on the other parts."""
    first = members[0].predictions
    answers = {way: {name: values.copy() for name, values in first.probabilities.items()} for way in WAYS}
    for here in parts_of(first.group):
        found = find_weights([table.of_images(~here) for table in tables], members, budget)
        for table in (table.of_images(here) for table in tables):
            for way, answer in answers.items():
                answer[table.task.name][table.rows] = table.mixed(found[way][table.task.name])
    return {way: replace(first, probabilities=answer) for way, answer in answers.items()}


def find_weights(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> dict[str, dict[str, np.ndarray]]:
    """For each of WAYS, {task: weights (members,) float64}; only the fitted ones differ between tasks."""
    chosen = affordable(tables, members, budget)
    alone = [one for one, member in zip(np.eye(len(members)), members, strict=True) if Cost.of([member]).within(budget)]
    single = alone[np.argmax([mean_ap(tables, weights) for weights in alone])]
    return {
        "fitted": {table.task.name: climb(table, chosen) for table in tables},
        "plain": {table.task.name: chosen / chosen.sum() for table in tables},
        "single": {table.task.name: single for table in tables},
    }


def affordable(tables: Sequence[Table], members: Sequence[Member], budget: Cost) -> np.ndarray:
    """The members to use, (members,) bool: all of them, or those of the runs that are chosen within the budget.

    Runs are chosen greedily: the one, with all its views, whose addition gives the plain mean the best score, as long
    as one fits and the score rises.
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
    """Weights (members,) float64 of a task: a hill climb from equal votes for the `chosen` members, (members,) bool."""
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
    """The official mAP with the same weights (members,) in each task; -inf if no task can be scored."""
    values = [value for table in tables if (value := table.ap(weights)) > -math.inf]
    return sum(values) / len(values) if values else -math.inf
