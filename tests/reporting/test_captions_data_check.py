"""What the page says of the composed images: only what `data_check.json` holds."""

from __future__ import annotations

from typing import Any

from ablation.reporting.captions.data_check import data_check


def row(**changes: Any) -> dict[str, Any]:
    content = {
        "subject": "water", "what": "mean", "origin": "sample", "count": 300, "measured": 76.0,
        "ours": 76.4, "allowed": [75.0, 77.0], "tolerance": "±8, in 75 to 77", "note": "",
        "pass": True,
    }  # fmt: skip
    return content | changes


PERCENTILES = row(
    what="percentiles 1/99", measured=[39.0, 136.0], ours=[39.0, 124.0],
    allowed=[[24.0, 54.0], [121.0, 151.0]], tolerance="±15",
)  # fmt: skip
TILES = row(subject="tiles", what="pairs that overlap", origin="made", measured=0.0, ours=0.0,
            allowed=[0.0, 0.0], tolerance="none")  # fmt: skip
WHY = "canvas 64, not 128"
UNJUDGED = {"allowed": None, "pass": None}


def content(*rows: dict[str, Any], reason: str = "") -> dict[str, Any]:
    return {
        "composed": True,
        "passed": all(r["pass"] is not False for r in rows),
        "judged_on": "sample" if reason else "made",
        "reason": reason,
        "canvas": 64 if reason else 128,
        "rows": list(rows),
    }


def test_what_passes_is_counted_and_the_closest_named() -> None:
    told = data_check(content(row(origin="made"), PERCENTILES, TILES)).text
    assert "All 3 measures are inside their tolerances." in told
    # 12 of 15 grey levels, more than the mean's 0.4 of 1.
    assert "water, percentiles 1/99, which take up to 80% of the tolerance." in told
    assert "cannot be judged" not in told


def test_what_fails_is_named_and_nothing_is_called_closest() -> None:
    told = data_check(content(row(**{"pass": False}), PERCENTILES)).text
    assert "1 of 2 measures leaves its tolerance: water, mean." in told
    assert "closest" not in told


def test_lines_stand_by_subject_with_their_numbers_in_words() -> None:
    stars = row(subject="stars", measured=None, ours=1234.5, tolerance="", note="so", **UNJUDGED)
    checked = data_check(content(row(), PERCENTILES, stars))
    assert [subject for subject, _ in checked.judged] == ["water", "stars"]
    (mean, percentiles), (last,) = (lines for _, lines in checked.judged)
    assert (mean.measured, mean.ours, mean.passed) == ("76", "76.4", "yes")
    assert (percentiles.measured, percentiles.ours) == ("39/136", "39/124")
    dash = "\N{EN DASH}"
    assert (last.measured, last.ours, last.tolerance) == (dash, "1,234", dash)
    assert (last.passed, last.note) == (dash, "so")
    assert checked.reported == []


def test_the_study_s_own_images_stand_apart_where_they_cannot_be_judged() -> None:
    own = row(origin="made", ours=75.1, note=WHY, **UNJUDGED)
    ink = row(subject="digits", origin="made", note=f"from 4 to 28; {WHY}", **UNJUDGED)
    checked = data_check(content(row(), TILES, own, ink, reason=WHY))
    assert [subject for subject, _ in checked.judged] == ["water", "tiles"]
    assert [subject for subject, _ in checked.reported] == ["water", "digits"]
    assert [lines[0].note for _, lines in checked.reported] == ["", "from 4 to 28"]
    assert f"cannot be judged ({WHY})" in checked.text
    assert "unjudged" in checked.text
    assert "composed by the check" in checked.sheet


def test_where_nothing_was_composed_there_is_nothing_to_judge() -> None:
    checked = data_check({"composed": False, "passed": None, "rows": []})
    assert "nothing to hold" in checked.text
    assert (checked.judged, checked.reported, checked.sheet) == ([], [], "")
