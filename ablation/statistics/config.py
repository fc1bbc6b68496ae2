"""What the study asks: which arms are compared, what is measured of a run, the paper's claims."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ablation.base.section import Fraction, Name, Positive, Section

Unit = Literal["points", "images", "%"]
Curve = Literal["train_accuracy", "validation_accuracy", "running_accuracy", "validation_loss"]
Share = Annotated[float, Field(ge=0, le=1)]
Part = Annotated[float, Field(gt=0, le=1)]
Pair = Annotated[list[str], Field(min_length=2, max_length=2)]

PAPER = "paper"  # the scale that is the paper's own, and the regime of claims for it alone
MAJORITY = "majority"  # the level of a network that always answers the majority class


class StatisticsConfig(Section):
    """How arms are compared.

    Attributes:
        metrics: in these every pair of every question is compared.
        margin: share; accuracies that surely differ by less are equal.
        stuck_accuracy, stuck_at: a run is stuck that is below this validation accuracy at this
            share of its images.
        stuck_share: from this share of stuck runs on, claims on an arm are open.
        fails_in_paper: arms to which that does not apply: the paper says that they learn nothing.
        steady_rate: share of the highest learning rate; measurements below it show no stability.
    """

    metrics: Annotated[list[str], Field(min_length=1)]
    margin: Annotated[float, Field(gt=0, lt=1)]
    stuck_accuracy: Part
    stuck_at: Part
    stuck_share: Part
    fails_in_paper: list[str]
    steady_rate: Part


class Question(Section):
    """Comparisons that are corrected together: arm - other of each pair.

    Attributes:
        figure: the figure that shows its arms, if one does.
    """

    title: str
    figure: str | None
    pairs: Annotated[list[Pair], Field(min_length=1)]


class RegimeConfig(Section):
    """What arms reach on pilot seeds, in the mean, where the study is in the paper's regime."""

    arms: Annotated[list[str], Field(min_length=1)]
    training_accuracy: Share | None = None
    validation_accuracy: Share | None = None

    @property
    def levels(self) -> dict[str, float]:
        """What is asked for: training accuracy with dropout off, validation accuracy, or both."""
        asked = {
            "training_accuracy": self.training_accuracy,
            "validation_accuracy": self.validation_accuracy,
        }
        return {name: level for name, level in asked.items() if level is not None}


class Metric(Section):
    """One number of a run; `take` says how it is taken (`ablation.statistics.runs`).

    Attributes:
        unit: of its differences; shares stand for points.
        decimals: with which they are printed in that unit.
        has_margin: whether `statistics.margin` is a difference in it that nobody cares about.
        signed: whether a value is itself a difference.
    """

    unit: ClassVar[Unit] = "points"
    decimals: ClassVar[int] = 1
    has_margin: ClassVar[bool] = True
    signed: ClassVar[bool] = False

    label: str


class FinalMetric(Metric):
    """Accuracy of the trained network, dropout off, on all its images of a part."""

    take: Literal["final"]
    of: Literal["train_accuracy", "validation_accuracy", "test_accuracy"]


class LastMetric(Metric):
    """A curve's last point."""

    take: Literal["last"]
    of: Curve


class GapMetric(Metric):
    """Final training less final validation accuracy, dropout off (paper, sections 4.1 and 4.3)."""

    signed: ClassVar[bool] = True

    take: Literal["gap"]


class AfterImagesMetric(Metric):
    """A curve's last measurement within so many training images (paper, section 4.2: at once)."""

    take: Literal["after_images"]
    of: Curve
    images: Positive


class ImagesToLevelMetric(Metric):
    """How many training images a run sees until a curve first reaches an accuracy (section 4.1)."""

    unit: ClassVar[Unit] = "images"
    decimals: ClassVar[int] = 0
    has_margin: ClassVar[bool] = False

    take: Literal["images_to_level"]
    of: Curve
    level: Part


class SpreadMetric(Metric):
    """How far a curve scatters about its trend at a nearly constant rate (paper, section 4.1)."""

    decimals: ClassVar[int] = 2
    has_margin: ClassVar[bool] = False

    take: Literal["spread"]
    of: Curve


