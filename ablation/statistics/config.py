"""What the study asks: how arms are compared, what is measured of a run, and the paper's claims."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ablation.base.section import Fraction, Name, Positive, Section

Unit = Literal["points", "epochs"]
Curve = Literal["train_accuracy", "validation_accuracy", "running_accuracy"]
Share = Annotated[float, Field(ge=0, le=1)]


class StatisticsConfig(Section):
    """How arms are compared (docs/statistics.md)."""

    metrics: Annotated[list[str], Field(min_length=1)]
    margin: Annotated[float, Field(gt=0, lt=1)]
    resamples: Annotated[int, Field(ge=100)]
    resample_seed: Annotated[int, Field(ge=0)]
    images_test: Annotated[list[str], Field(min_length=2, max_length=2)]


class Metric(Section):
    """One number of a run; `take` names the function of `statistics.run_metrics` that takes it."""

    unit: ClassVar[Unit] = "points"
    more_is_better: ClassVar[bool] = True
    has_margin: ClassVar[bool] = True

    label: str


class FinalMetric(Metric):
    """Accuracy of the trained network on a part of the data, as `evaluate` measured it."""

    take: Literal["final"]
    of: Literal["train_accuracy", "validation_accuracy", "test_accuracy"]


class AfterEpochMetric(Metric):
    """A curve's accuracy after one epoch (paper, section 4.2: after a single one)."""

    take: Literal["after_epoch"]
    of: Curve
    epoch: Positive


class EpochsToLevelMetric(Metric):
    """How many epochs a curve needs to reach an accuracy (paper, section 4.1: convergence)."""

    unit: ClassVar[Unit] = "epochs"
    more_is_better: ClassVar[bool] = False
    has_margin: ClassVar[bool] = False

    take: Literal["epochs_to_level"]
    of: Curve
    level: Annotated[float, Field(gt=0, le=1)]


class SpreadMetric(Metric):
    """The standard deviation of a curve over its last epochs (paper, section 4.1: stability)."""

    more_is_better: ClassVar[bool] = False
    has_margin: ClassVar[bool] = False

    take: Literal["spread"]
    of: Curve
    last: Annotated[float, Field(gt=0, le=1)]


MetricConfig = Annotated[
    FinalMetric | AfterEpochMetric | EpochsToLevelMetric | SpreadMetric,
    Field(discriminator="take"),
]


class Claim(Section):
    """What every claim of the paper declares: where it stands and what it says, in our words."""

    section: str
    sentence: str


class DifferenceClaim(Claim):
    """The first of two arms is higher or lower than the second in a metric, or equivalent.

    `paper` is the paper's own difference of a single run each, in the metric's unit (accuracies
    as shares); null where it gives no number.
    """

    kind: Literal["difference"]
    arms: Annotated[list[str], Field(min_length=2, max_length=2)]
    metric: str
    expect: Literal["higher", "lower", "equivalent"]
    paper: float | None


class LevelClaim(Claim):
    """An arm's metric is at least, or at most, `level`.

    `scales` says at which scales the study can decide it: `any`, or only the paper's own.
    """

    kind: Literal["level"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    metric: str
    expect: Literal["at_least", "at_most"]
    level: Share
    scales: Literal["any", "paper"]
    paper: float | None


class LabelsClaim(Claim):
    """The labels are distributed as the largest of `digits` digits, to within `margin`."""

    kind: Literal["labels"]
    digits: Positive
    margin: Fraction


ClaimConfig = Annotated[DifferenceClaim | LevelClaim | LabelsClaim, Field(discriminator="kind")]


class ClaimsConfig(Section):
    """All that the stage `compare` depends on beside the runs.

    Attributes:
        pairs: (arm, other), of which arm - other is compared in every metric of
            `statistics.metrics`; the arms against the baseline stand first.
        groups: of each, the best arm of every group is compared with the others' (section 4.3).
    """

    statistics: StatisticsConfig
    metrics: dict[Name, MetricConfig]
    claims: dict[Name, ClaimConfig]
    pairs: list[list[str]]
    groups: list[dict[str, list[str]]]
