"""The one error a user sees: what was found, where, what is allowed, what to do."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SHOWN = 20
# Control characters but for ends of lines, tabs, and colours of the terminal; marks of the direction of writing; ends
# of lines of Unicode; and halves of pairs, as which Python reads bytes of names that are not UTF-8.
CONTROL, TURNING = "\0-\x08\x0b-\x1f\x7f-\x9f", "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
UNSEEN = re.compile(rf"(?!\x1b\[[0-9;]*m)[{CONTROL}]|[{TURNING}]")
UNSEEN_IN_NAMES = re.compile(f"[{CONTROL}\n\t{TURNING}]")
UNSEEN_ON_PAGES = re.compile(f"[{CONTROL}{TURNING}]")


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

    status = 1  # of the process that it ends

    def __init__(self, message: str, problems: Iterable[Problem | str] = ()):
        self.problems = tuple(problems)
        super().__init__(listed(message, self.problems))


class LostWorker(InvalidInput):
    """Another machine that trained with this one has ended: nothing is wrong here, and the same command goes on."""

    status = 75  # the code of sysexits.h for what may succeed when it is tried again


def listed(message: str, problems: Sequence[Problem | str]) -> str:
    """A message and, in lines below it, the first twenty problems, and their number if there are more."""
    lines = [message, *(f"  {problem}" for problem in problems[:SHOWN])]
    if len(problems) > SHOWN:
        lines.append(f"  … and {len(problems) - SHOWN} more ({len(problems)} in all)")
    return "\n".join(lines)


def visible(text: str) -> str:
    """Text for a terminal: what would move its cursor, turn its direction of writing or not be seen is spelt out.

    Names of files and classes come from others. Ends of lines, tabs and colours stay, and so do the returns and
    backspaces at the start with which a progress bar begins.
    """
    begin = len(text) - len(text.lstrip("\r\b"))
    return text[:begin] + UNSEEN.sub(lambda found: _spelt(found[0]), text[begin:])


def visible_on_page(text: str) -> str:
    """Text for a page: as `visible`, and so are colours and returns, which only a terminal knows."""
    return UNSEEN_ON_PAGES.sub(lambda found: _spelt(found[0]), text)


def unseen_in(name: str) -> str:
    """The first character of a name that `visible` would spell out, or that ends a line, spelt out; else nothing."""
    found = UNSEEN_IN_NAMES.search(name)
    return _spelt(found[0]) if found else ""


def is_utf8(name: str) -> bool:
    """Whether the name of a file can be written into one; Python reads other bytes as halves of pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


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
