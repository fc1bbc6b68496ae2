"""Numbers as tables, captions and figures print them: the same number alike everywhere."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def rounded(value: float, decimals: int = 1) -> str:
    """A number with so many decimals, halves away from zero: 2.05 is "2.1".

    Shares of some thousand images often differ by just half a decimal. Subtracting shares leaves a
    trace of binary fractions, which is rounded away first: else the same difference would be told
    as 4.1 in one table and as 4.2 in another.
    """
    exact = Decimal(repr(round(float(value), 9)))
    return str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
