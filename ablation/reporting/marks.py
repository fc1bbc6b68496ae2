"""Intervals as small marks beside their numbers: their places on an axis from 0 to 100."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

REACH = {"points": 0.05}  # how far such an axis goes either way of 0


@dataclass(frozen=True)
class Mark:
    """Places on an axis from 0 to 100: a line at `at`, an interval, and a dot at its middle.

    `beyond` names the ends, left and right, at which the interval goes on past the axis. The dot
    is None where it lies there too.
    """

    at: float
    low: float
    high: float
    value: float | None
    beyond: tuple[str, ...]


def difference_mark(value: float, low: float | None, high: float | None, unit: str) -> Mark:
    """A difference about 0, in the middle. Without bounds the dot stands alone; one that is None
    beside another has no end."""
    reach = REACH.get(unit) or max(abs(x) for x in (value, low or 0.0, high or 0.0)) or 1.0
    if (low is None) != (high is None):
        low, high = -inf if low is None else low, inf if high is None else high
    return _mark(0.0, value, low, high, -reach, reach)


def level_mark(value: float, low: float | None, high: float | None, level: float) -> Mark:
    """A share on an axis from 0 to 1, with a line at the level that it is held against."""
    return _mark(level, value, low, high, 0.0, 1.0)


def _mark(
    at: float, value: float, low: float | None, high: float | None, start: float, end: float
) -> Mark:
    def place(x: float) -> float:
        return round(min(97.0, max(3.0, 100 * (x - start) / (end - start))), 1)

    first, last = value if low is None else low, value if high is None else high
    beyond = (*(("left",) if first < start else ()), *(("right",) if last > end else ()))
    dot = place(value) if start <= value <= end else None
    return Mark(place(at), place(first), place(last), dot, beyond)
