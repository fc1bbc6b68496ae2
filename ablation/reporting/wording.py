"""Numbers, differences and lists as people read them: alike in tables, captions and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from ablation.statistics.comparison import BASELINE
from ablation.statistics.config import Metric
from ablation.study.config import StudyConfig

MINUS = "\N{MINUS SIGN}"
RANGE = "\N{EN DASH}"
NOTHING = RANGE  # a dash, for what is not there
FAILED = "failed"  # what stands in a table for an arm of which a run failed


def rounded(value: float, decimals: int = 1) -> str:
    """A number with so many decimals, halves away from zero: 2.05 is "2.1".

    Shares of some thousand images often differ by just half a decimal. Subtracting shares leaves a
    trace of binary fractions, which is rounded away first: else the same difference would be told
    as 4.1 in one table and as 4.2 in another.
    """
    exact = Decimal(repr(round(float(value), 9)))
    return str(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def percent(share: float) -> str:
    """A share (0..1) in per cent with one decimal: 0.8312 is "83.1%"."""
    return f"{rounded(share * 100)}%"


def points(difference: float) -> str:
    """The size of a difference of two shares (0..1) in percentage points: "1.2 points"."""
    return f"{rounded(abs(difference) * 100)} points"


def signed_points(difference: float) -> str:
    """A difference of two shares with its sign, which 0.0 has not: "+1.2", "−0.4", "0.0"."""  # noqa: RUF002
    text = rounded(abs(difference) * 100)
    if text == "0.0":
        return text
    return ("+" if difference > 0 else MINUS) + text


def listed(items: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"; with semicolons where an item has a bare comma of its own."""
    names = list(items)
    comma = "; " if any(", " in name and name[0] != "“" for name in names) else ", "
    if len(names) < 2:
        return "".join(names)
    joint = "; and " if comma == "; " else " and "
    return comma.join(names[:-1]) + joint + names[-1]


def counted(count: int, noun: str) -> str:
    """ "1 seed", "3 seeds", "25,000 images"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def n_is(seeds: int) -> str:
    """ "n = 3", which no line break parts."""
    return f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{seeds}"


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def quoted(name: str) -> str:
    """The name as it stands in a sentence: in quotation marks where it has a comma of its own."""
    return f"“{name}”" if ", " in name else name


def failed(labels: Iterable[str]) -> str:
    """What pictures and captions say of arms of which a run failed: "Adam and L1: failed"."""
    return f"{listed(map(quoted, labels))}: {FAILED}"


def short_names(arms: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """arm -> its label without what stands in brackets, where that still tells the arms apart."""
    short = {arm: labels[arm].split(" (")[0] for arm in arms}
    if len(set(short.values())) < len(short):
        return {arm: labels[arm] for arm in arms}
    return short


def no_verdict(seeds: int, tests: int, needed: int, of: Sequence[str] = ()) -> str:
    """The sentence that every comparison of arms ends with while the seeds are too few, or "".

    `needed` is how many a verdict takes in a family of so many tests; `of` names the arms where
    others have more seeds.
    """
    if seeds >= needed:
        return ""
    where = f", of {listed(of)}," if of else ""
    return (
        f"With n = {counted(seeds, 'seed')}{where} no verdict is possible on whether a difference "
        "comes from the arms or from the seed: a family of "
        f"{counted(tests, 'test')} takes {needed}."
    )


def paragraph(sentences: Iterable[str]) -> str:
    """The sentences that say something, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)


def runs_by_arm(runs: Iterable[str], labels: Mapping[str, str]) -> str:
    """Runs, ARM-SEED each, in words: "SGD (seeds 1 and 4) and Adam (seed 0)"."""
    seeds: dict[str, list[int]] = {}
    for run in dict.fromkeys(runs):
        arm, seed = run.rsplit("-", 1)
        seeds.setdefault(arm, []).append(int(seed))
    return listed(
        f"{labels[arm]} (seed{'s' * (len(of_arm) > 1)} {listed(map(str, sorted(of_arm)))})"
        for arm, of_arm in seeds.items()
    )


