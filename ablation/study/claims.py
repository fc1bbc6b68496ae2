"""What the study asks, from `params.yaml` as written to what the stage `compare` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, get_args

from ablation.base.section import Section, Tree
from ablation.reporting.config import BestFigure, CurvesFigure, Figure, ForestFigure
from ablation.statistics.config import (
    ClaimConfig,
    ClaimsConfig,
    DifferenceClaim,
    LabelsClaim,
    LevelClaim,
    Metric,
    MetricConfig,
    StatisticsConfig,
)
from ablation.study.checks import ConfigError, check_name, listed, mapping, validated
from ablation.training.config import ArmConfig

Arms = Mapping[str, ArmConfig]


def resolve_claims(
    asked: Tree, arms: Arms, baseline: str, figures: Mapping[str, Figure]
) -> ClaimsConfig:
    """What `compare` reads, with every pair of arms that the study compares.

    Args:
        asked: the sections `statistics`, `metrics` and `claims`.
        arms: every arm, complete.
        baseline: the arm that the others are compared with.
        figures: every figure; curves that lie over one another are compared too.

    Raises:
        ConfigError: an unknown key, a wrong value, an arm or a metric that there is not; two arms
            that see different data sets, which no comparison can be fair to.
    """
    settings = validated(StatisticsConfig, mapping(asked["statistics"], "statistics"), "statistics")
    measured: dict[str, Any] = _by_tag(MetricConfig, asked["metrics"], "metrics", "take")
    declared: dict[str, Any] = _by_tag(ClaimConfig, asked["claims"], "claims", "kind")
    for metric in settings.metrics:
        check_name(metric, measured, "statistics.metrics")
    for arm in settings.images_test:
        check_name(arm, arms, "statistics.images_test")
    _check_same_images(settings.images_test, arms, "statistics.images_test")
    for name, figure in figures.items():
        for metric in figure.metrics if isinstance(figure, ForestFigure) else ():
            check_name(metric, settings.metrics, f"figures.{name}.metrics")
    for name, claim in declared.items():
        _check_claim(f"claims.{name}", claim, measured, arms)
    return validated(
        ClaimsConfig,
        {
            "statistics": settings,
            "metrics": measured,
            "claims": declared,
            "pairs": _pairs(arms, baseline, figures, declared),
            "groups": [f.groups for f in figures.values() if isinstance(f, BestFigure)],
        },
        "",
    )


def _by_tag(union: Any, content: Any, path: str, tag: str) -> dict[str, Section]:
    """Each entry of `content` as the member of the union that its key `tag` names."""
    kinds: dict[str, type[Section]] = {
        get_args(member.model_fields[tag].annotation)[0]: member
        for member in get_args(get_args(union)[0])
    }
    sections = {}
    for name, entry in mapping(content, path).items():
        where = f"{path}.{name}"
        check_name(mapping(entry, where).get(tag), kinds, f"{where}.{tag}")
        sections[name] = validated(kinds[entry[tag]], entry, where)
    return sections


def _check_claim(path: str, claim: Section, metrics: Mapping[str, Metric], arms: Arms) -> None:
    if isinstance(claim, LabelsClaim):
        return
    assert isinstance(claim, DifferenceClaim | LevelClaim)
    for arm in claim.arms:
        check_name(arm, arms, f"{path}.arms")
    check_name(claim.metric, metrics, f"{path}.metric")
    metric = metrics[claim.metric]
    if isinstance(claim, DifferenceClaim):
        if claim.arms[0] == claim.arms[1]:
            raise ConfigError(f"{path}.arms = {claim.arms!r}; allowed: two different arms")
        _check_same_images(claim.arms, arms, f"{path}.arms")
        if claim.expect == "equivalent" and not metric.has_margin:
            allowed = [name for name, other in metrics.items() if other.has_margin]
            raise ConfigError(
                f"{path}.metric = {claim.metric!r} has no margin of equivalence; "
                f"allowed: {listed(allowed)}"
            )
    elif not metric.has_margin:
        allowed = [name for name, other in metrics.items() if other.has_margin]
        raise ConfigError(
            f"{path}.metric = {claim.metric!r} is no accuracy; allowed: {listed(allowed)}"
        )


def _check_same_images(pair: list[str], arms: Arms, path: str) -> None:
    first, second = (arms[arm].input.set for arm in pair)
    if first != second:
        raise ConfigError(
            f"{path} = {pair!r} compares the data sets {first} and {second}; "
            "allowed: two arms on one data set"
        )


def _pairs(
    arms: Arms, baseline: str, figures: Mapping[str, Figure], claims: Mapping[str, Section]
) -> list[list[str]]:
    """Every (arm, other) to compare, each once, in the order of params.yaml.

    The arms against the baseline come first. In every other pair the second is the one that
    params.yaml declares first. Arms on different data sets are no pair.
    """
    order = [baseline, *(arm for arm in arms if arm != baseline)]
    named = [
        *((arm, baseline) for arm in order[1:]),
        *(pair for figure in figures.values() for pair in _of_figure(figure)),
        *(tuple(claim.arms) for claim in claims.values() if isinstance(claim, DifferenceClaim)),
    ]
    pairs: list[list[str]] = []
    for pair in named:
        other, arm = sorted(pair, key=order.index)
        if arms[arm].input.set == arms[other].input.set and [arm, other] not in pairs:
            pairs.append([arm, other])
    return pairs


def _of_figure(figure: Figure) -> Iterator[tuple[str, ...]]:
    """The pairs of arms whose curves a figure lays over one another."""
    if isinstance(figure, CurvesFigure):
        yield from combinations(dict.fromkeys(figure.arms), 2)
