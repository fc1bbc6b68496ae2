"""What the study asks, resolved: pairs of arms, and mistakes refused in one line."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.statistics.config import ClaimsConfig
from ablation.study.resolution import resolve
from tests.params import PARAMS, Tree, mistake, put

ARMS = tuple(PARAMS["arms"])
METRICS = tuple(PARAMS["metrics"])


def test_every_claim_of_params_yaml_is_resolved_and_survives_being_written(params: Tree) -> None:
    claims = resolve(params).claims
    assert list(claims.claims) == list(PARAMS["claims"])
    assert ClaimsConfig.model_validate(claims.model_dump()) == claims


def test_every_arm_is_compared_with_the_baseline_and_pairs_stand_once(params: Tree) -> None:
    pairs = [tuple(pair) for pair in resolve(params).claims.pairs]
    on_modified = [arm for arm in ARMS if arm not in ("baseline", "simple_mnist")]
    assert pairs[: len(on_modified)] == [(arm, "baseline") for arm in on_modified]
    assert ("sgd", "adam") in pairs  # of figure 5, and of a claim the other way round
    assert ("l2", "l1") in pairs
    assert ("vgg_augmented", "vgg_raw") in pairs
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


def test_arms_on_different_data_sets_are_no_pair(params: Tree) -> None:
    assert not [pair for pair in resolve(params).claims.pairs if "simple_mnist" in pair]


def test_a_new_claim_s_pair_is_compared(params: Tree) -> None:
    put(params, "claims.new", params["claims"]["adam_faster_than_sgd"] | {"arms": ["l1", "sgd"]})
    assert ["l1", "sgd"] in resolve(params).claims.pairs


def test_a_new_arm_is_compared_with_the_baseline(params: Tree) -> None:
    put(params, "arms.new", {"extends": "adam"})
    assert ["new", "baseline"] in resolve(params).claims.pairs


@pytest.mark.parametrize("baseline", ["adam", "simple_mnist"])
def test_another_baseline_stands_on_the_other_side(params: Tree, baseline: str) -> None:
    params["baseline"] = baseline
    pairs = resolve(params).claims.pairs
    assert not [arm for arm, _ in pairs if arm == baseline]


def test_the_paper_s_claims_name_a_section_and_no_sentence_twice() -> None:
    claims = PARAMS["claims"].values()
    assert len({claim["sentence"] for claim in claims}) == len(claims)
    assert all(claim["section"][0].isdigit() for claim in claims)
    assert len(claims) >= 28


# path, wrong value, what the message names beside the key
MISTAKES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("claims.l1_lowers_training.arms", ["l1", "nobody"], ("nobody", *ARMS)),
    ("claims.l1_lowers_training.arms", ["l1"], ("at least 2",)),
    ("claims.l1_lowers_training.arms", ["l1", "l1"], ("two different arms",)),
    ("claims.l1_lowers_training.arms", ["l1", "simple_mnist"], ("modified", "mnist")),
    ("claims.l1_lowers_training.metric", "loss", ("loss", *METRICS)),
    ("claims.l1_lowers_training.expect", "other", ("higher", "lower", "equivalent")),
    ("claims.l1_lowers_training.kind", "guess", ("difference", "level", "labels")),
    ("claims.l1_lowers_training.paper", "1%", ("number",)),
    ("claims.l2_equals_none_training.metric", "epochs_to_half", ("margin", "test_accuracy")),
    ("claims.best_cnn_level.metric", "instability", ("accuracy", "first_epoch")),
    ("claims.best_cnn_level.arms", ["baseline", "adam"], ("at most 1",)),
    ("claims.best_cnn_level.arms", ["nobody"], ("nobody", *ARMS)),
    ("claims.best_cnn_level.level", 95.5, ("less than or equal to 1",)),
    ("claims.best_cnn_level.scales", "laptop", ("any", "paper")),
    ("claims.labels_skewed.digits", 0, ("greater than 0",)),
    ("claims.labels_skewed", None, ("mapping",)),
    ("claims", ["a"], ("mapping",)),
    ("metrics.first_epoch.take", "guess", ("final", "after_epoch", "epochs_to_level", "spread")),
    ("metrics.first_epoch.epoch", 0, ("greater than 0",)),
    ("metrics.first_epoch.of", "loss", ("validation_accuracy",)),
    ("metrics.epochs_to_half.level", 50, ("less than or equal to 1",)),
    ("metrics.test_accuracy.of", "running_accuracy", ("test_accuracy",)),
    ("statistics.metrics", ["loss"], ("loss", *METRICS)),
    ("statistics.metrics", [], ("at least 1",)),
    ("statistics.margin", 0, ("greater than 0",)),
    ("statistics.resamples", 10, ("100",)),
    ("statistics.images_test", ["baseline"], ("at least 2",)),
    ("statistics.images_test", ["baseline", "nobody"], ("nobody", *ARMS)),
    ("statistics.images_test", ["baseline", "simple_mnist"], ("modified", "mnist")),
    ("statistics", None, ("mapping",)),
    ("figures.differences.metrics", ["first_epoch"], ("test_accuracy", "validation_accuracy")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "allowed"), MISTAKES, ids=[f"{p}={v!r}" for p, v, _ in MISTAKES]
)
def test_a_mistake_is_told_with_its_key_and_what_is_allowed(
    params: Tree, path: str, value: Any, allowed: tuple[str, ...]
) -> None:
    put(params, path, value)
    message = mistake(params)
    assert path in message
    for name in allowed:
        assert name in message


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("claims.labels_skewed.colour", ("digits", "margin", "sentence")),
        ("claims.best_cnn_level.margin", ("level", "scales")),
        ("metrics.first_epoch.level", ("epoch", "take")),
        ("statistics.colour", ("margin", "images_test")),
    ],
)
def test_an_unknown_key_is_told_with_the_known_ones(
    params: Tree, path: str, offered: tuple[str, ...]
) -> None:
    put(params, path, 1)
    message = mistake(params)
    assert f"{path}: unknown key" in message
    for name in offered:
        assert name in message


@pytest.mark.parametrize(
    "path", ["claims.labels_skewed.sentence", "metrics.first_epoch.take", "statistics.margin"]
)
def test_a_missing_key_is_told(params: Tree, path: str) -> None:
    node = params
    *parents, key = path.split(".")
    for parent in parents:
        node = node[parent]
    del node[key]
    assert path in mistake(params)
