"""Notes: what was decided about labels, and could be meant differently."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

LONGEST = 200  # letters
SHOWN = 4  # names, and notes of one kind; more are said in one note


class Note(NamedTuple):
    """What was decided; if it may be said of many columns, this `column`, and the `kind`: the same words for all.

    One `of_copy` is true only of a table that is written anew.
    """

    text: str
    column: str = ""
    kind: str = ""
    of_copy: bool = False


def in_words(notes: Iterable[Note]) -> list[str]:
    """The texts of notes; of more than a few of one kind, the columns, the kind and one example."""
    kinds: dict[str, list[Note]] = defaultdict(list)
    for note in dict.fromkeys(notes):
        kinds[note.kind or note.text].append(note)
    found = []
    for kind, alike in kinds.items():
        if len(alike) > SHOWN:
            found.append(f"{some([note.column for note in alike])}: {kind}; for example, {alike[0].text}")
        else:
            found += [note.text for note in alike]
    return found


def short(name: str) -> str:
    """A name, cut where it is longer than a line."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(map(short, names[:SHOWN])) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
