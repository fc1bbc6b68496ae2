"""What the study asks: how arms are compared, what is measured of a run, and the paper's claims."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ablation.base.section import Fraction, Name, Positive, Section

Unit = Literal["points", "epochs", "images"]
Curve = Literal["train_accuracy", "validation_accuracy", "running_accuracy"]
Share = Annotated[float, Field(ge=0, le=1)]
Part = Annotated[float, Field(gt=0, le=1)]

OTHERS = "others"  # the arms that no family names


class StatisticsConfig(Section):
    """How arms are compared; a family is a list of arms, or `others`, that no list names."""

    metrics: Annotated[list[str], Field(min_length=1)]
    margin: Annotated[float, Field(gt=0, lt=1)]
    families: dict[Name, list[Any] | str]
    steady_rate: Part


class Metric(Section):
    """One number of a run; `take` says how it is taken (`ablation.statistics.runs`).

    Attributes:
        unit: of its differences; shares stand for points.
        decimals: with which they are printed in that unit.
        more_is_better: whether the higher of two arms is the better one.
        has_margin: whether `statistics.margin` is a difference in it that nobody cares about.
        has_level: whether a claim may hold it against a level.
        signed: whether a value is itself a difference.
        over_epochs: whether arms can be compared in it only where their epochs are alike.
    """

    unit: ClassVar[Unit] = "points"
    decimals: ClassVar[int] = 1
    more_is_better: ClassVar[bool] = True
    has_margin: ClassVar[bool] = True
    has_level: ClassVar[bool] = True
    signed: ClassVar[bool] = False
    over_epochs: ClassVar[bool] = False

    label: str

    def about_equal(self, difference: float, margin: float) -> bool:
        """Whether a difference is nothing to speak of: inside the margin, or printed as 0."""
        scale = 100 if self.unit == "points" else 1
        printed_as_zero = abs(difference) * scale < 0.5 * 10**-self.decimals
        return printed_as_zero or (self.has_margin and abs(difference) < margin)


class FinalMetric(Metric):
    """Accuracy of the trained network on a part of the data, as `evaluate` measured it."""

    take: Literal["final"]
    of: Literal["train_accuracy", "validation_accuracy", "test_accuracy"]


class GapMetric(Metric):
    """Final training accuracy less final validation accuracy (paper, section 4.3)."""

    more_is_better: ClassVar[bool] = False
    has_level: ClassVar[bool] = False
    signed: ClassVar[bool] = True

    take: Literal["gap"]


class AfterEpochMetric(Metric):
    """A curve's accuracy after one epoch (paper, section 4.2: after a single one)."""

    over_epochs: ClassVar[bool] = True

    take: Literal["after_epoch"]
    of: Curve
    epoch: Positive


class ChangeMetric(Metric):
    """A curve's mean over its last part of the epochs less that over its first (figure 2)."""

    signed: ClassVar[bool] = True

    take: Literal["change"]
    of: Curve
    part: Annotated[float, Field(gt=0, le=0.5)]


class EpochsToLevelMetric(Metric):
    """How many epochs a curve needs to reach an accuracy (paper, section 4.1: convergence)."""

    unit: ClassVar[Unit] = "epochs"
    more_is_better: ClassVar[bool] = False
    has_margin: ClassVar[bool] = False
    has_level: ClassVar[bool] = False
    over_epochs: ClassVar[bool] = True

    take: Literal["epochs_to_level"]
    of: Curve
    level: Part


class ImagesToLevelMetric(Metric):
    """How many images a run sees until a curve reaches an accuracy, whatever its epochs hold."""

    unit: ClassVar[Unit] = "images"
    decimals: ClassVar[int] = 0
    more_is_better: ClassVar[bool] = False
    has_margin: ClassVar[bool] = False
    has_level: ClassVar[bool] = False

    take: Literal["images_to_level"]
    of: Curve
    level: Part


class SpreadMetric(Metric):
    """How far a curve jumps about its trend over its last steady epochs (paper, section 4.1)."""

    decimals: ClassVar[int] = 2
    more_is_better: ClassVar[bool] = False
    has_margin: ClassVar[bool] = False
    has_level: ClassVar[bool] = False
    over_epochs: ClassVar[bool] = True

    take: Literal["spread"]
    of: Curve
    last: Part


MetricConfig = Annotated[
    FinalMetric
    | GapMetric
    | AfterEpochMetric
    | ChangeMetric
    | EpochsToLevelMetric
    | ImagesToLevelMetric
    | SpreadMetric,
    Field(discriminator="take"),
]


class Claim(Section):
    """What every claim of the paper declares: where it stands and what it says, in our words."""

    section: str
    sentence: str


class ArmsClaim(Claim):
    """A claim on arms; it applies where they are what their labels say."""

    arms: list[str]
    metric: str


class DifferenceClaim(ArmsClaim):
    """The first of two arms is higher or lower than the second in a metric, or equivalent.

    `paper` is the paper's own difference of a single run each, in the metric's unit (accuracies
    as shares); null where it gives no number.
    """

    kind: Literal["difference"]
    arms: Annotated[list[str], Field(min_length=2, max_length=2)]
    expect: Literal["higher", "lower", "equivalent", "not_higher"]
    paper: float | None


class LevelClaim(ArmsClaim):
    """An arm's metric is at least, or at most, `level`.

    `scales` says at which scales the study can decide it: `any`, or only the paper's own.
    """

    kind: Literal["level"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    expect: Literal["at_least", "at_most"]
    level: Share
    scales: Literal["any", "paper"]
    paper: float | None


class LabelsClaim(Claim):
    """The official labels are distributed as the largest of `digits` digits, within `margin`."""

    kind: Literal["labels"]
    digits: Positive
    margin: Fraction


ClaimConfig = Annotated[DifferenceClaim | LevelClaim | LabelsClaim, Field(discriminator="kind")]


class ArmFacts(Section):
    """What the statistics must know of how an arm was trained and measured.

    Attributes:
        family: the tests that it stands in are corrected together with those of this family.
        epochs: how many it trains.
        epoch_images: how many training images it sees in one of them.
        steady_epochs: the last epoch before its learning rate falls below `steady_rate` times its
            highest; all of them where the rate is constant.
        validation_images: how many the trained network is judged on.
        measured_training, measured_validation: on how many each point of a curve.
    """

    family: Name
    epochs: Positive
    epoch_images: Positive
    steady_epochs: Annotated[int, Field(ge=0)]
    validation_images: Positive
    measured_training: Positive
    measured_validation: Positive


class ClaimsConfig(Section):
    """All that the stage `compare` depends on beside the runs.

    Attributes:
        arms: what the statistics must know of each.
        pairs: (arm, other), of which arm - other is compared in every metric of
            `statistics.metrics`; the arms against the baseline stand first.
        groups: of each, the best arm of every group is compared with the others' (section 4.3).
        not_applicable: claim -> why this study does not hold what the claim speaks of.
    """

    statistics: StatisticsConfig
    metrics: dict[Name, MetricConfig]
    claims: dict[Name, ClaimConfig]
    arms: dict[Name, ArmFacts]
    pairs: list[list[str]]
    groups: list[dict[str, list[str]]]
    not_applicable: dict[Name, str]

    def family(self, arm: str, other: str) -> str:
        """The family of a pair: that of its two arms' which params.yaml declares later."""
        order = list(self.statistics.families)
        return max(self.arms[arm].family, self.arms[other].family, key=order.index)
