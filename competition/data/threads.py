"""How many threads a process may use: all of the machine's, or the share that whoever started it says."""

import os

from competition.errors import InvalidInput

VARIABLE = "COMPETITION_THREADS"


def count_threads() -> int:
    """As many as the processor runs at a time, or what the environment says. Raises InvalidInput for no number."""
    given = os.environ.get(VARIABLE, "")
    if given and not (given.isdecimal() and int(given)):
        raise InvalidInput(f"{VARIABLE} is {given!r}; allowed are whole numbers from 1, or leave it unset")
    return int(given or os.cpu_count() or 1)


def share_of_threads(jobs: int) -> dict[str, str]:
    """The environment that gives each of several jobs its share of the threads; one job alone is left all of them.

    It depends on the jobs alone, not on how many of them find work: the order of sums, and with it the last digits of
    the weights, depends on the threads.
    """
    return {} if jobs == 1 else {VARIABLE: str(max(1, count_threads() // jobs))}
