"""Numbers as pages write them."""

import math
from collections.abc import Sequence

from competition.pages.parts import Bar
from competition.scoring.bootstrap import Estimate

NOT_KNOWN, NARROW = "–", "\u00a0"  # a space at which no line ends


def number(value: float | None, digits: int = 4) -> str:
    return NOT_KNOWN if value is None or math.isnan(value) else f"{value:.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    return NOT_KNOWN if value is None or math.isnan(value) else f"{100 * value:.{digits}f}{NARROW}%"


def interval(limits: Sequence[float | None] | None, share: bool = False) -> str:
    """The limits of a 95 % interval: 0.9668 to 0.9737, or as a share 96.7 to 97.4 %; nothing where they are unknown."""
    low, high = limits or (None, None)
    if low is None or high is None or math.isnan(low):
        return ""
    text = f"{100 * low:.1f} to {100 * high:.1f} %" if share else f"{low:.4f} to {high:.4f}"
    return text.replace(" ", NARROW)


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
