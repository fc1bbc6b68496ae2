"""What the study asks, resolved: pairs of arms, and mistakes refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ablation.statistics.config import ClaimsConfig
from ablation.statistics.significance import seeds_needed
from ablation.study.facts import steady_epochs
from ablation.study.resolution import resolve
from ablation.training import optimizers
from ablation.training.config import ArmConfig
from tests.params import ARMS as DECLARED
from tests.params import PARAMS, Tree, mistake, put

ARMS = tuple(DECLARED)
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
    put(
        params,
        "claims.new",
        params["claims"]["adam_faster_than_sgd"] | {"arms": ["l1", "sgd"], "requires": {}},
    )
    assert ["l1", "sgd"] in resolve(params).claims.pairs


def test_a_new_arm_is_compared_with_the_baseline(params: Tree) -> None:
    put(params, "arms.new", {"extends": "adam"})
    assert ["new", "baseline"] in resolve(params).claims.pairs


def test_a_new_arm_is_in_the_family_of_the_others_and_leaves_the_paper_s_as_it_was(
    params: Tree,
) -> None:
    before = resolve(params).claims
    put(params, "arms.new", {"extends": "adam"})
    after = resolve(params).claims
    assert after.arms["new"].family == after.family("new", "baseline") == "added"
    assert {arm: after.arms[arm].family for arm in before.arms} == {
        arm: "ours" if arm.startswith("largest") else "paper" for arm in ARMS
    }
    paper = [
        [p for p in claims.pairs if claims.family(*p) == "paper"] for claims in (before, after)
    ]
    assert paper[0] == paper[1]
    assert len(paper[0]) > 10


def test_the_paper_s_arms_take_ten_seeds(params: Tree) -> None:
    """Its largest family, with the pair of best arms: 15 tests, which nine seeds cannot decide."""
    claims = resolve(params).claims
    paper = [pair for pair in claims.pairs if claims.family(*pair) == "paper"]
    assert len(paper) + len(claims.groups) == 15
    assert seeds_needed(15) == 10


# --- what labels and claims say of arms ---------------------------------------------------------

NESTEROV = {
    "adam_faster_than_nesterov", "nesterov_above_adam", "nesterov_above_sgd", "best_cnn_level",
}  # fmt: skip
EPOCHS = {"vgg_more_stable"}  # where VGG-16's epochs hold fewer images than the CNN's


def test_every_claim_is_applicable_to_the_study_as_it_stands_but_for_unlike_epochs(
    params: Tree,
) -> None:
    for scale in PARAMS["scales"]:
        missing = resolve(params | {"scale": scale}).claims.not_applicable
        assert set(missing) == (set() if scale == "paper" else EPOCHS)


def test_with_another_optimizer_the_label_and_the_claims_on_nesterov_momentum_follow(
    params: Tree,
) -> None:
    put(params, "train.optimizer", "adam")
    study = resolve(params)
    assert study.study.arms["baseline"] == "baseline (train.optimizer: adam)"
    missing = study.claims.not_applicable
    assert set(missing) == NESTEROV | EPOCHS
    assert missing["nesterov_above_adam"] == (
        "train.optimizer of baseline is adam, not sgd_nesterov"
    )


@pytest.mark.parametrize(
    ("path", "value", "claim", "why", "label"),
    [
        ("train.optimizers.sgd_nesterov.nesterov", False, "nesterov_above_sgd",
         "train.optimizers.sgd_nesterov.nesterov of baseline is false, not true",
         "baseline (train.optimizers.sgd_nesterov.nesterov: false)"),
        ("model.cnn.dense_dropout", 0.0, "dropout_slows",
         "model.cnn.dense_dropout of baseline is 0.0", "baseline (model.cnn.dense_dropout: 0.0)"),
        ("model.cnn.dense", [64], "two_dense_slower",
         "model.cnn.dense of baseline is [64], not [512]", "baseline (model.cnn.dense: [64])"),
        ("arms.l1.model.cnn.regularizer", "none", "l1_lowers_training",
         "model.cnn.regularizer of l1 is none, not l1", None),
        ("costly_arms.vgg_raw.input.threshold", 0.5, "augmented_above_raw",
         "input.threshold of vgg_raw is 0.5, not null", None),
        ("arms.adam.train.epochs", 3, "adam_faster_than_sgd", "its arms have 3 and 2 epochs", None),
        ("arms.adam.train.images_per_epoch", 100, "adam_faster_than_sgd",
         "its arms have 100 and 200 training images in an epoch", None),
    ],
)  # fmt: skip
def test_a_claim_whose_arms_are_something_else_says_so(
    params: Tree, path: str, value: Any, claim: str, why: str, label: str | None
) -> None:
    put(params, path, value)
    study = resolve(params)
    assert study.claims.not_applicable[claim] == why
    if label:
        assert study.study.arms["baseline"] == label


def test_every_label_of_the_study_says_what_it_means() -> None:
    for name, arm in DECLARED.items():
        assert arm["says"], name


def test_a_label_without_says_is_a_mere_name(params: Tree) -> None:
    put(params, "arms.new", {"extends": "adam", "label": "a name"})
    assert resolve(params).study.arms["new"] == "a name"


# --- the steady part of a run -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "arm", "epochs", "steady"),
    [
        ("paper", "baseline", 300, 165),  # warmup to 30, half way down a cosine over 270 more
        ("laptop", "baseline", 20, 11),
        ("laptop", "vgg_raw", 6, 6),  # a constant rate
    ],
)
def test_the_epochs_before_the_rate_falls(
    params: Tree, scale: str, arm: str, epochs: int, steady: int
) -> None:
    facts = resolve(params | {"scale": scale}).claims.arms[arm]
    assert (facts.epochs, facts.steady_epochs) == (epochs, steady)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_they_are_those_of_keras_s_own_schedule(
    params: Tree, share: float, tiny_arm: Callable[..., ArmConfig]
) -> None:
    change = {"epochs": 40, "optimizer": {"schedule": "cosine", "warmup": 0.1}}
    train = tiny_arm({"train": change}).train
    rate = optimizers.build(train.optimizer, 400)._learning_rate  # ten steps an epoch
    rates = np.array([float(rate(step)) for step in range(401)]) / train.optimizer.learning_rate
    after_warmup = np.flatnonzero(rates[40:] >= share - 1e-6)[-1] + 40
    assert steady_epochs(train, share) == after_warmup // 10


def test_an_arm_knows_the_images_of_its_epochs_and_of_its_curves(params: Tree) -> None:
    arms = resolve(params | {"scale": "laptop"}).claims.arms
    baseline, vgg = arms["baseline"], arms["vgg_augmented"]
    assert (baseline.epoch_images, vgg.epoch_images) == (8000, 2000)
    assert (baseline.measured_training, vgg.measured_validation) == (2000, 500)
    assert baseline.validation_images == 6000
    assert arms["simple_mnist"].validation_images == 12_000
    assert resolve(params).claims.arms["vgg_raw"].measured_training == 50


@pytest.mark.parametrize("baseline", ["adam", "simple_mnist"])
def test_another_baseline_stands_on_the_other_side(params: Tree, baseline: str) -> None:
    params["baseline"] = baseline
    pairs = resolve(params).claims.pairs
    assert not [arm for arm, _ in pairs if arm == baseline]


def test_the_paper_s_claims_name_a_section_and_no_sentence_twice() -> None:
    claims = PARAMS["claims"].values()
    assert len({claim["sentence"] for claim in claims}) == len(claims)
    assert all(claim["section"][0].isdigit() for claim in claims)
    assert len(claims) >= 38


# path, wrong value, what the message names beside the key
MISTAKES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("claims.l1_lowers_training.arms", ["l1", "nobody"], ("nobody", *ARMS)),
    ("claims.l1_lowers_training.arms", ["l1"], ("at least 2",)),
    ("claims.l1_lowers_training.arms", ["l1", "l1"], ("two different arms",)),
    ("claims.l1_lowers_training.arms", ["l1", "simple_mnist"], ("modified", "mnist")),
    ("claims.l1_lowers_training.metric", "loss", ("loss", *METRICS)),
    ("claims.l1_lowers_training.expect", "other", ("higher", "equivalent", "not_higher")),
    ("claims.l1_lowers_training.kind", "guess", ("difference", "level", "labels")),
    ("claims.l1_lowers_training.paper", "1%", ("number",)),
    ("claims.l2_equals_none_training.metric", "epochs_to_half", ("margin", "test_accuracy")),
    ("claims.best_cnn_level.metric", "instability", ("level", "first_epoch", "training_change")),
    ("claims.best_cnn_level.arms", ["baseline", "adam"], ("at most 1",)),
    ("claims.best_cnn_level.arms", ["nobody"], ("nobody", *ARMS)),
    ("claims.best_cnn_level.level", 95.5, ("less than or equal to 1",)),
    ("claims.best_cnn_level.scales", "laptop", ("any", "paper")),
    ("claims.labels_skewed.digits", 0, ("greater than 0",)),
    ("claims.labels_skewed", None, ("mapping",)),
    ("claims", ["a"], ("mapping",)),
    ("metrics.first_epoch.take", "guess", ("final", "gap", "change", "images_to_level", "spread")),
    ("metrics.training_change.part", 0.6, ("less than or equal to 0.5",)),
    ("metrics.first_epoch.epoch", 0, ("greater than 0",)),
    ("metrics.first_epoch.of", "loss", ("validation_accuracy",)),
    ("metrics.epochs_to_half.level", 50, ("less than or equal to 1",)),
    ("metrics.test_accuracy.of", "running_accuracy", ("test_accuracy",)),
    ("statistics.metrics", ["loss"], ("loss", *METRICS)),
    ("statistics.metrics", [], ("at least 1",)),
    ("statistics.margin", 0, ("greater than 0",)),
    ("statistics.steady_rate", 0.0, ("greater than 0",)),
    ("statistics.families.paper", ["adam", "nobody"], ("nobody", *ARMS)),
    ("statistics.families.more", ["adam"], ("adam", "paper")),
    ("statistics.families.more", "others", ("added", "one such family")),
    ("statistics.families.more", "rest", ("others",)),
    ("statistics.families", {"paper": ["adam"]}, ("simple_mnist", "others")),
    ("statistics", None, ("mapping",)),
    ("claims.l1_lowers_training.requires.sgd", {}, ("sgd", "l1", "baseline")),
    ("claims.l1_lowers_training.requires.l1", {"train.optimzer": 1}, ("optimizer", "epochs")),
    ("claims.l1_lowers_training.requires.l1", {"train.epochs.x": 1}, ("nothing below",)),
    ("claims.l1_lowers_training.requires.l1", "name", ("mapping",)),
    ("claims.l1_lowers_training.requires.l1", {"train.epochs": "2"}, ("like 2", "{not: value}")),
    ("claims.l1_lowers_training.requires.l1", {"model.cnn": {"not": 2}}, ("'not': 2",)),
    ("arms.l1.says", {"model.cnn.regulariser": "l1"}, ("regularizer", "dense")),
    ("arms.l1.says", "L1", ("mapping",)),
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
        ("statistics.colour", ("margin", "families")),
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
