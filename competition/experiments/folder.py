"""The folder of several trainings: one to go on with, or a new one."""

from collections.abc import Callable, Iterator
from pathlib import Path

from competition.errors import InvalidInput
from competition.recipe import Recipe, differences
from competition.run import Run, new_run, numbered_runs


def open_folder(
    name: str, folder: Path | None, others: Callable[[Run, bool], Iterator[str]], complete: Callable[[Run], bool]
) -> Run:
    """`folder`, which may be new; without it the newest of that name that is the same and not complete, or a new one.

    `others(run, exactly)` says in words in what a folder differs from what is asked for, and only exactly in what it
    may still grow to. Raises InvalidInput where `folder` holds something else.
    """
    if folder is not None and folder.exists():
        if found := [*others(Run(folder), False)]:
            raise InvalidInput(f"{folder} holds something else; give --run another folder. There:", found)
        return Run(folder)
    for _, whole in sorted(numbered_runs(name).items(), reverse=True) if folder is None else ():
        try:
            same = not complete(whole) and not [*others(whole, True)]
        except (InvalidInput, LookupError, TypeError):  # of another version, or spoilt; `list` says so
            continue
        if same:
            print(f"going on with {whole.folder}/")
            return whole
    return new_run(name, folder)


def other_fields(there: Recipe, here: Recipe, varied: str = "") -> Iterator[str]:
    """In which fields, but the one that is varied, two recipes differ."""
    for name, (before, now) in differences(there, here).items():
        if name != varied:
            yield f"{name} is {before!r}, here {now!r}"
