"""The folder of several trainings: one to go on with, or a new one."""

from collections.abc import Callable, Iterator
from pathlib import Path

from competition.errors import InvalidInput
from competition.recipe import Recipe, differences
from competition.run import Run, new_run, numbered_runs


def open_folder(
    name: str, folder: Path | None, last: str, plan: dict, read_plan: Callable[[Run], dict], others: Callable
) -> Run:
    """`folder`, which may be new; without it the newest of that name that is the same and unfinished, or a new one.

    `last` is the file that is written last, `plan` what is asked for, and `others(run, plan)` says in words in what a
    folder differs from it; what may grow does not. Raises InvalidInput where `folder` holds something else.
    """
    if folder is not None and folder.exists():
        if found := [*others(Run(folder), plan)]:
            raise InvalidInput(f"{folder} holds something else; give --run another folder. There:", found)
        return Run(folder)
    for _, whole in sorted(numbered_runs(name).items(), reverse=True) if folder is None else ():
        try:
            same = read_plan(whole) == plan and not [*others(whole, plan)]
        except (InvalidInput, LookupError, TypeError):  # of another version, or spoilt; `list` says so
            continue
        if same and not (whole.folder / last).is_file():
            print(f"going on with {whole.folder}/")
            return whole
    return new_run(name, folder)


def other_fields(there: Recipe, here: Recipe, varied: str = "") -> Iterator[str]:
    """In which fields, but the one that is varied, two recipes differ."""
    for name, (before, now) in differences(there, here).items():
        if name != varied:
            yield f"{name} is {before!r}, here {now!r}"
