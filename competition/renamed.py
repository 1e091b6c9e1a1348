"""Names that have changed since version 0.1.0: its runs can be read, and users of an old name are told the new one."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from competition.errors import InvalidInput

UNNAMED = "0.1.0"  # the version of runs that record none
FIELDS = {"keep": "monitor", "turns": "task_updates", "stretch": "aspect_jitter"}
VALUES = {("schedule", "halved"): "step_decay"}
FLAGS = {"--aside": "--test-share"} | {f"--{old}": f"--{new.replace('_', '-')}" for old, new in FIELDS.items()}
FILES = {"test.npz": "aside.npz", "schedule-step_decay": "schedule-halved"}  # from the new name to the old one
SCORES = {"aside": "test"}  # in scores.json
ARRAYS = {"letters": "codes"}  # in files of predictions
TEST_WORD = "aside"  # in a file of folds


def current_fields(values: Mapping) -> dict:
    """The fields of a recipe in JSON under their present names; version 0.1.0 had one seed, for the split as well."""
    current = {FIELDS.get(name, name): VALUES.get((name, str(value)), value) for name, value in values.items()}
    return {"split_seed": values.get("seed", 0), **current}


def current_sweep(plan: Mapping) -> dict:
    """The plan in sweep.json, with the present names of the varied field and its values."""
    field, values = plan["field"], plan["values"]
    return {**plan, "field": FIELDS.get(field, field), "values": [VALUES.get((field, one), one) for one in values]}


def earlier_file(name: str) -> str:
    """The old name of a file of a run, or of the folder of a value in a sweep: keep-loss for monitor-loss."""
    for old, new in FIELDS.items():
        if name.startswith(f"{new}-"):
            return name.replace(new, old, 1)
    return FILES.get(name, name)


def hint(name: str, value: object = None) -> str:
    """What a message adds about a field, or its value, that has been renamed; empty if it has not."""
    if name in FIELDS:
        return f"; {name} is called {FIELDS[name]} now"
    new = VALUES.get((name, str(value)))
    return f"; {value} is called {new} now" if new else ""


def refuse_old_flags(arguments: Sequence[str]) -> None:
    """Raise InvalidInput for the first flag, or value of a flag, that has been renamed."""
    words = [word for one in arguments for word in (one.split("=", 1) if one.startswith("--") else [one])]
    for flag, value in pairwise([*words, ""]):
        if flag in FLAGS:
            raise InvalidInput(f"{flag} is called {FLAGS[flag]} now")
        if flag.startswith("--") and (text := hint(flag.removeprefix("--"), value)):
            raise InvalidInput(f"{flag} {text.removeprefix('; ')}")
