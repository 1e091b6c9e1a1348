"""The parts that pages are made of, as values: the macros of templates/macros.html turn them into HTML."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Fact(NamedTuple):
    """A number at the head of a page: what it is, the number, and what to know of it."""

    label: str
    value: str
    note: str = ""


class Column(NamedTuple):
    """The head of a column; numbers are aligned to the right."""

    title: str
    number: bool = False


Table = tuple[Sequence[Column], Sequence[Sequence]]  # the columns, and the cells of each row


class Bar(NamedTuple):
    """A share from 0 to 1 in a cell, as a bar behind its text; `low` and `high` draw its interval, `mark` a line."""

    share: float
    text: str
    low: float | None = None
    high: float | None = None
    mark: float | None = None


class Shade(NamedTuple):
    """A cell shaded by a share from 0 to 1, as those of a confusion matrix: in the colour of what is `good` or not."""

    share: float
    text: str
    good: bool = True


class Layer(NamedTuple):
    """A picture that can be laid over another: the name of the switch that shows it, its address, and its text."""

    switch: str
    address: str
    text: str


class Line(NamedTuple):
    """A line below a picture; `kind` is good, bad, or nothing, and `switch` that of the layer it belongs to."""

    text: str
    kind: str = ""
    switch: str = ""


@dataclass(frozen=True)
class Tile:
    """A picture of a gallery: its address, its text for those who do not see it, its size in pixels, its caption."""

    address: str
    text: str
    width: int
    height: int
    lines: Sequence[Line] = ()
    layers: Sequence[Layer] = ()
    kind: str = ""


class Chart(NamedTuple):
    """A plot: the address of its picture, its text, its size in pixels, and its caption."""

    address: str
    text: str
    width: int
    height: int
    caption: str = ""


def data_uri(content: bytes, kind: str) -> str:
    """The address of a picture that is inside the page; `kind` is its MIME type, image/jpeg for example."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def columns(*titles: str) -> list[Column]:
    """The first title heads texts, the others numbers."""
    return [Column(title, number=place > 0) for place, title in enumerate(titles)]
