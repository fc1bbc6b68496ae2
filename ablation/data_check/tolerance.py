"""One measure beside the measured value, what is allowed, and whether ours is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Values = tuple[float, ...]
Ranges = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Row:
    """One measure: what was measured on the competition's data, and ours.

    Attributes:
        subject: a background family, "digits", "tiles" or "labels".
        what: the measure, with its unit.
        origin: which images ours was measured on, "made" or "sample" (`ablation.data_check.check`).
        count: of how many images.
        measured: one or several values, or None where nothing was measured.
        ours: as many.
        allowed: lowest and highest value that passes, for each; None where that is not judged.
        tolerance: the same in words.
        note: why it is not judged, or what else there is to say.
    """

    subject: str
    what: str
    origin: str
    count: int
    measured: Values | None
    ours: Values
    allowed: Ranges | None
    tolerance: str
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether ours is allowed; None where that is not judged."""
        if self.allowed is None:
            return None
        pairs = zip(self.ours, self.allowed, strict=True)
        return all(low <= value <= high for value, (low, high) in pairs)


def shares(values: Values, share: float) -> Ranges:
    """What lies within `share` of each value, either way."""
    return tuple((value * (1 - share), value * (1 + share)) for value in values)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows for a JSON file: floats to four digits, what is no number as null."""
    return [
        {**{key: _plain(value) for key, value in asdict(row).items()}, "pass": row.passed}
        for row in rows
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        plain = [_plain(item) for item in value]
        return plain[0] if len(plain) == 1 else plain
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.4g}")
    return value


def complaint(rows: Sequence[Row]) -> str:
    """One line on the rows that leave their tolerance, or ""."""
    failed = [row for row in rows if row.passed is False]
    if not failed:
        return ""
    judged = sum(row.passed is not None for row in rows)
    first = failed[0]
    verb = "leaves its" if len(failed) == 1 else "leave their"
    known = f", measured {_numbers(first.measured)}" if first.measured else ""
    return (
        f"{len(failed)} of {judged} measures {verb} tolerance, the first {first.subject}: "
        f"{first.what} is {_numbers(first.ours)}{known}, tolerance {first.tolerance}"
    )


def _numbers(values: Values) -> str:
    return "/".join(f"{value:.4g}" for value in values)
