"""Whether the study is in the paper's regime, as pilot runs say: only there may a claim fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ablation.statistics.config import PAPER, ClaimsConfig

WHOLE = 0.99  # of the images of the longer of two runs: what does not fill a batch is not seen


@dataclass(frozen=True)
class Reached:
    """The mean accuracy of an arm's pilot runs, None without any, and what is asked of it."""

    arm: str
    accuracy: str
    level: float
    mean: float | None


@dataclass(frozen=True)
class Regime:
    """One regime: whether it is met, and what of it the pilot runs reach."""

    name: str
    met: bool
    reached: list[Reached]


def regimes(config: ClaimsConfig, pilots: pd.DataFrame) -> list[Regime]:
    """Each regime of paper.yaml, by the pilot runs that are like the study's.

    Those are as long and have the same rate: others chose something else, or are no such runs.

    Args:
        pilots: docs/pilots.csv, a row a pilot run that saw `images`; its training accuracy is with
            dropout off.
    """
    found = []
    for name, regime in config.regimes.items():
        reached = []
        for arm in regime.arms:
            facts = config.arms[arm]
            seen = facts.epochs * facts.epoch_images
            alike = pilots[
                (pilots["arm"] == arm)
                & (pilots["learning_rate"] == facts.learning_rate)
                & pilots["images"].between(WHOLE * seen, seen / WHOLE)
            ]
            for accuracy, level in regime.levels.items():
                mean = float(alike[accuracy].mean()) if len(alike) else None
                reached.append(Reached(arm, accuracy, level, mean))
        met = bool(reached) and all(
            each.mean is not None and each.mean >= each.level for each in reached
        )
        found.append(Regime(name, met, reached))
    return found


def may_fail(names: Sequence[str], found: Sequence[Regime], scale: str) -> bool:
    """Whether a claim of these regimes may fail: all are met, or the scale is the paper's own."""
    met = {regime.name for regime in found if regime.met}
    return scale == PAPER or met.issuperset(names)
