"""Time on a noisy machine: several works in turns, in many short bursts, and the median over the turns."""

import time
from collections.abc import Callable, Sequence
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


def time_in_turns(first: Work, second: Work, turns: int, clock: Clock = time.perf_counter) -> Comparison:
    """Time a burst of each in each of some turns; see `in_turns`."""
    one, other = in_turns([first, second], turns, clock)
    return Comparison(tuple(one), tuple(other))


def in_turns(works: Sequence[Work], turns: int, clock: Clock = time.perf_counter) -> np.ndarray:
    """Seconds of a burst of each work in each turn, (works, turns), after one of each that does not count.

    Every other turn goes backwards, so that what one work leaves behind (a warm or a hot processor) meets all alike.
    """
    for work in works:
        work()
    taken = np.zeros((len(works), turns))
    for turn in range(turns):
        places = range(len(works))
        for place in places if turn % 2 == 0 else reversed(places):
            taken[place, turn] = seconds(works[place], clock)
    return taken


def seconds(work: Work, clock: Clock = time.perf_counter) -> float:
    """How long one call takes."""
    start = clock()
    work()
    return clock() - start


def median_seconds(work: Work, times: int, clock: Clock = time.perf_counter) -> float:
    """The median over some calls."""
    return float(np.median([seconds(work, clock) for _ in range(times)]))
