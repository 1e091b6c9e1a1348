"""A training that ends in time: fewer epochs, planned before the first step, and an end that is kept to."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from competition.errors import InvalidInput
from competition.recipe import Recipe, Stage

REPORTS = 20  # seconds for scores and pictures once the last epoch is scored
TRACING = 10  # seconds before a stage has made its first step
SLACK = 1.2  # times what was measured, because other work may begin


@dataclass(frozen=True)
class TimeLimit:
    """The moment (time.monotonic) at which a command has to have ended, and the seconds of scoring and reports."""

    end: float
    scoring: float
    reports: float

    @property
    def left(self) -> float:
        """Seconds that are left for training and scoring."""
        return self.end - time.monotonic() - self.reports

    def is_up(self) -> bool:
        """Whether there is time only to score what is trained."""
        return self.left < self.scoring

    def has_room(self, seconds: float) -> bool:
        """Whether there is time for an epoch that takes so many seconds, scoring included."""
        return self.left >= seconds


def shortened(recipe: Recipe, limit: TimeLimit, seconds: Callable[[Stage], float]) -> Recipe:
    """A recipe with as many epochs as should fit: stages of heads whole, the others in proportion to their epochs.

    Stages without an epoch are left out; where nothing else would be left, the first has one, and the limit ends it.
    Raises InvalidInput where not even the stages of heads fit, with the minutes that they would need.
    """
    heads = [stage for stage in recipe.stages if stage.trains == "heads"]
    others = [stage for stage in recipe.stages if stage.trains != "heads"]
    once = sum(SLACK * seconds(stage) + TRACING for stage in heads)
    if (short := once + limit.scoring - limit.left) > 0:
        what = "the features of the heads" if heads else "scoring and reports"
        raise InvalidInput(
            f"--max-minutes leaves too little time for {what}; give about {math.ceil(short / 60)} more, or take a "
            "recipe with a faster network"
        )
    room = limit.left - once - TRACING * len(others)
    needed = [SLACK * seconds(stage) for stage in others]
    epochs = iter(share_epochs([stage.epochs for stage in others], room / sum(needed) if sum(needed) else 1))
    plan = [stage if stage.trains == "heads" else stage._replace(epochs=next(epochs)) for stage in recipe.stages]
    plan = [stage for stage in plan if stage.epochs] or [recipe.stages[0]._replace(epochs=1)]
    if plan == list(recipe.stages):
        return recipe
    return recipe.with_stages(plan)


def share_epochs(epochs: list[int], share: float) -> list[int]:
    """A share of the epochs of each stage in whole numbers, together as many as fit; largest remainders first."""
    if share >= 1:
        return epochs
    exact = [max(0.0, count * share) for count in epochs]
    whole = [math.floor(count) for count in exact]
    by_remainder = sorted(range(len(epochs)), key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: math.floor(sum(exact)) - sum(whole)]:
        whole[place] += 1
    return whole
