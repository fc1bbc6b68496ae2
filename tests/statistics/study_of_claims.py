"""A made-up study for the tests of comparisons and claims: arms, seeds and what they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ablation.statistics.config import ArmFacts, ClaimsConfig
from ablation.statistics.runs import Run

METRICS: dict[str, Any] = {
    "training_accuracy": {"label": "training accuracy", "take": "final", "of": "train_accuracy"},
    "validation_accuracy": {
        "label": "validation accuracy", "take": "final", "of": "validation_accuracy"
    },
    "test_accuracy": {"label": "test accuracy", "take": "final", "of": "test_accuracy"},
    "change": {"label": "change", "take": "change", "of": "validation_accuracy", "part": 0.3},
    "epochs_to_half": {
        "label": "epochs to 50%", "take": "epochs_to_level", "of": "validation_accuracy",
        "level": 0.5,
    },
    "images_to_half": {
        "label": "images to 50%", "take": "images_to_level", "of": "validation_accuracy",
        "level": 0.5,
    },
}  # fmt: skip
ARMS = ("base", "a", "b", "c")
IMAGES = 1000


def facts(**changes: Any) -> ArmFacts:
    """How an arm of ten epochs was trained and measured."""
    content = {
        "family": "paper", "epochs": 10, "epoch_images": 500, "steady_epochs": 10,
        "validation_images": IMAGES, "measured_training": 200, "measured_validation": 200,
    }  # fmt: skip
    return ArmFacts.model_validate(content | changes)


def config(
    claims: Mapping[str, Any] | None = None,
    pairs: Sequence[tuple[str, str]] = (("a", "base"), ("b", "base"), ("b", "a")),
    groups: Sequence[Mapping[str, list[str]]] = (),
    arms: Mapping[str, ArmFacts] | None = None,
    not_applicable: Mapping[str, str] | None = None,
) -> ClaimsConfig:
    return ClaimsConfig.model_validate(
        {
            "statistics": {
                "metrics": ["test_accuracy", "validation_accuracy"],
                "margin": 0.005,
                "families": {"paper": ["base"], "added": "others"},
                "steady_rate": 0.5,
            },
            "metrics": METRICS,
            "claims": dict(claims or {}),
            "arms": dict(arms or {arm: facts() for arm in ARMS}),
            "pairs": [list(pair) for pair in pairs],
            "groups": [dict(group) for group in groups],
            "not_applicable": dict(not_applicable or {}),
        }
    )


def runs(
    means: Mapping[str, float], seeds: int, sd: float = 0.002, **changes: Any
) -> dict[str, dict[int, Run]]:
    """arm -> seed -> a run that reaches the arm's mean on all parts, more or less.

    `changes` are judged by every run in place of that, None for what it does not have.
    """
    rng = np.random.default_rng(2)
    found: dict[str, dict[int, Run]] = {arm: {} for arm in means}
    for arm, mean in means.items():
        for seed in range(seeds):
            reached = mean + float(rng.normal(0, sd))
            judged = {
                f"{part}_{what}": value
                for part in ("train", "validation", "test")
                for what, value in (("accuracy", reached), ("images", IMAGES))
            }
            curves = {
                "validation_accuracy": np.linspace(0.2, reached, 10),
                "validation_loss": np.array([2.0, 0.5]),
            }
            correct = np.arange(IMAGES) < reached * IMAGES
            found[arm][seed] = Run(facts(), judged | changes, curves, 0.27, correct)
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
