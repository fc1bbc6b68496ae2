"""The composed images against the measurements, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

Row = Mapping[str, Any]


def checked(content: Mapping[str, Any]) -> dict[str, Any]:
    """What reports/data_check.json says, by subject: what is judged, and the study's own images.

    The latter are empty where these are judged themselves. `closest` is the row nearest to its
    limit, and how much of its tolerance it uses.
    """
    judged: dict[str, list[Row]] = {}
    unjudged: dict[str, list[Row]] = {}
    reason = content.get("reason", "")
    for row in content["rows"]:
        apart = reason and row["origin"] == "made" and row["subject"] not in ("tiles", "labels")
        note = row["note"].removesuffix(reason).removesuffix("; ")
        rows = (unjudged if apart else judged).setdefault(row["subject"], [])
        rows.append({**row, "note": note})
    tested = [row for rows in judged.values() for row in rows if row["pass"] is not None]
    return {
        **content,
        "judged": judged,
        "unjudged": unjudged,
        "tested": len(tested),
        "closest": max(((used(row), row) for row in tested), key=itemgetter(0), default=None),
    }


def used(row: Row) -> float:
    """How much of the way from the measured value to the limit ours is; of several the most."""
    if row["measured"] is None or row["allowed"] is None:
        return 0.0
    columns = [row[key] for key in ("measured", "ours", "allowed")]
    many = isinstance(row["measured"], list)
    shares = [
        (ours - known) / ((high if ours > known else low) - known)
        for known, ours, (low, high) in zip(
            *(columns if many else [[x] for x in columns]), strict=True
        )
        if ours != known and low < known < high
    ]
    return max(shares, default=0.0)


def number(value: Any) -> str:
    """A measure or several: "0.934", "1,234", "39/136"; a dash where it is missing."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, list):
        return "/".join(map(number, value))
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
