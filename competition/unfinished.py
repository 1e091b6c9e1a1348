"""Trainings that were stopped before they ended: which one goes on, who holds it, and what it has to agree with."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from competition.errors import InvalidInput
from competition.files import locked
from competition.recipe import Recipe, Stage, differences
from competition.run import CROSS_VALIDATION, LOCK, RECIPE, RUNS, Run, list_runs, refuse_existing

# In recipe.json, of the part `made`:
CONTENT = "content"  # digests of labels, images, split, and a file of weights
ASKED = "asked"  # the stages that were asked for; a smoke test or a time limit may have changed them
ARGUMENTS = "arguments"  # flags of `competition train` that are no fields of a recipe
# Of them, those that decide the result, and what they were before there was such a flag.
FLAGS = {"smoke": None, "views": None, "skip_bad_images": None, "fraction": 1.0}
RESUMED = "resumed"  # each time that the training went on
ALIKE = ("devices", "threads", "replicas", "versions")  # where they agree, a training goes on bit for bit
TRIES = 10


def plan(asked: Recipe, content: Mapping[str, str], arguments: Mapping[str, object]) -> dict:
    """What a run records of itself so that it can go on."""
    return {CONTENT: content, ASKED: {name: getattr(asked, name) for name in Stage._fields}, ARGUMENTS: arguments}


def to_go_on_with(folder: Path | None) -> Run | None:
    """The unfinished training in a folder; None for a new folder.

    Raises InvalidInput if the folder holds anything else, which is never overwritten.
    """
    if folder is None or not (folder / RECIPE).is_file():
        if folder is not None:
            refuse_existing(folder)
        return None
    run = Run(folder)
    if run.finished:
        refuse_existing(folder)
    made = run.read_made()
    if CROSS_VALIDATION in made:
        raise InvalidInput(f"{folder} is a cross-validation; the command that began it goes on: {made['command']}")
    if ARGUMENTS not in made:
        raise InvalidInput(
            f"{folder} was begun by an earlier version, whose trainings cannot go on, and a run is never overwritten; "
            "give --run another folder, or remove this one"
        )
    return run


@contextmanager
def exclusive(run: Run) -> Iterator[None]:
    """Keep other processes from training in the folder of a run.

    Raises InvalidInput if one does already, or has just finished it. Who only looks, as `competition list` does, takes
    the lock for a moment, so it is tried for a second.
    """
    for left in reversed(range(TRIES)):
        with locked(run.folder / LOCK, wait=False) as lock:
            if lock is not None:
                if run.finished:
                    refuse_existing(run.folder)
                try:
                    yield
                finally:
                    if run.finished:
                        (run.folder / LOCK).unlink(missing_ok=True)
                return
        if left:
            time.sleep(1 / TRIES)
    raise InvalidInput(f"{run.folder}: another process is training it; wait for its end, or stop it")


def is_in_training(run: Run) -> bool:
    """Whether a process is training in the folder of a run."""
    file = run.folder / LOCK
    if not file.exists():
        return False
    with locked(file, wait=False) as lock:
        return lock is None


def newest(root: Path = RUNS) -> Run:
    """The newest unfinished training that no process holds. Raises InvalidInput if there is none."""
    unfinished = list(filter(can_go_on, reversed(list_runs(root))))
    for run in unfinished:
        if not is_in_training(run):
            return run
    busy = [f"{run.folder}: another process is training it" for run in unfinished]
    raise InvalidInput(
        f"{root}/ holds no training that was stopped (`competition list` shows what is there). A cross-validation or a "
        "sweep goes on with the command that began it",
        busy,
    )


def can_go_on(run: Run) -> bool:
    """Whether a folder holds a training that was begun and not ended, by this version."""
    try:
        return not run.finished and ARGUMENTS in run.read_made() and not (run.folder / LOCK).is_dir()
    except InvalidInput:  # spoilt; `competition list` says so
        return False


def asked(run: Run) -> Recipe:
    """The recipe that a run was asked for."""
    return replace(run.read_recipe(), **{name: tuple(values) for name, values in run.read_made()[ASKED].items()})


def agreed(run: Run, recipe: Recipe, content: Mapping[str, str], arguments: Mapping[str, object]) -> Recipe:
    """The recipe that an unfinished run goes on with, which is its own.

    Raises InvalidInput with what differs if another recipe or other flags are asked for, or labels, images, split or
    weights have changed.
    """
    made = run.read_made()
    there, flags = made[CONTENT], {name: made[ARGUMENTS].get(name, usual) for name, usual in FLAGS.items()}
    found = [f"{name} was {before!r} and is {now!r}" for name, (before, now) in differences(asked(run), recipe).items()]
    for name, before in flags.items():
        now = list(value) if isinstance(value := arguments[name], tuple) else value
        if now != before:
            found.append(f"--{name.replace('_', '-')} was {before!r} and is {now!r}")
    if not found:  # which would explain why these differ
        found = [f"the content of the {what} has changed" for what in there if there[what] != content.get(what)]
    if found:
        raise InvalidInput(
            f"{run.folder} was begun with something else, so it cannot go on; put it back, or start again in a new run "
            "with --fresh:",
            found,
        )
    return run.read_recipe()


def go_on(run: Run, called: Mapping[str, object], facts: Mapping[str, object], accept_other_machine: bool) -> Run:
    """Record in recipe.json that a run goes on: when, by which command, and whether bit for bit; print it.

    `facts` say what the run would record if it began now. Raises InvalidInput for another machine, or another number of
    devices, with what differs, unless that is accepted.
    """
    made = run.read_made()
    differ = [f"{name}: {made.get(name)} before, {facts[name]} now" for name in ALIKE if made.get(name) != facts[name]]
    if differ and not accept_other_machine:
        raise InvalidInput(
            f"{run.folder} was begun with other devices, more or fewer, other threads or versions, so it would not end "
            "bit for bit as it would have there; go on all the same with --accept-other-machine, or remove the folder "
            "to start again:",
            differ,
        )
    here = {name: facts[name] for name in ALIKE} if differ else {}
    entry = {**called, "exact": not differ, **here}
    run.write_recipe(run.read_recipe(), {**made, RESUMED: [*made.get(RESUMED, ()), entry]})
    print(f"going on with {run.folder}/, begun {datetime.fromisoformat(made['started']):%Y-%m-%d %H:%M}")
    return run
