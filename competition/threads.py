"""How many threads a process may use, all of the machine's or its share of them, and work done by so many."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from competition.errors import InvalidInput

VARIABLE = "COMPETITION_THREADS"
Item, Result = TypeVar("Item"), TypeVar("Result")


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


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], progress: str = "", threads: int | None = None
) -> Iterator[Result]:
    """What `work` gives for each item, in their order, by `threads` or as many as this process may use.

    `progress` names a bar over images on the terminal. An error is raised, and Ctrl-C obeyed, at once: what has not
    begun is dropped, and what has is waited for, so that nothing is written later on.
    """
    from tqdm import tqdm

    pool = ThreadPoolExecutor(threads or count_threads())
    try:
        results = pool.map(work, items)
        hidden = None if progress and items else True
        yield from tqdm(results, progress, len(items), unit="image", disable=hidden)
    finally:
        pool.shutdown(cancel_futures=True)
