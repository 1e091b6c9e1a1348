"""The one error a user sees: what was found, where, what is allowed, what to do."""

from collections.abc import Iterable
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
    """Something that the user can put right; commands show it without a traceback and exit with 1.

    Of the `problems`, the first twenty are shown, and the count of all.
    """

    def __init__(self, message: str, problems: Iterable[Problem | str] = ()):
        self.problems = tuple(problems)
        lines = [message, *(f"  {problem}" for problem in self.problems[:SHOWN])]
        if len(self.problems) > SHOWN:
            lines.append(f"  … and {len(self.problems) - SHOWN} more ({len(self.problems)} in all)")
        super().__init__("\n".join(lines))
