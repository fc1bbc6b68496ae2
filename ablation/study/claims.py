"""What the study asks, from `params.yaml` as written to what the stage `compare` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, get_args

from ablation.base.section import Section, Tree
from ablation.composition.config import DataConfig
from ablation.reporting.config import BestFigure, CurvesFigure, Figure, ForestFigure
from ablation.statistics.config import (
    ArmFacts,
    ArmsClaim,
    ClaimConfig,
    ClaimsConfig,
    DifferenceClaim,
    Metric,
    MetricConfig,
    StatisticsConfig,
)
from ablation.study.checks import (
    ConfigError,
    check_keys,
    check_name,
    listed,
    mapping,
    shown,
    validated,
)
from ablation.study.declared import Declared
from ablation.study.facts import facts_of
from ablation.study.requirements import unmet
from ablation.study.sizes import check_once
from ablation.study.texts import LONGEST_TITLE, check_label
from ablation.training.config import ArmConfig

Arms = Mapping[str, ArmConfig]


def resolve_claims(
    asked: Tree,
    arms: Arms,
    baseline: str,
    figures: Mapping[str, Figure],
    data: DataConfig,
    declared: Declared,
    merged: Mapping[str, Tree],
) -> ClaimsConfig:
    """What `compare` reads, with every pair of arms that the study compares.

    Args:
        asked: the sections `statistics`, `metrics` and `claims`.
        arms: every arm, complete.
        baseline: the arm that the others are compared with.
        figures: every figure; curves that lie over one another are compared too.
        data: how many images there are.
        declared: every arm as written, whose `says` claims may require.
        merged: arm -> its sections `input`, `model` and `train`, merged, with params.yaml's keys.

    Raises:
        ConfigError: an unknown key, a wrong value, an arm or a metric that there is not; two arms
            that see different data sets, which no comparison can be fair to; an arm in two
            families or in none.
    """
    settings = validated(StatisticsConfig, mapping(asked["statistics"], "statistics"), "statistics")
    measured: dict[str, Any] = _by_tag(MetricConfig, asked["metrics"], "metrics", "take")
    claims: dict[str, Any] = _by_tag(ClaimConfig, asked["claims"], "claims", "kind")
    for name, metric in measured.items():
        check_label(metric.label, f"metrics.{name}.label", LONGEST_TITLE)
    facts = facts_of(arms, settings, data)
    check_once(settings.metrics, "statistics.metrics")
    for name in settings.metrics:
        check_name(name, measured, "statistics.metrics")
    for arm in settings.images_test:
        check_name(arm, arms, "statistics.images_test")
    _check_same_images(settings.images_test, arms, "statistics.images_test")
    for name, figure in figures.items():
        for metric in figure.metrics if isinstance(figure, ForestFigure) else ():
            check_name(metric, settings.metrics, f"figures.{name}.metrics")
    not_applicable = {}
    for name, claim in claims.items():
        if isinstance(claim, ArmsClaim):
            _check_claim(f"claims.{name}", claim, measured, arms)
            why = _missing(f"claims.{name}", claim, declared, merged)
            why = why or _unlike_epochs(claim, measured[claim.metric], facts)
            if why:
                not_applicable[name] = why
    return validated(
        ClaimsConfig,
        {
            "statistics": settings,
            "metrics": measured,
            "claims": claims,
            "arms": facts,
            "pairs": _pairs(arms, baseline, figures, claims),
            "groups": [f.groups for f in figures.values() if isinstance(f, BestFigure)],
            "not_applicable": not_applicable,
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


def _missing(
    path: str, claim: ArmsClaim, declared: Declared, merged: Mapping[str, Tree]
) -> str | None:
    """What the claim speaks of and its arms are not, in words; None where they are all of it."""
    check_keys(claim.requires, tuple(claim.arms), f"{path}.requires.")
    for arm, required in claim.requires.items():
        where = f"{path}.requires.{arm}"
        if required == "label":
            required, where = declared.arms[arm].get("says", {}), f"{declared.path(arm)}.says"
        for missed in unmet(required, merged[arm], where):
            text = f"{missed.key} of {arm} is {missed.value}"
            return f"{text}, not {missed.required}" if missed.required else text
    return None


def _unlike_epochs(claim: ArmsClaim, metric: Metric, facts: Mapping[str, ArmFacts]) -> str | None:
    """Why two arms cannot be compared epoch by epoch, in words; None where they can."""
    if not isinstance(claim, DifferenceClaim) or not metric.over_epochs:
        return None
    first, second = (facts[arm] for arm in claim.arms)
    for key, text in (
        ("epoch_images", "training images in an epoch"),
        ("measured_validation", "images measured after an epoch"),
        ("epochs", "epochs"),
    ):
        one, other = getattr(first, key), getattr(second, key)
        # Only a run that never reaches a level counts by its number of epochs.
        if one != other and (key != "epochs" or metric.unit == "epochs"):
            return f"its arms have {one:,} and {other:,} {text}"
    return None


def _check_claim(path: str, claim: Any, metrics: Mapping[str, Metric], arms: Arms) -> None:
    for arm in claim.arms:
        check_name(arm, arms, f"{path}.arms")
    check_name(claim.metric, metrics, f"{path}.metric")
    metric = metrics[claim.metric]
    if isinstance(claim, DifferenceClaim):
        if claim.arms[0] == claim.arms[1]:
            raise ConfigError(f"{path}.arms = {shown(claim.arms)}; allowed: two different arms")
        _check_same_images(claim.arms, arms, f"{path}.arms")
        if claim.expect == "equivalent" and not metric.has_margin:
            allowed = [name for name, other in metrics.items() if other.has_margin]
            raise ConfigError(
                f"{path}.metric = {shown(claim.metric)} has no margin of equivalence; "
                f"allowed: {listed(allowed)}"
            )
    elif not metric.has_level:
        allowed = [name for name, other in metrics.items() if other.has_level]
        raise ConfigError(
            f"{path}.metric = {shown(claim.metric)} has no level; allowed: {listed(allowed)}"
        )


def _check_same_images(pair: list[str], arms: Arms, path: str) -> None:
    first, second = (arms[arm].input.set for arm in pair)
    if first != second:
        raise ConfigError(
            f"{path} = {shown(pair)} compares the data sets {first} and {second}; "
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
    place = {arm: number for number, arm in enumerate(order)}
    pairs: dict[tuple[str, str], None] = {}
    for pair in named:
        other, arm = sorted(pair, key=place.__getitem__)
        if arms[arm].input.set == arms[other].input.set:
            pairs[arm, other] = None
    return [list(pair) for pair in pairs]


def _of_figure(figure: Figure) -> Iterator[tuple[str, ...]]:
    """The pairs of arms whose curves a figure lays over one another."""
    if isinstance(figure, CurvesFigure):
        yield from combinations(dict.fromkeys(figure.arms), 2)
