"""What the study asks, from `paper.yaml` as written to what the stage `compare` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import acos, pi

from ablation.base.section import Name, Section
from ablation.reporting.config import BestFigure, CurvesFigure, Figure, FigureConfig, ForestFigure
from ablation.statistics.config import (
    OTHERS,
    ArmFacts,
    ArmsClaim,
    ClaimConfig,
    ClaimsConfig,
    DifferenceClaim,
    Metric,
    MetricConfig,
    StatisticsConfig,
)
from ablation.study.checks import ConfigError, known, listed, shown, validated
from ablation.study.settings import ArmSettings
from ablation.training.config import TrainConfig

Arms = Mapping[str, ArmSettings]


class Paper(Section):
    """`paper.yaml` as written."""

    figures: dict[Name, FigureConfig]
    statistics: StatisticsConfig
    metrics: dict[Name, MetricConfig]
    claims: dict[Name, ClaimConfig]


def resolve_claims(
    paper: Paper, arms: Arms, baseline: str, untrue: Mapping[str, str]
) -> ClaimsConfig:
    """What `compare` reads, with every pair of arms that the study compares.

    Args:
        arms: every arm.
        baseline: the arm that the others are compared with.
        untrue: arm -> what its label says and it is not, in words: claims that name it are not
            applicable.

    Raises:
        ConfigError: an arm or a metric that there is not; two arms that see different data sets,
            which no comparison can be fair to; an arm in two families or in none.
    """
    for metric in paper.statistics.metrics:
        known(metric, paper.metrics, "statistics.metrics")
    _check_figures(paper, arms)
    facts = _facts(paper.statistics, arms)
    not_applicable = {}
    for name, claim in paper.claims.items():
        if isinstance(claim, ArmsClaim):
            _check_claim(f"claims.{name}", claim, paper.metrics, arms)
            reasons = [untrue[arm] for arm in claim.arms if arm in untrue]
            reasons += _unlike_epochs(claim, paper.metrics[claim.metric], facts)
            if reasons:
                not_applicable[name] = reasons[0]
    return validated(
        ClaimsConfig,
        {
            "statistics": paper.statistics,
            "metrics": paper.metrics,
            "claims": paper.claims,
            "arms": facts,
            "pairs": _pairs(paper, arms, baseline),
            "groups": [f.groups for f in paper.figures.values() if isinstance(f, BestFigure)],
            "not_applicable": not_applicable,
        },
    )


def _check_figures(paper: Paper, arms: Arms) -> None:
    for name, figure in paper.figures.items():
        for arm in getattr(figure, "arms", []):
            known(arm, arms, f"figures.{name}.arms")
        for metric in figure.metrics if isinstance(figure, ForestFigure) else ():
            known(metric, paper.statistics.metrics, f"figures.{name}.metrics")


def _check_claim(path: str, claim: ArmsClaim, metrics: Mapping[str, Metric], arms: Arms) -> None:
    for arm in claim.arms:
        known(arm, arms, f"{path}.arms")
    known(claim.metric, metrics, f"{path}.metric")
    metric = metrics[claim.metric]
    if not isinstance(claim, DifferenceClaim):
        if not metric.has_level:
            allowed = [name for name, other in metrics.items() if other.has_level]
            raise ConfigError(
                f"{path}.metric = {shown(claim.metric)} has no level; allowed: {listed(allowed)}"
            )
        return
    first, second = claim.arms
    sets = [arms[arm].input.set for arm in claim.arms]
    if first == second:
        raise ConfigError(f"{path}.arms = {shown(claim.arms)}; allowed: two different arms")
    if sets[0] != sets[1]:
        raise ConfigError(
            f"{path}.arms = {shown(claim.arms)} compares the data sets {sets[0]} and {sets[1]}; "
            "allowed: two arms on one data set"
        )
    if claim.expect == "equivalent" and not metric.has_margin:
        allowed = [name for name, other in metrics.items() if other.has_margin]
        raise ConfigError(
            f"{path}.metric = {shown(claim.metric)} has no margin of equivalence; "
            f"allowed: {listed(allowed)}"
        )


def _unlike_epochs(
    claim: ArmsClaim, metric: Metric, facts: Mapping[str, ArmFacts]
) -> Iterator[str]:
    """Why two arms cannot be compared epoch by epoch, in words."""
    if not isinstance(claim, DifferenceClaim) or not metric.over_epochs:
        return
    first, second = (facts[arm] for arm in claim.arms)
    for key, text in (
        ("epoch_images", "training images in an epoch"),
        ("measured_validation", "images measured after an epoch"),
        ("epochs", "epochs"),
    ):
        one, other = getattr(first, key), getattr(second, key)
        # Only a run that never reaches a level counts by its number of epochs.
        if one != other and (key != "epochs" or metric.unit == "epochs"):
            yield f"its arms have {one:,} and {other:,} {text}"


def _pairs(paper: Paper, arms: Arms, baseline: str) -> list[list[str]]:
    """Every (arm, other) to compare, each once, in the order of params.yaml.

    The arms against the baseline come first. In every other pair the second is the one that
    params.yaml declares first. Arms on different data sets are no pair.
    """
    order = [baseline, *(arm for arm in arms if arm != baseline)]
    named = [
        *((arm, baseline) for arm in order[1:]),
        *(pair for figure in paper.figures.values() for pair in _of_figure(figure)),
        *(claim.arms for claim in paper.claims.values() if isinstance(claim, DifferenceClaim)),
    ]
    pairs: dict[tuple[str, str], None] = {}
    for pair in named:
        other, arm = sorted(pair, key=order.index)
        if arms[arm].input.set == arms[other].input.set:
            pairs[arm, other] = None
    return [list(pair) for pair in pairs]


def _of_figure(figure: Figure) -> Iterator[tuple[str, ...]]:
    """The pairs of arms whose curves a figure lays over one another."""
    if isinstance(figure, CurvesFigure):
        yield from combinations(dict.fromkeys(figure.arms), 2)


def _facts(settings: StatisticsConfig, arms: Arms) -> dict[str, ArmFacts]:
    """What the statistics must know of each arm."""
    families = _families(settings, arms)
    facts = {}
    for name, arm in arms.items():
        train = arm.effective().train
        _, validation = arm.data.parts(arm.input.set)
        facts[name] = ArmFacts(
            family=families[name],
            epochs=train.epochs,
            epoch_images=train.images_per_epoch // train.batch_size * train.batch_size,
            steady_epochs=steady_epochs(train, settings.steady_rate),
            validation_images=validation,
            measured_training=min(train.measured_images, train.images),
            measured_validation=min(train.measured_images, validation),
        )
    return facts


def _families(settings: StatisticsConfig, arms: Arms) -> dict[str, str]:
    """arm -> the family of tests that it belongs to."""
    path, rest = "statistics.families", ""
    found: dict[str, str] = {}
    for family, members in settings.families.items():
        if members == OTHERS:
            rest = family
            continue
        for arm in members:
            known(arm, arms, f"{path}.{family}")
            if arm in found:
                raise ConfigError(
                    f"{path}.{family} names the arm {shown(arm)}, as {found[arm]} does; "
                    "allowed: one family an arm"
                )
            found[arm] = family
    left = [arm for arm in arms if arm not in found]
    if left and not rest:
        raise ConfigError(
            f"{path} lacks the arm {left[0]!r}; allowed: a family that names it, or one that is "
            f"{OTHERS!r}"
        )
    return found | dict.fromkeys(left, rest)


def steady_epochs(train: TrainConfig, share: float) -> int:
    """The last epoch, from 1, that ends before the rate falls below `share` of its highest.

    All of them under a constant rate. A cosine falls from its highest, at the end of the warmup,
    to 0 at the end of the run; the warmup itself is not asked.
    """
    optimizer = train.optimizer
    if optimizer.warmup is None:
        return train.epochs
    fallen = acos(2 * share - 1) / pi  # of the way from the warmup's end to the run's
    return int(train.epochs * (optimizer.warmup + (1 - optimizer.warmup) * fallen) + 1e-9)
