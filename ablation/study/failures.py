"""The study without the arms of which a run failed, so that the rest is still reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablation.reporting.config import BestFigure, ForestFigure, LabelDensityFigure
from ablation.statistics.config import ArmsClaim
from ablation.study.checks import ConfigError
from ablation.study.config import FailedArm
from ablation.study.resolution import Resolved


def without(study: Resolved, failed: Mapping[str, str]) -> Resolved:
    """All that the stages after training read, for the arms that are whole.

    The failed ones stand in `study.failed`, with the end of their log and the figures that would
    show them, and are the reason of claims that stay undecided.

    Args:
        failed: arm -> the end of its log.

    Raises:
        ConfigError: nothing is left to report, since the baseline failed.
    """
    whole = [arm for arm in study.arms if arm not in failed]
    baseline = study.study.baseline
    if baseline in failed:
        raise ConfigError(f"the baseline {baseline} failed, and all others are compared with it")
    figures = {
        name: left
        for name, figure in study.figures.items()
        if (left := _figure(figure, failed)) is not None
    }
    return study.model_copy(
        update={
            "study": study.study.model_copy(
                update={
                    key: {arm: value for arm, value in getattr(study.study, key).items()
                          if arm in whole}
                    for key in ("arms", "data_sets", "multiply_adds")
                } | {
                    "costly_arms": [arm for arm in study.study.costly_arms if arm in whole],
                    "failed": {arm: _failed(study, arm, end) for arm, end in failed.items()},
                }
            ),
            "figures": figures,
            "claims": _claims(study, whole, failed),
        }
    )  # fmt: skip


def _failed(study: Resolved, arm: str, end: str) -> FailedArm:
    shown = {
        name: figure.title
        for name, figure in study.figures.items()
        if isinstance(figure, ForestFigure) or arm in getattr(figure, "arms", ())
    }
    return FailedArm(label=study.study.arms[arm], end=end, figures=shown)


def _figure(figure: Any, failed: Mapping[str, str]) -> Any:
    """The figure of the arms that are whole; None where none is."""
    if isinstance(figure, LabelDensityFigure) or not hasattr(figure, "arms"):
        return figure
    if not set(figure.arms) & set(failed):
        return figure
    change: dict[str, Any]
    if isinstance(figure, BestFigure):
        groups = {
            group: [arm for arm in arms if arm not in failed]
            for group, arms in figure.groups.items()
        }
        change = {"groups": {group: arms for group, arms in groups.items() if arms}}
    else:
        change = {"arms": [arm for arm in figure.arms if arm not in failed]}
    if not any(change.values()):
        return None
    return figure.model_copy(update=change)


def _claims(study: Resolved, whole: list[str], failed: Mapping[str, str]) -> Any:
    claims = study.claims
    undecided = {
        name: f"its arm {study.study.arms[gone[0]]} failed"
        for name, claim in claims.claims.items()
        if isinstance(claim, ArmsClaim) and (gone := [arm for arm in claim.arms if arm in failed])
    }
    statistics = claims.statistics
    if any(arm in failed for arm in statistics.images_test):
        sets = study.study.data_sets
        baseline = study.study.baseline
        others = [arm for arm in whole if arm != baseline and sets[arm] == sets[baseline]]
        if not others:
            raise ConfigError("no arm is left to be compared with the baseline")
        statistics = statistics.model_copy(update={"images_test": [baseline, others[0]]})
    groups = [
        {group: [arm for arm in arms if arm in whole] for group, arms in one.items()}
        for one in claims.groups
    ]
    return claims.model_copy(
        update={
            "statistics": statistics,
            "pairs": [pair for pair in claims.pairs if set(pair) <= set(whole)],
            "groups": [
                {group: arms for group, arms in one.items() if arms}
                for one in groups
                if sum(bool(arms) for arms in one.values()) > 0
            ],
            "failed": undecided,
        }
    )