class RiseMetric(Metric):
    """By what share of its minimum a curve's end lies above it (paper, section 3.1)."""

    unit: ClassVar[Unit] = "%"
    decimals: ClassVar[int] = 0
    has_margin: ClassVar[bool] = False
    signed: ClassVar[bool] = True

    take: Literal["rise"]
    of: Curve


MetricConfig = Annotated[
    FinalMetric
    | LastMetric
    | GapMetric
    | AfterImagesMetric
    | ImagesToLevelMetric
    | SpreadMetric
    | RiseMetric,
    Field(discriminator="take"),
]


class Claim(Section):
    """What every claim of the paper declares: where it stands and what it says, in our words.

    Attributes:
        implied: the paper does not state it: it is shown and not counted.
        contradicts: a claim that the paper makes too, and that cannot hold with this one.
    """

    section: str
    sentence: str
    implied: bool = False
    contradicts: str | None = None


class ArmsClaim(Claim):
    """A claim on arms; it applies where they are what their labels say.

    Attributes:
        regimes: where all of these are met the claim may fail; `paper`: at the paper's own scale.
    """

    arms: list[str]
    regimes: list[str]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The (arm, other) that it compares."""
        return []


class MetricClaim(ArmsClaim):
    """A claim on arms in one metric."""

    metric: str


class DifferenceClaim(MetricClaim):
    """The first of two arms is higher or lower than the second, or not higher, or equal to it.

    `paper` is the paper's own difference of a single run each, in the metric's unit (accuracies
    as shares); null where it gives no number.
    """

    kind: Literal["difference"]
    arms: Pair
    expect: Literal["higher", "lower", "equal", "not_higher"]
    paper: float | None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [(self.arms[0], self.arms[1])]


class NoneHigherClaim(MetricClaim):
    """None of the other arms is higher than the first."""

    kind: Literal["none_higher"]
    arms: Annotated[list[str], Field(min_length=2)]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [(arm, self.arms[0]) for arm in self.arms[1:]]


class LevelClaim(MetricClaim):
    """An arm's metric is at least, or at most, `level`; at most `majority` within the margin."""

    kind: Literal["level"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    expect: Literal["at_least", "at_most"]
    level: Share | Literal["majority"]
    paper: float | None

    @model_validator(mode="after")
    def _majority_is_an_upper_bound(self) -> LevelClaim:
        if self.level == MAJORITY and self.expect == "at_least":
            raise ValueError("expect = 'at_least' with level majority; allowed: at_most")
        return self


class AboveClaim(ArmsClaim):
    """Of one arm each of several metrics is above a level of its own."""

    kind: Literal["above"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    metrics: Annotated[dict[str, float], Field(min_length=1)]


class LabelsClaim(Claim):
    """The official labels are distributed as the largest of `digits` digits, within `margin`."""

    kind: Literal["labels"]
    digits: Positive
    margin: Fraction


ClaimConfig = Annotated[
    DifferenceClaim | NoneHigherClaim | LevelClaim | AboveClaim | LabelsClaim,
    Field(discriminator="kind"),
]


class ArmFacts(Section):
    """What the statistics must know of how an arm was trained and measured.

    Attributes:
        epochs: how many it trains; after each it is measured.
        epoch_images: how many training images it sees in one of them.
        learning_rate: the highest.
        steady: the first and the last measurement, from 1, at which its learning rate is at least
            `steady_rate` times the highest; the second is the smaller where there is none.
        validation_images: how many the trained network is judged on.
        measured_training, measured_validation: on how many each point of a curve.
    """

    epochs: Positive
    epoch_images: Positive
    learning_rate: float
    steady: Annotated[list[int], Field(min_length=2, max_length=2)]
    validation_images: Positive
    measured_training: Positive
    measured_validation: Positive


class ClaimsConfig(Section):
    """All that the stage `compare` depends on beside the runs.

    Attributes:
        questions: those of paper.yaml, and one of its own for every arm that they do not name.
        arms: what the statistics must know of each.
        not_applicable: claim -> what of its arms is not as their labels say.
    """

    statistics: StatisticsConfig
    questions: dict[str, Question]
    regimes: dict[Name, RegimeConfig]
    metrics: dict[Name, MetricConfig]
    claims: dict[Name, ClaimConfig]
    arms: dict[Name, ArmFacts]
    not_applicable: dict[Name, str]
