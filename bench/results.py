"""What is measured, as rows of a table and of reports/bench.json; pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, median
from typing import Any

Report = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One measured value; `at_least` or `at_most` is its target, where it has one.

    `samples` are the repetitions that the value is the median of, in the order they were taken.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    samples: Sequence[float] = field(default_factory=tuple)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"at least {number(self.at_least)}"
        return "" if self.at_most is None else f"at most {number(self.at_most)}"

    def content(self) -> Report:
        """The row for JSON: without the fields it does not have."""
        own = {key: value for key, value in asdict(self).items() if value is not None}
        own["value"] = significant(self.value)
        own["samples"] = [significant(sample) for sample in self.samples]
        if not own["samples"]:
            del own["samples"]
        return own if self.met is None else {**own, "met": self.met}


def of(
    name: str,
    samples: Sequence[float],
    unit: str,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """A row whose value is the median of its repetitions."""
    return Row(name, median(samples), unit, at_least, at_most, tuple(samples))


def ratios(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    """The ratio of each pair, taken one right after the other, of two alternating measurements.

    Their median holds against a machine whose speed drifts, where a ratio of medians does not.

    Raises:
        ValueError: not as many of one as of the other, or none.
    """
    if len(ones) != len(others) or not ones:
        raise ValueError(f"{len(ones)} and {len(others)} measurements: expected as many of each")
    return [one / other for one, other in zip(ones, others, strict=True)]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The k of the least-squares fit cost = a * size ** k; 1 is linear, 2 quadratic.

    Raises:
        ValueError: fewer than two different sizes, or a size or cost that is not positive.
    """
    if len(set(sizes)) < 2 or min(*sizes, *costs) <= 0:
        raise ValueError("expected positive costs of two different positive sizes or more")
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x_mean, y_mean = fmean(xs), fmean(ys)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return slope / sum((x - x_mean) ** 2 for x in xs)


def significant(value: float) -> float:
    """The value with four significant digits; a measurement has no more."""
    return float(f"{value:.4g}")


def number(value: float) -> str:
    """A value as a person reads it: two digits behind the point, none from a hundred on."""
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"


def table(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Part -> rows as in JSON, as lines of text: name, value, target, whether it is met."""
    lines = [("", "measured", "target", "met")]
    for part, rows in parts.items():
        lines.append((f"{part}:", "", "", ""))
        for content in rows:
            row = Row(**{key: value for key, value in content.items() if key != "met"})
            met = {None: "", True: "yes", False: "NO"}[row.met]
            lines.append((f"  {row.name}", f"{number(row.value)} {row.unit}", row.target, met))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:>{widths[1]}}  {target:<{widths[2]}}  {met}".rstrip()
        for name, value, target, met in lines
    )


def merge(before: Report | None, machine: Report, parts: Mapping[str, Report]) -> Report:
    """The report with `parts` in place of the parts of the same name.

    Values of another machine (or other versions of the libraries) are not kept beside these.
    """
    kept = before["parts"] if before and before["machine"] == machine else {}
    return {"machine": machine, "parts": {**kept, **parts}}
