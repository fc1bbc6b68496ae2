"""A made-up study for the tests of comparisons and claims: arms, seeds and what they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ablation.statistics.config import ArmFacts, ClaimsConfig

METRICS: dict[str, Any] = {
    "training_accuracy": {"label": "training accuracy", "take": "last", "of": "running_accuracy"},
    "validation_accuracy": {
        "label": "validation accuracy", "take": "final", "of": "validation_accuracy"
    },
    "test_accuracy": {"label": "test accuracy", "take": "final", "of": "test_accuracy"},
    "generalization_gap": {"label": "gap", "take": "gap"},
    "convergence": {
        "label": "images to 80%", "take": "images_to_level", "of": "running_accuracy", "level": 0.8,
    },
    "instability": {"label": "spread", "take": "spread", "of": "validation_accuracy"},
    "loss_rise": {"label": "rise of the loss", "take": "rise", "of": "validation_loss"},
}  # fmt: skip
STATISTICS: dict[str, Any] = {
    "metrics": ["test_accuracy", "validation_accuracy"], "margin": 0.005, "stuck_accuracy": 0.4,
    "stuck_at": 0.25, "stuck_share": 0.3, "fails_in_paper": [], "steady_rate": 0.75,
}  # fmt: skip
ARMS = ("base", "a", "b", "c")
IMAGES = 10_000
HEADS = {
    "title": "Heads", "figure": None, "pairs": [["a", "base"], ["b", "base"], ["b", "a"]]
}  # fmt: skip


def facts(**changes: Any) -> ArmFacts:
    """How an arm of ten epochs was trained and measured."""
    content = {
        "epochs": 10, "epoch_images": 500, "learning_rate": 0.1, "steady": [1, 10],
        "measured_training": 200, "measured_validation": 200,
    }  # fmt: skip
    return ArmFacts.model_validate(content | changes)


def config(
    claims: Mapping[str, Any] | None = None,
    questions: Mapping[str, Any] | None = None,
    regimes: Mapping[str, Any] | None = None,
    arms: Mapping[str, ArmFacts] | None = None,
    not_applicable: Mapping[str, str] | None = None,
    **statistics: Any,
) -> ClaimsConfig:
    return ClaimsConfig.model_validate(
        {
            "headline": [],
            "statistics": STATISTICS | statistics,
            "questions": dict(questions or {"heads": HEADS}),
            "regimes": dict(regimes or {}),
            "metrics": METRICS,
            "claims": dict(claims or {}),
            "arms": {arm: facts() for arm in ARMS} | dict(arms or {}),
            "not_applicable": dict(not_applicable or {}),
        }
    )


def runs(
    means: Mapping[str, float], seeds: int = 10, sd: float = 0.004, **changes: Any
) -> pd.DataFrame:
    """runs.csv of runs that reach the arm's mean on all parts, more or less, each in its own way.

    `changes` are what every run has in place of that, None for what it does not have.
    """
    rng = np.random.default_rng(2)
    rows = []
    for arm, mean in means.items():
        for seed in range(20, 20 + seeds):
            reached = mean + float(rng.normal(0, sd))
            row = dict.fromkeys(METRICS, reached) | {
                "arm": arm, "seed": seed, "convergence": 5000 * (1 - reached), "majority": 0.27,
                "test_images": IMAGES, "stuck": False, "generalization_gap": 1 - reached,
            }  # fmt: skip
            rows.append(row | changes)
    return pd.DataFrame(rows)


def with_values(
    table: pd.DataFrame, arm: str, metric: str, values: Sequence[float]
) -> pd.DataFrame:
    """The table with these values for the arm's first runs."""
    changed = table.copy()
    rows = changed.index[changed["arm"] == arm][: len(values)]
    changed.loc[rows, metric] = values
    return changed


def difference_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "4.1", "sentence": "A is better.", "kind": "difference", "arms": ["a", "base"],
        "metric": "validation_accuracy", "expect": "higher", "regimes": [], "paper": None,
    } | changes  # fmt: skip


def level_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "3.1", "sentence": "A is good.", "kind": "level", "arms": ["a"],
        "expect": "at_least", "levels": {"validation_accuracy": 0.8}, "regimes": [], "paper": 0.99,
    } | changes  # fmt: skip


def none_higher_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "4.1", "sentence": "None is better.", "kind": "none_higher",
        "arms": ["base", "a", "b"], "metric": "validation_accuracy", "regimes": [],
    } | changes  # fmt: skip


def labels_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "2", "sentence": "Skewed.", "kind": "labels", "digits": 3, "margin": 0.02
    } | changes  # fmt: skip
