"""The table of measurements and goals, printed as text and written as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from competition.files import whole_file
from competition.run import to_text

MISSED = "MISSED"
WIDEST = 60  # characters of a row's name


@dataclass(frozen=True)
class Measurement:
    """One measured number; None if this machine cannot have it.

    `goal` is the lowest acceptable value, or without `at_least` the highest; None if the number is only reported.
    `detail` says what the number was computed from, or why there is none.
    """

    row: str
    value: float | None
    goal: float | None = None
    at_least: bool = True
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None if there is no goal or no value. NaN meets no goal."""
        if self.goal is None or self.value is None:
            return None
        return bool(self.value >= self.goal if self.at_least else self.value <= self.goal)  # JSON has no numpy.bool

    def to_json(self) -> dict:
        return {
            "row": self.row,
            "value": None if self.value is None else float(f"{self.value:.4g}"),
            "goal": self.goal,
            "met": self.met,
            "detail": self.detail,
        }


def line(row: Measurement) -> str:
    """A row of the table."""
    goal = "" if row.goal is None else f"{'>=' if row.at_least else '<='} {row.goal:g}"
    verdict = MISSED if row.met is False else ""
    value = "left out" if row.value is None else f"{row.value:8.3f}"
    return f"{row.row:{WIDEST}} {value}  {goal:8} {verdict:7} {row.detail}".rstrip()


def header() -> str:
    return f"{'row':{WIDEST}} {'value':>8}  {'goal':8} {'':7} detail"


def summary(rows: Sequence[Measurement]) -> str:
    """How many goals were missed, as text."""
    judged = [row for row in rows if row.met is not None]
    return f"{sum(not row.met for row in judged)} of {len(judged)} goals missed"


def write_json(rows: Sequence[Measurement], path: Path) -> None:
    """Write a list with one object per row: row, value, goal, met, detail."""
    with whole_file(path) as temporary:
        temporary.write_text(to_text([row.to_json() for row in rows]) + "\n", encoding="utf-8")
