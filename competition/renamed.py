"""What version 0.1.0 called by other names: its runs are read, and whoever writes an old name is told the new one."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from competition.errors import InvalidInput

UNNAMED = "0.1.0"  # the version that wrote runs which name none
FIELDS = {"keep": "monitor", "turns": "task_updates", "stretch": "aspect_jitter"}
VALUES = {("schedule", "halved"): "step_decay"}
FLAGS = {"--aside": "--test-share"} | {f"--{old}": f"--{new.replace('_', '-')}" for old, new in FIELDS.items()}
FILES = {"test.npz": "aside.npz", "schedule-step_decay": "schedule-halved"}  # from the new name to the old one
SCORES = {"aside": "test"}  # in scores.json
ARRAYS = {"letters": "codes"}  # in files of predictions
TEST_WORD = "aside"  # in a file of folds


def current_fields(values: Mapping) -> dict:
    """The fields of a recipe as JSON holds them, with today's names; the split was drawn by the seed of all else."""
    current = {FIELDS.get(name, name): VALUES.get((name, str(value)), value) for name, value in values.items()}
    return {"split_seed": values.get("seed", 0), **current}


def current_sweep(plan: Mapping) -> dict:
    """What sweep.json says of the field that is varied and its values, with today's names."""
    field, values = plan["field"], plan["values"]
    return {**plan, "field": FIELDS.get(field, field), "values": [VALUES.get((field, one), one) for one in values]}


def earlier_file(name: str) -> str:
    """What a file of a run was called, or in a sweep the folder of a value: keep-loss for monitor-loss."""
    for old, new in FIELDS.items():
        if name.startswith(f"{new}-"):
            return name.replace(new, old, 1)
    return FILES.get(name, name)


def hint(name: str, value: object = None) -> str:
    """What to say of a field, or of its value, that has another name now; empty where it has none."""
    if name in FIELDS:
        return f"; {name} is called {FIELDS[name]} now"
    new = VALUES.get((name, str(value)))
    return f"; {value} is called {new} now" if new else ""


def refuse_old_flags(arguments: Sequence[str]) -> None:
    """Raises InvalidInput for the first flag, or value of one, that has another name now."""
    words = [word for one in arguments for word in (one.split("=", 1) if one.startswith("--") else [one])]
    for flag, value in pairwise([*words, ""]):
        if flag in FLAGS:
            raise InvalidInput(f"{flag} is called {FLAGS[flag]} now")
        if flag.startswith("--") and (text := hint(flag.removeprefix("--"), value)):
            raise InvalidInput(f"{flag} {text.removeprefix('; ')}")
