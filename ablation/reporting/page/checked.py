"""The composed images against the measurements, in words and as the lines of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ablation.reporting.wording import RANGE, counted, listed, paragraph

PASSED = {True: "yes", False: "no", None: RANGE}


@dataclass(frozen=True)
class Line:
    """One measure as the page shows it, in words."""

    what: str
    note: str
    measured: str
    ours: str
    tolerance: str
    passed: str


@dataclass(frozen=True)
class DataCheck:
    """What the page says of the composed images.

    `summary` counts what passes; `judged` and `reported` hold the lines by subject; `sheet` is the
    contact sheet's caption, "" where there is none.
    """

    summary: str
    text: str
    sheet: str
    judged: list[tuple[str, list[Line]]]
    reported: list[tuple[str, list[Line]]]


def data_check(content: Mapping[str, Any]) -> DataCheck:
    """What `reports/data_check.json` says.

    Its `rows` are those of `data_check.tolerance.as_json`; `composed` says whether there are any.
    """
    if not content["composed"]:
        text = (
            "No image was composed: they are the competition's own, so there is nothing to hold to "
            "the measurements."
        )
        return DataCheck("No check", text, "", [], [])
    # What preprocess made and the check could not judge stands apart.
    apart = bool(content["reason"])
    reported: list[Mapping[str, Any]] = []
    judged: list[Mapping[str, Any]] = []
    for row in content["rows"]:
        of_study = row["origin"] == "made" and row["subject"] not in ("tiles", "labels")
        (reported if apart and of_study else judged).append(row)
    passed = [row["pass"] for row in judged if row["pass"] is not None]
    return DataCheck(
        summary=f"{sum(passed)} of {counted(len(passed), 'check')} pass",
        text=_text(content, judged, bool(reported)),
        sheet=_sheet(content),
        judged=_lines(judged, content["reason"]),
        reported=_lines(reported, content["reason"]),
    )


def _text(content: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], apart: bool) -> str:
    judged = [row for row in rows if row["pass"] is not None]
    failed = [f"{row['subject']}, {row['what']}" for row in judged if not row["pass"]]
    sentences = [
        "The images are composed after measurements of 84 images and 50,000 labels of the "
        "competition; what lies outside the digits is measured of each background family, in grey "
        "levels."
    ]
    if failed:
        sentences.append(
            f"{len(failed)} of {counted(len(judged), 'measure')} "
            f"{'leaves its' if len(failed) == 1 else 'leave their'} tolerance: {listed(failed)}."
        )
    else:
        sentences.append(f"All {counted(len(judged), 'measure')} are inside their tolerances.")
        used = [(share, row) for row in judged if (share := _used(row)) is not None]
        if used:
            share, row = max(used, key=lambda pair: pair[0])
            sentences.append(
                f"The closest to a limit: {row['subject']}, {row['what']}, which "
                f"{'take' if isinstance(row['ours'], list) else 'takes'} up to {share:.0%} of "
                "the tolerance."
            )
    if content["judged_on"] == "sample":
        sentences.append(
            "These are not the study's own images, which cannot be judged "
            f"({content['reason']}): the check composed them as the measured ones are laid out, "
            "from the study's background pictures"
            + ("; the study's own stand below, unjudged." if apart else ".")
        )
    return paragraph(sentences)


def _used(row: Mapping[str, Any]) -> float | None:
    """How much of the way from the measured value to the limit ours is; None for no such row."""
    if row["measured"] is None or row["allowed"] is None:
        return None
    many = isinstance(row["measured"], list)
    values = zip(
        row["measured"] if many else [row["measured"]],
        row["ours"] if many else [row["ours"]],
        row["allowed"] if many else [row["allowed"]],
        strict=True,
    )
    shares = [
        (ours - known) / (high - known if ours > known else low - known)
        for known, ours, (low, high) in values
        if ours != known and low < known < high
    ]
    return max(shares, default=None)


def _sheet(content: Mapping[str, Any]) -> str:
    return (
        "Images of each background family with their digits, "
        + ("composed by the check" if content["judged_on"] == "sample" else "from the training set")
        + "; grey values from 0, black, to 255, white."
    )


def _lines(rows: Sequence[Mapping[str, Any]], reason: str) -> list[tuple[str, list[Line]]]:
    return [
        (
            subject,
            [
                Line(
                    what=row["what"],
                    note="" if row["note"] == reason else row["note"].removesuffix(f"; {reason}"),
                    measured=_number(row["measured"]),
                    ours=_number(row["ours"]),
                    tolerance=row["tolerance"] or RANGE,
                    passed=PASSED[row["pass"]],
                )
                for row in group
            ],
        )
        for subject, group in groupby(rows, key=lambda row: str(row["subject"]))
    ]


def _number(value: Any) -> str:
    if value is None:
        return RANGE
    if isinstance(value, list):
        return "/".join(_number(item) for item in value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
