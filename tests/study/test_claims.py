"""What the study asks, resolved: questions, claims that do not apply, and facts of arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ablation.study.claims import steady
from ablation.study.resolution import resolve
from ablation.training.config import TrainConfig
from ablation.training.loop import learning_rate
from tests.conftest import ADAM
from tests.params import ARMS, PAPER, PARAMS, SCALES, Tree, put


def on(arm: str) -> set[str]:
    """The claims that name an arm."""
    return {name for name, claim in PAPER["claims"].items() if arm in claim.get("arms", [])}


def test_the_questions_of_paper_yaml_stand_as_they_are_and_simple_has_one_of_its_own(
    params: Tree,
) -> None:
    questions = resolve(params, PAPER).claims.questions
    assert [*questions] == [*PAPER["questions"], "added_simple"]
    assert questions["penalties"].pairs == [["l1", "baseline"], ["l2", "baseline"]]
    assert questions["added_simple"].pairs == [["simple", "baseline"]]


def test_a_new_arm_on_the_baseline_s_images_is_a_question_of_its_own(params: Tree) -> None:
    before = resolve(params, PAPER).claims.questions
    put(params, "arms.new", {"extends": "adam", "label": "a name"})
    put(params, "arms.digits", {"extends": "simple_mnist"})
    study = resolve(params, PAPER)
    assert set(study.claims.questions) - set(before) == {"added_new"}
    added = study.claims.questions["added_new"]
    assert (added.title, added.pairs) == ("a name", [["new", "baseline"]])
    claim = PAPER["claims"]["sgd_above_adam"] | {"arms": ["baseline", "new"]}
    resolve(params, PAPER | {"claims": PAPER["claims"] | {"new": claim}})  # it may be claimed too
    del params["arms"]["new"]["label"]
    assert resolve(params, PAPER).study.arms["new"] == "new"


@pytest.mark.parametrize("baseline", ["adam", "simple_mnist"])
def test_no_arm_is_added_against_itself(params: Tree, baseline: str) -> None:
    for question in resolve(params | {"baseline": baseline}, PAPER).claims.questions.values():
        assert all(first != second for first, second in question.pairs)


@pytest.mark.parametrize("scale", SCALES)
def test_every_claim_applies_as_the_study_stands(params: Tree, scale: str) -> None:
    assert resolve(params | {"scale": scale}, PAPER).claims.not_applicable == {}


@pytest.mark.parametrize(
    ("path", "value", "arm", "why", "label"),
    [
        ("train.optimizer", "adam", "baseline",
         "train.optimizer of baseline is adam, not sgd_nesterov",
         "baseline [train.optimizer: adam]"),
        ("train.optimizers.sgd_nesterov.nesterov", False, "baseline",
         "train.optimizers.sgd_nesterov.nesterov of baseline is false, not true",
         "baseline [train.optimizers.sgd_nesterov.nesterov: false]"),
        ("model.cnn.dense_dropout", 0.0, "baseline", "model.cnn.dense_dropout of baseline is 0.0",
         "baseline [model.cnn.dense_dropout: 0.0]"),
        ("arms.l1.model.cnn.regularizer", "none", "l1",
         "model.cnn.regularizer of l1 is none, not l1", "l1 [model.cnn.regularizer: none]"),
        ("costly_arms.vgg_raw.input.threshold", 0.5, "vgg_raw",
         "input.threshold of vgg_raw is 0.5, not null", "vgg_raw [input.threshold: 0.5]"),
    ],
)  # fmt: skip
def test_claims_on_an_arm_that_is_not_what_its_label_says_do_not_apply(
    params: Tree, path: str, value: Any, arm: str, why: str, label: str
) -> None:
    put(params, path, value)
    study = resolve(params, PAPER)
    missing = study.claims.not_applicable
    assert {missing[name] for name in on(arm)} == {why}
    # What extends the arm, or has the changed section too, may be mislabelled with it.
    assert all(claim in on(arm) or "_128" in missing[claim] for claim in missing)
    assert study.study.arms[arm] == label


def test_every_label_of_the_study_says_what_it_means() -> None:
    assert all(arm["says"] for arm in ARMS.values())


def test_the_paper_s_claims_name_a_section_and_no_sentence_twice() -> None:
    claims = PAPER["claims"].values()
    assert len({claim["sentence"] for claim in claims}) == len(claims) >= 40
    assert all(claim["section"][0].isdigit() for claim in claims)


def test_of_two_claims_that_contradict_each_other_both_say_so() -> None:
    contrary = {name: claim.get("contradicts") for name, claim in PAPER["claims"].items()}
    assert all(contrary[other] == name for name, other in contrary.items() if other)


@pytest.mark.parametrize(
    ("scale", "arm", "epochs", "steady"),
    [
        # Three quarters of the warmup, and a third of the way down a cosine over the rest.
        ("paper", "baseline", 300, [23, 120]),
        ("laptop", "baseline", 40, [3, 16]),
        ("laptop", "vgg_raw", 15, [1, 5]),
        ("half", "vgg_raw", 6, [1, 6]),  # a constant rate
    ],
)
def test_the_epochs_of_a_nearly_constant_rate(
    params: Tree, scale: str, arm: str, epochs: int, steady: list[int]
) -> None:
    facts = resolve(params | {"scale": scale}, PAPER).claims.arms[arm]
    assert (facts.epochs, facts.steady) == (epochs, steady)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("schedule", "decay"), [("cosine", None), ("trapezoid", 0.3)])
def test_they_are_those_of_the_run_s_schedule(share: float, schedule: str, decay: Any) -> None:
    optimizer = ADAM.model_copy(update={"schedule": schedule, "decay": decay})
    train = TrainConfig(
        backend="tensorflow", engine="steps", epochs=40, images=10, images_per_epoch=10,
        batch_size=1, measured_images=1, threads=1, optimizer=optimizer,
    )  # fmt: skip
    rate: Any = learning_rate(optimizer, 400)  # ten steps an epoch
    rates = np.array([float(rate(step)) for step in range(10, 401, 10)]) / optimizer.learning_rate
    high = np.flatnonzero(rates >= share - 1e-6) + 1
    assert steady(train, share) == [high[0], high[-1]]


def test_an_arm_knows_the_images_of_its_epochs_and_of_its_curves(params: Tree) -> None:
    arms = resolve(params | {"scale": "half"}, PAPER).claims.arms
    baseline, vgg = arms["baseline"], arms["vgg_augmented"]
    assert (baseline.epoch_images, vgg.epoch_images) == (19_968, 496)  # whole batches
    assert (baseline.measured_training, vgg.measured_validation) == (2000, 100)
    assert list(resolve(params, PAPER).claims.arms) == [*PARAMS["arms"], *PARAMS["costly_arms"]]
