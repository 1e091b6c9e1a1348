"""How many threads a process may use, all of the machine's or its share of them, and work done in parallel."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from competition.errors import InvalidInput

VARIABLE = "COMPETITION_THREADS"
Item, Result = TypeVar("Item"), TypeVar("Result")


def count_threads() -> int:
    """The number of logical processors, or COMPETITION_THREADS. Raises InvalidInput if that is no number from 1."""
    given = os.environ.get(VARIABLE, "")
    if given and not (given.isdecimal() and int(given)):
        raise InvalidInput(f"{VARIABLE} is {given!r}; allowed are whole numbers from 1, or leave it unset")
    return int(given or os.cpu_count() or 1)


def share_of_threads(jobs: int) -> dict[str, str]:
    """Environment variables that give each of several jobs its share of the threads; none for a single job.

    The share depends on `jobs` alone, not on how many of them have work: the number of threads decides the order of
    sums, and with it the last digits of the weights.
    """
    return {} if jobs == 1 else {VARIABLE: str(max(1, count_threads() // jobs))}


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], progress: str = "", threads: int | None = None
) -> Iterator[Result]:
    """Yield the result of `work` for each item, in order; `threads` run at a time, or as many as the process may use.

    `progress` is the title of a progress bar over images. After an error or Ctrl-C, items that have not begun are
    dropped, and those that have are waited for, so that nothing is written afterwards.
    """
    from tqdm import tqdm

    pool = ThreadPoolExecutor(threads or count_threads())
    try:
        results = pool.map(work, items)
        hidden = None if progress and items else True
        yield from tqdm(results, progress, len(items), unit="image", disable=hidden)
    finally:
        pool.shutdown(cancel_futures=True)
