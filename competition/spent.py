"""Where the time of a command goes."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Spent:
    """The seconds of each phase of a command; what a phase contains counts for itself alone."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self.seconds: Counter[str] = Counter()
        self._clock, self._running = clock, []

    @contextmanager
    def on(self, phase: str) -> Iterator[None]:
        """Count what is done in this block as `phase`."""
        start = self._clock()
        self.seconds[phase] += 0  # phases are named in the order of their beginnings
        self._running.append(phase)
        try:
            yield
        finally:
            self._running.pop()
            self.add(phase, self._clock() - start)

    def add(self, phase: str, seconds: float) -> None:
        """Count seconds that have passed as `phase`, and no longer as the one that is running."""
        self.seconds[phase] += seconds
        if self._running:
            self.seconds[self._running[-1]] -= seconds

    def __str__(self) -> str:
        return ", ".join(f"{phase} {seconds:.0f} s" for phase, seconds in self.seconds.items())
