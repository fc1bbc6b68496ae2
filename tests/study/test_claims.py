"""What the study asks, resolved: pairs of arms, families, and claims that do not apply."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablation.study.claims import steady_epochs
from ablation.study.resolution import resolve
from ablation.training.config import AdamConfig, TrainConfig
from ablation.training.loop import build_optimizer
from tests.params import ARMS, PAPER, PARAMS, SCALES, Tree, put

EPOCHS = {"vgg_more_stable"}  # where VGG-16's epochs hold fewer images than the CNN's


def on(arm: str) -> set[str]:
    """The claims that name an arm."""
    return {name for name, claim in PAPER["claims"].items() if arm in claim.get("arms", [])}


def test_every_arm_is_compared_with_the_baseline_and_pairs_stand_once(params: Tree) -> None:
    pairs = [tuple(pair) for pair in resolve(params, PAPER).claims.pairs]
    others = ("baseline", "simple_mnist", "simple_128", "baseline_128")
    on_modified = [arm for arm in ARMS if arm not in others]
    assert pairs[: len(on_modified)] == [(arm, "baseline") for arm in on_modified]
    assert ("sgd", "adam") in pairs  # of figure 5, and of a claim the other way round
    assert ("vgg_augmented", "vgg_raw") in pairs
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)
    assert not {"simple_mnist", "simple_128"} & {arm for pair in pairs for arm in pair}


def test_a_new_claim_s_pair_and_a_new_arm_are_compared(params: Tree, paper: Tree) -> None:
    put(paper, "claims.new", paper["claims"]["adam_faster_than_sgd"] | {"arms": ["l1", "sgd"]})
    put(params, "arms.new", {"extends": "adam", "label": "a name"})
    study = resolve(params, paper)
    assert ["l1", "sgd"] in study.claims.pairs
    assert ["new", "baseline"] in study.claims.pairs
    assert study.claims.arms["new"].family == study.claims.family("new", "baseline") == "added"
    assert study.study.arms["new"] == "a name"
    del params["arms"]["new"]["label"]
    assert resolve(params, paper).study.arms["new"] == "new"


@pytest.mark.parametrize("baseline", ["adam", "simple_mnist"])
def test_another_baseline_stands_on_the_other_side(params: Tree, baseline: str) -> None:
    pairs = resolve(params | {"baseline": baseline}, PAPER).claims.pairs
    assert not [arm for arm, _ in pairs if arm == baseline]


@pytest.mark.parametrize("scale", SCALES)
def test_every_claim_applies_as_the_study_stands_but_for_unlike_epochs(
    params: Tree, scale: str
) -> None:
    missing = resolve(params | {"scale": scale}, PAPER).claims.not_applicable
    assert set(missing) == (set() if scale == "paper" else EPOCHS)


@pytest.mark.parametrize(
    ("path", "value", "arm", "why", "label"),
    [
        ("train.optimizer", "adam", "baseline",
         "train.optimizer of baseline is adam, not sgd_nesterov",
         "baseline (train.optimizer: adam)"),
        ("train.optimizers.sgd_nesterov.nesterov", False, "baseline",
         "train.optimizers.sgd_nesterov.nesterov of baseline is false, not true",
         "baseline (train.optimizers.sgd_nesterov.nesterov: false)"),
        ("model.cnn.dense_dropout", 0.0, "baseline", "model.cnn.dense_dropout of baseline is 0.0",
         "baseline (model.cnn.dense_dropout: 0.0)"),
        ("arms.l1.model.cnn.regularizer", "none", "l1",
         "model.cnn.regularizer of l1 is none, not l1", "l1 (model.cnn.regularizer: none)"),
        ("costly_arms.vgg_raw.input.threshold", 0.5, "vgg_raw",
         "input.threshold of vgg_raw is 0.5, not null", "vgg_raw (input.threshold: 0.5)"),
    ],
)  # fmt: skip
def test_claims_on_an_arm_that_is_not_what_its_label_says_do_not_apply(
    params: Tree, path: str, value: Any, arm: str, why: str, label: str
) -> None:
    put(params, path, value)
    study = resolve(params, PAPER)
    assert set(study.claims.not_applicable) == on(arm) | EPOCHS
    assert {study.claims.not_applicable[name] for name in on(arm) - EPOCHS} == {why}
    assert study.study.arms[arm] == label


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("epochs", 3, "its arms have 3 and 2 epochs"),
        ("images_per_epoch", 100, "its arms have 100 and 200 training images in an epoch"),
    ],
)
def test_arms_of_unlike_epochs_are_not_compared_over_them(
    params: Tree, key: str, value: int, why: str
) -> None:
    put(params, f"arms.adam.train.{key}", value)
    missing = resolve(params, PAPER).claims.not_applicable
    assert missing["adam_faster_than_sgd"] == why
    assert "sgd_above_adam" not in missing


def test_every_label_of_the_study_says_what_it_means() -> None:
    assert all(arm["says"] for arm in ARMS.values())


def test_the_paper_s_claims_name_a_section_and_no_sentence_twice() -> None:
    claims = PAPER["claims"].values()
    assert len({claim["sentence"] for claim in claims}) == len(claims) >= 38
    assert all(claim["section"][0].isdigit() for claim in claims)


@pytest.mark.parametrize(
    ("scale", "arm", "epochs", "steady"),
    [
        ("paper", "baseline", 300, 165),  # warmup to 30, half way down a cosine over 270 more
        ("laptop", "baseline", 30, 16),
        ("laptop", "vgg_raw", 15, 7),
        ("half", "vgg_raw", 6, 6),  # a constant rate
    ],
)
def test_the_epochs_before_the_rate_falls(
    params: Tree, scale: str, arm: str, epochs: int, steady: int
) -> None:
    facts = resolve(params | {"scale": scale}, PAPER).claims.arms[arm]
    assert (facts.epochs, facts.steady_epochs) == (epochs, steady)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_they_are_those_of_keras_s_own_schedule(share: float) -> None:
    optimizer = AdamConfig(algorithm="adam", learning_rate=0.01, schedule="cosine", warmup=0.1)
    train = TrainConfig(
        backend="tensorflow", engine="steps", epochs=40, images=10, images_per_epoch=10,
        batch_size=1, measured_images=1, threads=1, optimizer=optimizer,
    )  # fmt: skip
    rate = build_optimizer(optimizer, 400)._learning_rate  # ten steps an epoch
    rates = np.array([float(rate(step)) for step in range(401)]) / optimizer.learning_rate
    after_warmup = np.flatnonzero(rates[40:] >= share - 1e-6)[-1] + 40
    assert steady_epochs(train, share) == after_warmup // 10


def test_an_arm_knows_the_images_of_its_epochs_and_of_its_curves(params: Tree) -> None:
    arms = resolve(params | {"scale": "laptop"}, PAPER).claims.arms
    baseline, vgg = arms["baseline"], arms["vgg_augmented"]
    assert (baseline.epoch_images, vgg.epoch_images) == (19_968, 4000)  # whole batches
    assert (baseline.measured_training, vgg.measured_validation) == (2000, 500)
    assert baseline.validation_images == 10_000
    assert arms["simple_mnist"].validation_images == 12_000
    assert list(resolve(params, PAPER).claims.arms) == [*PARAMS["arms"], *PARAMS["costly_arms"]]
