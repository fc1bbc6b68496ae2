"""Numbers, names and lists in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.reporting.wording import (
    counted,
    listed,
    no_verdict,
    percent,
    points,
    quoted,
    rounded,
    runs_by_arm,
    short_names,
    signed_points,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (2.05, 1, "2.1"),  # in binary a little less
        (100 * (0.3735 - 0.871), 1, "-49.8"),  # likewise
        (100 * (0.83 - 0.8715), 1, "-4.2"),
        (0.25, 1, "0.3"),  # to an even number elsewhere
        (0.04, 1, "0.0"),
        (12.345, 2, "12.35"),
        (99.96, 1, "100.0"),
    ],
)
def test_halves_are_rounded_away_from_zero_however_they_were_computed(
    value: float, decimals: int, text: str
) -> None:
    assert rounded(value, decimals) == text


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a, raw", "b"], "a, raw; and b"),
        ([quoted("a, raw"), quoted("b"), "c"], "“a, raw”, b and c"),
    ],
)
def test_listed(items: list[str], expected: str) -> None:
    assert listed(items) == expected


def test_numbers_in_words() -> None:
    assert percent(0.8312) == "83.1%"
    assert points(-0.012) == "1.2 points"
    assert signed_points(0.0123) == "+1.2"
    assert signed_points(-0.0123) == f"{MINUS}1.2"
    assert signed_points(-0.0001) == "0.0"
    assert counted(1, "seed") == "1 seed"
    assert counted(25_000, "image") == "25,000 images"


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_difference_of_counts_is_told_alike_as_shares_and_as_points(one: int, other: int) -> None:
    told = signed_points(one / 4000 - other / 4000)
    assert told == signed_points((one - other) / 4000)
    assert told.lstrip(f"+{MINUS}") == rounded(abs(one - other) / 40)


def test_short_names_stay_apart() -> None:
    assert short_names(["a", "b"], {"a": "net (one)", "b": "other"}) == {"a": "net", "b": "other"}
    labels = {"a": "net (one)", "b": "net (two)"}
    assert short_names(["a", "b"], labels) == labels


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_verdict_is_ruled_out_below_the_seeds_it_takes_alone(seeds: int, needed: int) -> None:
    assert bool(no_verdict(seeds, 15, needed)) == (seeds < needed)


def test_runs_are_named_by_arm_and_seed() -> None:
    labels = {"sgd": "SGD", "two": "dense 512 and 32"}
    runs = ["sgd-4", "sgd-1", "two-0", "sgd-4"]
    assert runs_by_arm(runs, labels) == "SGD (seeds 1 and 4) and dense 512 and 32 (seed 0)"
    assert runs_by_arm([], labels) == ""
