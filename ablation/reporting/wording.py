"""Numbers, differences and names as text, the same in tables, captions and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from ablation.statistics.config import Metric
from ablation.study.config import StudyConfig

MINUS = "\N{MINUS SIGN}"
RANGE = "\N{EN DASH}"
NOTHING = RANGE  # missing
SPACE = "\N{NO-BREAK SPACE}"
POINTS = Metric(label="", take="gap")  # of what is no metric: a difference of shares


def rounded(value: float, decimals: int = 1) -> str:
    """A number with so many decimals, halves away from zero: 2.05 is "2.1".

    Shares of some thousand images often differ by just half a decimal. Subtracting shares leaves a
    trace of binary fractions, which is rounded away first: else the same difference would be
    printed as 4.1 in one table and as 4.2 in another.
    """
    exact = Decimal(repr(round(float(value), 9)))
    return str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def percent(share: float) -> str:
    """A share (0..1) in per cent with one decimal: 0.8312 is "83.1%"."""
    return f"{rounded(share * 100)}%"


def signed(value: float, metric: Metric) -> str:
    """A difference of two runs in the metric's unit, without it: "+1.2", "−0.35", "0.0"."""  # noqa: RUF002
    factor = 1 if metric.unit == "images" else 100
    text = f"{Decimal(rounded(abs(value) * factor, metric.decimals)):,}"
    if not text.strip("0."):
        return text
    return ("+" if value > 0 else MINUS) + text


def signed_points(difference: float) -> str:
    """A difference of two shares in percentage points: "+1.2", "−0.4", "0.0"."""  # noqa: RUF002
    return signed(difference, POINTS)


def difference(value: float | None, low: float | None, high: float | None, metric: Metric) -> str:
    """ "+1.2 points [+0.3, +2.1]"; an end that is None has no bound, and two are not written.

    Without a value there is none that could be named: runs never reach a level.
    """
    unit = metric.unit if metric.unit == "%" else f" {metric.unit}"
    text = "infinite" if value is None else f"{signed(value, metric)}{unit}"
    if low is None and high is None:
        return text
    return f"{text} [{', '.join(ends(low, high, metric))}]"


def ends(low: float | None, high: float | None, metric: Metric) -> tuple[str, str]:
    """The ends of a difference's interval; one that is None has no bound."""
    return (f"{MINUS}∞" if low is None else signed(low, metric),
            "∞" if high is None else signed(high, metric))  # fmt: skip


def p_value(p: float | None) -> str:
    """ "0.012", "< 0.001", or "" where there is none."""
    if p is None or pd.isna(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def level(value: float, low: float | None, high: float | None, metric: Metric) -> str:
    """ "83.1% [82.0%, 84.2%]", of shares, inside 0 and 1; a difference as one."""
    if metric.signed:
        return difference(value, low, high, metric)
    if low is None or high is None:
        return percent(value)
    return f"{percent(value)} [{percent(max(0.0, low))}, {percent(min(1.0, high))}]"


def counted(count: int, noun: str) -> str:
    """ "1 seed", "3 seeds", "25,000 images"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listed(items: Iterable[str]) -> str:
    """ "a, b, c"; with semicolons where an item has a comma of its own."""
    names = list(items)
    return ("; " if any("," in name for name in names) else ", ").join(names)


def short_names(arms: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """arm -> its label without what stands in brackets, where that still tells the arms apart."""
    short = {arm: labels[arm].split(" (")[0] for arm in arms}
    if len(set(short.values())) < len(short):
        return {arm: labels[arm] for arm in arms}
    return short


def named_runs(column: pd.Series | Iterable[str], labels: Mapping[str, str]) -> str:
    """The runs, ARM-SEED each, that cells of comparison.csv hold: "SGD seeds 1 4, L1 seed 2"."""
    cells = [str(cell) for cell in column if not pd.isna(cell)]
    seeds: dict[str, list[str]] = {}
    for run in dict.fromkeys(" ".join(cells).split()):
        arm, seed = run.rsplit("-", 1)
        seeds.setdefault(arm, []).append(seed)
    return listed(
        f"{labels[arm]} seed{'s' * (len(of) > 1)} {' '.join(of)}" for arm, of in seeds.items()
    )


def fewer(seeds: Mapping[str, int]) -> str:
    """What has fewer seeds than the others, as in "L1: 3, VGG-16: 1"; "" where nothing has.

    Args:
        seeds: name -> how many.
    """
    most = max(seeds.values(), default=0)
    return listed(f"{name}: {count}" for name, count in seeds.items() if count < most)


def of_study(study: StudyConfig) -> str:
    """ "10 seeds", or "10 seeds (VGG-16: 1)" where an arm has fewer."""
    few = fewer({study.arms[arm]: count for arm, count in study.counts.items()})
    return counted(max(study.counts.values()), "seed") + (f" ({few})" if few else "")
