"""Go on with a training that was stopped."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from competition import unfinished
from competition.cluster import refuse_cluster
from competition.commands.train import train
from competition.errors import InvalidInput
from competition.run import RECIPE, Run


def resume(
    run: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")] = None,
    *,
    max_minutes: float | None = None,
    checkpoint_minutes: float = 10.0,
    on_nan: Literal["stop", "halve"] | None = None,
    accept_other_machine: bool = False,
) -> Run:
    """Go on with a training that was stopped, with its own recipe, data and flags, as if it had not been stopped.

    Returns the run. Raises InvalidInput where there is none, where another process is training it, and where data,
    devices or versions are others than those it was begun with.

    Args:
        run: the folder of the run; by default, the newest unfinished one that no process is training.
        max_minutes: end within so many minutes, scored.
        checkpoint_minutes: minutes between two checkpoints within an epoch.
        on_nan: what to do when the loss is no finite number; by default, what the training was begun with.
        accept_other_machine: go on also with other devices, more or fewer of them, other threads or versions; the
            result is then not bit for bit that of an undisturbed training.
    """
    if run is None:
        refuse_cluster("resume")  # each might find another
    found = unfinished.newest() if run is None else Run(run)
    if not found.folder.is_dir():
        raise InvalidInput(f"{found.folder}: there is no such run; `competition list` shows those that are there")
    if found.finished:
        raise InvalidInput(f"{found.folder} has finished; `competition report {found.folder}` makes what it lacks")
    if not (found.folder / RECIPE).is_file():
        raise InvalidInput(f"{found.folder} holds no {RECIPE}, so it is no training; see `competition list`")
    unfinished.to_go_on_with(found.folder)
    made = found.read_made()
    arguments = dict(made[unfinished.ARGUMENTS])
    fold = arguments.pop("fold")
    given = {
        "fold": fold and (Path(fold[0]), fold[1]),
        "views": tuple(arguments.pop("views")),
        "cache": Path(arguments.pop("cache")),
        "on_nan": on_nan or arguments.pop("on_nan"),
        "max_minutes": max_minutes,
        "checkpoint_minutes": checkpoint_minutes,
        "accept_other_machine": accept_other_machine,
    }
    return train(unfinished.asked(found), Path(made["data"]), found.folder, **(arguments | given))