def cells(column: pd.Series) -> list[str]:
    """All runs that the cells of a column of comparison.csv name."""
    return [run for cell in column.dropna() for run in str(cell).split()]


def signed(value: float, metric: Metric) -> str:
    """A difference of two runs in the metric's unit, without it: "+1.2", "−0.35", "0.0"."""  # noqa: RUF002
    text = size(value, metric)
    if float(text.replace(",", "")) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def size(value: float, metric: Metric) -> str:
    """The size of a difference in the metric's unit, without it: "1.2", "12,000"."""
    factor = 100 if metric.unit == "points" else 1
    return f"{Decimal(rounded(abs(value) * factor, metric.decimals)):,}"


def difference(value: float, low: float | None, high: float | None, metric: Metric) -> str:
    """ "+1.2 points [+0.3, +2.1]", without the brackets where there is no interval."""
    text = f"{signed(value, metric)} {metric.unit}"
    if low is None or high is None or pd.isna(low):
        return text
    return f"{text} [{signed(low, metric)}, {signed(high, metric)}]"


def level(value: float, low: float | None, high: float | None, metric: Metric) -> str:
    """ "83.1% [82.0%, 84.2%]", of shares, inside 0 and 1; a difference as one."""
    if metric.signed:
        return difference(value, low, high, metric)
    text = percent(value)
    if low is None or high is None:
        return text
    return f"{text} [{percent(max(0.0, low))}, {percent(min(1.0, high))}]"


def fewer(seeds: Mapping[str, int]) -> str:
    """What has fewer seeds than the others, as in "VGG-16: 1"; "" where nothing has.

    Args:
        seeds: name -> how many.
    """
    most = max(seeds.values(), default=0)
    few: dict[int, list[str]] = {}
    for name, count in seeds.items():
        if count < most:
            few.setdefault(count, []).append(quoted(name))
    return "; ".join(f"{listed(names)}: {count}" for count, names in few.items())


def of_study(study: StudyConfig) -> str:
    """ "10 seeds", or "10 seeds (VGG-16: 1)" where an arm has fewer."""
    few = fewer({study.arms[arm]: count for arm, count in study.counts.items()})
    return counted(max(study.counts.values()), "seed") + (f" ({few})" if few else "")


def few_seeds(comparisons: pd.DataFrame, names: Mapping[str, str]) -> str:
    """What the seeds of comparison.csv are too few for, of its largest family without a verdict.

    Where only arms with fewer seeds than the others lack a verdict, they are named.

    Args:
        names: the arms'.
    """
    lacking = comparisons[comparisons["seeds"] < comparisons["seeds_needed"]]
    if lacking.empty:
        return ""
    with_most = lacking[lacking["seeds"] == comparisons["seeds"].max()]
    shown = lacking if with_most.empty else with_most
    row = shown.sort_values("tests", kind="stable").iloc[-1]
    of = list(map(quoted, named(lacking, names))) if with_most.empty else []
    return no_verdict(int(row["seeds"]), int(row["tests"]), int(row["seeds_needed"]), of)


def named(rows: pd.DataFrame, names: Mapping[str, str]) -> dict[str, int]:
    """Name -> n of what rows of comparison.csv compare: an arm with the baseline, or else a pair.

    In the order of `names`; a pair with a named arm is left out. Of several metrics n is the least.

    Args:
        names: the arms'.
    """
    against = set(rows.loc[rows["group"] == BASELINE, "arm"])
    arms, others = dict[str, int](), dict[str, int]()
    for row in rows.to_dict("records"):
        arm, other, count = row["arm"], row["other"], int(row["seeds"])
        if row["group"] == BASELINE:
            arms[arm] = min(arms.get(arm, count), count)
        elif not against & {arm, other}:
            name = f"{names[arm]} {MINUS} {names[other]}"
            others[name] = min(others.get(name, count), count)
    return {names[arm]: arms[arm] for arm in names if arm in arms} | others
