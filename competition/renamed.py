"""What version 0.1.0 called by other names: its runs are read, and whoever writes an old name is told the new one."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from competition.errors import InvalidInput

FIELDS = {"keep": "monitor", "turns": "task_updates", "stretch": "aspect_jitter"}
VALUES = {("schedule", "halved"): "step_decay"}
FLAGS = {"--aside": "--test-share"} | {f"--{old}": f"--{new.replace('_', '-')}" for old, new in FIELDS.items()}
FILES = {"test.npz": "aside.npz"}  # from the new name to the old one
ARRAYS = {"letters": "codes"}  # in files of predictions
TEST_WORD = "aside"  # in a file of folds


def current_fields(values: Mapping) -> dict:
    """The fields of a recipe as JSON holds them, with today's names; the split was drawn by the seed of all else."""
    current = {FIELDS.get(name, name): VALUES.get((name, _plain(value)), value) for name, value in values.items()}
    return {"split_seed": values.get("seed", 0), **current}


def hint(name: str, value: object = None) -> str:
    """What to say of a field, or of its value, that has another name now; empty where it has none."""
    if name in FIELDS:
        return f"; {name} is called {FIELDS[name]} now"
    new = VALUES.get((name, _plain(value)))
    return f"; {value} is called {new} now" if new else ""


def refuse_old_flags(arguments: Sequence[str]) -> None:
    """Raises InvalidInput for the first flag, or value of one, that has another name now."""
    for flag in (argument.partition("=")[0] for argument in arguments):
        if flag in FLAGS:
            raise InvalidInput(f"{flag} is called {FLAGS[flag]} now")
    for flag, value in pairwise(arguments):
        if text := hint(flag.removeprefix("--"), value):
            raise InvalidInput(f"{flag} {value}{text}")


def _plain(value: object) -> object:
    return value if isinstance(value, str) else None
