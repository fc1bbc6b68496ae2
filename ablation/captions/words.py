"""Numbers and lists as they stand in a sentence, and the sentences that several captions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ablation.rounding import rounded
from ablation.statistics.verdict import VERDICT_SEEDS

MINUS = "\N{MINUS SIGN}"
RANGE = "\N{EN DASH}"


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
    """ "a", "a and b", "a, b and c"; with semicolons where an item has a comma of its own."""
    names = list(items)
    comma = "; " if any(", " in name for name in names) else ", "
    if len(names) < 2:
        return "".join(names)
    joint = "; and " if comma == "; " else " and "
    return comma.join(names[:-1]) + joint + names[-1]


def counted(count: int, noun: str) -> str:
    """ "1 seed", "3 seeds", "25,000 images"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def short_names(arms: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """arm -> its label without what stands in brackets, where that still tells the arms apart."""
    short = {arm: labels[arm].split(" (")[0] for arm in arms}
    if len(set(short.values())) < len(short):
        return {arm: labels[arm] for arm in arms}
    return short


def no_verdict(seeds: int) -> str:
    """The sentence that every comparison of arms ends with while the seeds are too few, or ""."""
    if seeds >= VERDICT_SEEDS:
        return ""
    return (
        f"With n = {counted(seeds, 'seed')} no verdict is possible on whether a difference comes "
        f"from the arms or from the seed; that takes at least {VERDICT_SEEDS}."
    )


def paragraph(sentences: Iterable[str]) -> str:
    """The sentences that say something, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)
