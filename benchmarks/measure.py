"""Timing on a noisy machine: several works take turns in many short bursts, and the median over the turns counts.

How often something runs follows from the time there is, so that a slow machine ends as early as a fast one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Work = Callable[[], object]
Clock = Callable[[], float]

LEAST, MOST = 3, 21  # turns


@dataclass(frozen=True)
class Comparison:
    """The seconds that a burst of each of two works took, turn by turn."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as fast the first is as the second: the median of the ratios of the turns."""
        return float(np.median(self._ratios()))

    @property
    def spread(self) -> str:
        """The quartiles of the ratios, as text."""
        low, high = np.quantile(self._ratios(), [0.25, 0.75])
        return f"half of {len(self.first)} turns {low:.2f} to {high:.2f}"

    def speeds(self, count: int, unit: str = "images/s") -> str:
        """Both speeds as text, if a burst processes `count` items."""
        first, second = (count / np.median(seconds) for seconds in (self.first, self.second))
        return f"{first:,.0f} against {second:,.0f} {unit}"

    def _ratios(self) -> np.ndarray:
        return np.array(self.second) / np.array(self.first)


def time_in_turns(first: Work, second: Work, budget: float, clock: Clock = time.perf_counter) -> Comparison:
    """Compare two works; see `in_turns`."""
    one, other = in_turns([first, second], budget, clock)
    return Comparison(tuple(one), tuple(other))


def in_turns(works: Sequence[Work], budget: float, clock: Clock = time.perf_counter) -> np.ndarray:
    """Seconds of a burst of each work in each turn, (works, turns) float64, after one warm-up burst of each.

    Turns go on until `budget` seconds are over, LEAST to MOST of them. Every other turn runs in reverse order, so that
    what a work leaves behind (a warm or a hot processor) affects all alike.
    """
    for work in works:
        work()
    turns, start = [], clock()
    while len(turns) < LEAST or (len(turns) < MOST and clock() - start < budget):
        taken = np.zeros(len(works))
        places = range(len(works))
        for place in reversed(places) if len(turns) % 2 else places:
            taken[place] = seconds(works[place], clock)
        turns.append(taken)
    return np.stack(turns, axis=1)


def times_in(target: float, work: Work, clock: Clock = time.perf_counter) -> int:
    """How often `work` can be called in `target` seconds, at least once, as its second call has it."""
    work()
    return max(1, round(target / seconds(work, clock)))


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    """The seconds that one call takes."""
    start = clock()
    work()
    return clock() - start


def median_seconds(work: Work, times: int, clock: Clock = time.perf_counter) -> float:
    """The median of the seconds of several calls."""
    return float(np.median([seconds(work, clock) for _ in range(times)]))
