"""The one error a user sees: what was found, where, what is allowed, what to do."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SHOWN = 20


class Problem(NamedTuple):
    """One thing that is wrong in a file; problems sort by file and line."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class InvalidInput(ValueError):
    """An error that the user can fix; commands show it without a traceback and exit with 1.

    The message lists the first twenty `problems`, and their number if there are more.
    """

    def __init__(self, message: str, problems: Iterable[Problem | str] = ()):
        self.problems = tuple(problems)
        super().__init__(listed(message, self.problems))


def listed(message: str, problems: Sequence[Problem | str]) -> str:
    """A message and, in lines below it, the first twenty problems, and their number if there are more."""
    lines = [message, *(f"  {problem}" for problem in problems[:SHOWN])]
    if len(problems) > SHOWN:
        lines.append(f"  … and {len(problems) - SHOWN} more ({len(problems)} in all)")
    return "\n".join(lines)


class Choices(dict):
    """A dict by name; an unknown name raises InvalidInput with the names allowed and the one most like it."""

    def __init__(self, what: str, choices: Mapping):
        super().__init__(choices)
        self.what = what

    def __missing__(self, name: str):
        raise InvalidInput(no_such(self.what, name, self))


def no_such(what: str, name: str, choices: Iterable[str], also: str = "") -> str:
    """The message for a name that is none of the choices; `also` says what else is allowed."""
    choices = list(choices)
    close = difflib.get_close_matches(name, choices, n=1)
    hint = f"; perhaps you meant {close[0]}" if close else ""
    return f"there is no {what} {name!r}; allowed are {', '.join(choices)}{also}{hint}"
