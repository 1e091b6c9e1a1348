"""Time on a noisy machine: two works in turns, in many short bursts, and the median over the turns."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Comparison:
    """How long a burst of each of two works took, in seconds, turn by turn."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as fast the first is as the second: the median of the turns' own ratios."""
        return float(np.median(self._ratios()))

    @property
    def spread(self) -> str:
        """Between which ratios half of the turns lie."""
        low, high = np.quantile(self._ratios(), [0.25, 0.75])
        return f"half of {len(self.first)} turns {low:.2f} to {high:.2f}"

    def speeds(self, count: int, unit: str = "images/s") -> str:
        """Both speeds, where a burst does `count` of something."""
        first, second = (count / np.median(seconds) for seconds in (self.first, self.second))
        return f"{first:,.0f} against {second:,.0f} {unit}"

    def _ratios(self) -> np.ndarray:
        return np.array(self.second) / np.array(self.first)


def compare(first: Work, second: Work, turns: int, clock: Clock = time.perf_counter) -> Comparison:
    """Time a burst of each in each of some turns, after one of each that does not count.

    Who starts alternates, so that what one leaves behind (a warm or a hot processor) meets both alike.
    """
    works = (first, second)
    for work in works:
        work()
    taken = ([], [])
    for turn in range(turns):
        for place in (0, 1) if turn % 2 == 0 else (1, 0):
            taken[place].append(seconds(works[place], clock))
    return Comparison(tuple(taken[0]), tuple(taken[1]))


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    """How long one call takes."""
    start = clock()
    work()
    return clock() - start


def median_seconds(work: Work, times: int, clock: Clock = time.perf_counter) -> float:
    """The median over some calls."""
    return float(np.median([seconds(work, clock) for _ in range(times)]))
