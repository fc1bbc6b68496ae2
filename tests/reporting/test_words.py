"""Halves, which binary fractions rarely hit."""

from __future__ import annotations

import pytest

from ablation.reporting.words import rounded


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
