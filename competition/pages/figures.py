"""Numbers as pages write them."""

import math
from collections.abc import Sequence

from competition.pages.parts import Bar
from competition.scoring.bootstrap import Estimate

NOT_KNOWN = "–"


def number(value: float | None, digits: int = 4) -> str:
    return NOT_KNOWN if value is None or math.isnan(value) else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    return NOT_KNOWN if value is None or math.isnan(value) else f"{100 * value:.{digits}f} %"


def interval(limits: Sequence[float | None] | None) -> str:
    """The limits of a 95 % interval: 0.9668 to 0.9737."""
    low, high = limits or (None, None)
    return "" if low is None or high is None else f"{low:.4f} to {high:.4f}"


def bar(one: Estimate, mark: float | None = None) -> Bar | str:
    """A score with its interval as a bar; `mark` is what chance would reach."""
    if math.isnan(one.value):
        return NOT_KNOWN
    low, high = (None, None) if math.isnan(one.low) else (one.low, one.high)
    return Bar(one.value, number(one.value), low, high, None if mark is None or math.isnan(mark) else mark)


def minutes(seconds: float | None) -> str:
    if seconds is None:
        return "not recorded"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def count(items: int, one: str, several: str = "") -> str:
    return f"{items:,} {one if items == 1 else several or one + 's'}"
