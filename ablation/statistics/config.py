"""What the study asks: which arms are compared, what is measured of a run, the paper's claims."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ablation.base.section import Fraction, Name, Positive, Section

FINAL = ("train_accuracy", "validation_accuracy", "test_accuracy")  # of the trained network
CURVES = ("train_accuracy", "validation_accuracy", "running_accuracy")
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
        return self.model_dump(exclude={"arms"}, exclude_none=True)


Take = Literal["final", "last", "gap", "after_images", "images_to_level", "spread", "rise"]
# What a take has beside it, and which accuracies or curves it is of.
NEEDS: dict[str, set[str]] = {
    "final": {"of"}, "last": {"of"}, "gap": set(), "after_images": {"of", "images"},
    "images_to_level": {"of", "level"}, "spread": {"of"}, "rise": {"of"},
}  # fmt: skip
OF: dict[str, tuple[str, ...]] = {
    "final": FINAL, "last": CURVES, "after_images": CURVES, "spread": CURVES,
    "images_to_level": ("running_accuracy",),  # which counts for an epoch's middle
    "rise": ("validation_loss",),
}  # fmt: skip


class Metric(Section):
    """One number of a run.

    Attributes:
        take: how it is taken, a function of `ablation.statistics.runs`.
        of: the accuracy or the curve.
        images, level: after how many images, to which accuracy.
    """

    label: str
    take: Take
    of: str | None = None
    images: Positive | None = None
    level: Part | None = None

    @model_validator(mode="after")
    def _has_what_it_takes(self) -> Metric:
        given = {key for key in ("of", "images", "level") if getattr(self, key) is not None}
        if given != NEEDS[self.take]:
            raise ValueError(f"take = {self.take!r} takes {sorted(NEEDS[self.take])}")
        known = OF.get(self.take, ())
        if self.of is not None and self.of not in known:
            raise ValueError(f"of = {self.of!r} with take {self.take}; allowed: {', '.join(known)}")
        return self

    @property
    def unit(self) -> str:
        """Of its differences: points, for which shares stand, images or %."""
        return {"images_to_level": "images", "rise": "%"}.get(self.take, "points")

    @property
    def decimals(self) -> int:
        """With which differences are printed in that unit."""
        return {"images_to_level": 0, "rise": 0, "spread": 2}.get(self.take, 1)

    @property
    def has_margin(self) -> bool:
        """Whether `statistics.margin` is a difference in it that nobody cares about."""
        return self.take not in ("images_to_level", "spread", "rise")

    @property
    def signed(self) -> bool:
        """Whether a value is itself a difference."""
        return self.take in ("gap", "rise")


class Claim(Section):
    """What every claim of the paper declares: where it stands and what it says, in our words.

    Attributes:
        implied: the paper does not state it: it is shown and not counted.
        contradicts: a claim that the paper makes too and that says otherwise. Both may hold: a
            difference may be significant and within the margin.
    """

    section: Annotated[str, Field(min_length=1)]
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


class LevelClaim(ArmsClaim):
    """Each metric of an arm is at least, or at most, a level; `majority`: that class's share."""

    kind: Literal["level"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    expect: Literal["at_least", "at_most"]
    levels: Annotated[dict[str, float | Literal["majority"]], Field(min_length=1)]
    paper: float | None


class LabelsClaim(Claim):
    """The official labels are distributed as the largest of `digits` digits, within `margin`."""

    kind: Literal["labels"]
    digits: Positive
    margin: Fraction


ClaimConfig = Annotated[
    DifferenceClaim | NoneHigherClaim | LevelClaim | LabelsClaim, Field(discriminator="kind")
]


class Headline(Section):
    """An accuracy that the report begins with, beside somebody else's.

    Attributes:
        arms: of several the one with the best validation accuracy.
        theirs: a share of single runs, which enters no test.
        whose: whose it is, and where it stands.
    """

    label: str
    arms: Annotated[list[str], Field(min_length=1)]
    part: Literal["validation", "test"]
    theirs: Annotated[float, Field(gt=0, lt=1)]
    whose: str


class ArmFacts(Section):
    """What the statistics must know of how an arm was trained and measured.

    Attributes:
        epochs: how many it trains; after each it is measured.
        epoch_images: how many training images it sees in one of them.
        learning_rate: the highest.
        steady: the first and the last measurement, from 1, at which its learning rate is at least
            `steady_rate` times the highest; the second is the smaller where there is none.
        measured_training, measured_validation: on how many each point of a curve.
    """

    epochs: Positive
    epoch_images: Positive
    learning_rate: float
    steady: Annotated[list[int], Field(min_length=2, max_length=2)]
    measured_training: Positive
    measured_validation: Positive


class ClaimsConfig(Section):
    """All that the stage `compare` depends on beside the runs.

    Attributes:
        questions: those of paper.yaml, and one of its own for every arm that they do not name.
        arms: what the statistics must know of each.
        not_applicable: claim -> what of its arms is not as their labels say.
    """

    headline: list[Headline]
    statistics: StatisticsConfig
    questions: dict[str, Question]
    regimes: dict[Name, RegimeConfig]
    metrics: dict[Name, Metric]
    claims: dict[Name, ClaimConfig]
    arms: dict[Name, ArmFacts]
    not_applicable: dict[Name, str]

    @property
    def papers(self) -> dict[tuple[str, str], float]:
        """(arm, metric) -> the paper's own number, where a claim on one arm gives it."""
        return {
            (claim.arms[0], metric): claim.paper
            for name, claim in self.claims.items()
            if isinstance(claim, LevelClaim)
            and claim.paper is not None
            and name not in self.not_applicable
            for metric in claim.levels
        }
