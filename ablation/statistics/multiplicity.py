"""Several tests at once: the more of them, the more chance findings (Holm 1979)."""

from __future__ import annotations

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p of each of (m,) p values, in their order.

    To call what is below 0.05 a finding then makes one false finding or more in the whole family
    with a probability of at most 5%, whatever the tests have in common.
    """
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]
