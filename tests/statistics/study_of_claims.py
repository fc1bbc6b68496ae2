"""A made-up study for the tests of comparisons and claims: arms, seeds and what they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablation.statistics.config import ClaimsConfig
from ablation.statistics.run_metrics import Run

METRICS: dict[str, Any] = {
    "training_accuracy": {"label": "training accuracy", "take": "final", "of": "train_accuracy"},
    "validation_accuracy": {
        "label": "validation accuracy", "take": "final", "of": "validation_accuracy"
    },
    "test_accuracy": {"label": "test accuracy", "take": "final", "of": "test_accuracy"},
    "epochs_to_half": {
        "label": "epochs to 50%", "take": "epochs_to_level", "of": "validation_accuracy",
        "level": 0.5,
    },
}  # fmt: skip


def config(
    claims: Mapping[str, Any] | None = None,
    pairs: Sequence[tuple[str, str]] = (("a", "base"), ("b", "base"), ("b", "a")),
    groups: Sequence[Mapping[str, list[str]]] = (),
) -> ClaimsConfig:
    return ClaimsConfig.model_validate(
        {
            "statistics": {
                "metrics": ["test_accuracy", "validation_accuracy"],
                "margin": 0.005,
                "resamples": 200,
                "resample_seed": 0,
                "images_test": ["base", "a"],
            },
            "metrics": METRICS,
            "claims": dict(claims or {}),
            "pairs": [list(pair) for pair in pairs],
            "groups": [dict(group) for group in groups],
        }
    )


def runs(
    means: Mapping[str, float], seeds: int, sd: float = 0.002, **changes: Any
) -> dict[tuple[str, int], Run]:
    """(arm, seed) -> a run that reaches the arm's mean on all parts, more or less.

    `changes` are judged by every run in place of that, None for what it does not have.
    """
    rng = np.random.default_rng(2)
    found = {}
    for arm, mean in means.items():
        for seed in range(seeds):
            reached = mean + float(rng.normal(0, sd))
            judged = {
                f"{part}_{what}": value
                for part in ("train", "validation", "test")
                for what, value in (("accuracy", reached), ("images", 1000))
            }
            curves = {
                "validation_accuracy": np.linspace(0.2, reached, 10),
                "train_loss": np.array([2.0, 0.5]),
            }
            found[arm, seed] = Run(judged | changes, curves)
    return found


def difference_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "4.1", "sentence": "A is better.", "kind": "difference", "arms": ["a", "base"],
        "metric": "validation_accuracy", "expect": "higher", "paper": None,
    } | changes  # fmt: skip


def level_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "3.1", "sentence": "A is good.", "kind": "level", "arms": ["a"],
        "metric": "validation_accuracy", "expect": "at_least", "level": 0.8, "scales": "any",
        "paper": 0.99,
    } | changes  # fmt: skip


def labels_claim(**changes: Any) -> dict[str, Any]:
    return {
        "section": "2", "sentence": "Skewed.", "kind": "labels", "digits": 3, "margin": 0.02
    } | changes  # fmt: skip
