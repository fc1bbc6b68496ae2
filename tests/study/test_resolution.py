"""`params.yaml` resolved: precedence, and what a change touches."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from ablation.composition import backgrounds
from ablation.networks.config import CnnConfig, RegularizerConfig, VggConfig
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig
from tests.params import ARMS, PARAMS, SCALES, Tree, leaves, put

# --- the study's own params.yaml --------------------------------------------------------------


@pytest.mark.parametrize("scale", SCALES)
def test_the_study_resolves_at_every_scale(scale: str, resolved: Callable[[str], Resolved]) -> None:
    study = resolved(scale)
    assert study.study.scale == scale
    assert list(study.arms) == list(ARMS)
    assert list(study.figures) == list(PARAMS["figures"])
    assert study.study.arms == {name: arm["label"] for name, arm in ARMS.items()}
    assert study.study.runs == [
        *((arm, seed) for arm in PARAMS["arms"] for seed in PARAMS["seeds"]),
        *((arm, seed) for arm in PARAMS["costly_arms"] for seed in PARAMS["costly_seeds"]),
    ]
    assert set(study.study.multiply_adds) == set(ARMS)
    assert all(count > 0 for count in study.study.multiply_adds.values())


@pytest.mark.parametrize("scale", SCALES)
def test_a_resolved_arm_survives_being_written(
    scale: str, resolved: Callable[[str], Resolved]
) -> None:
    for arm in resolved(scale).arms.values():
        assert ArmConfig.model_validate(arm.model_dump()) == arm


def test_every_arm_is_another_one(resolved: Callable[[str], Resolved]) -> None:
    dumps = [arm.model_dump_json() for arm in resolved("paper").arms.values()]
    assert len(set(dumps)) == len(dumps)


def test_the_baseline_is_the_paper_s_network(resolved: Callable[[str], Resolved]) -> None:
    baseline = resolved("paper").arms["baseline"]
    assert baseline.image_size == 128
    assert baseline.input.model_dump() == {
        "set": "modified", "downscale": 1, "threshold": None, "pad": None, "scaling": "unit"
    }  # fmt: skip
    assert isinstance(baseline.model, CnnConfig)
    assert baseline.model.blocks == [[64, 64, 64], [128, 128], [256, 256]]
    assert baseline.model.dense == [512]
    assert baseline.model.spatial_dropout == [0.2, 0.2, 0.0]
    assert baseline.model.dropout == [0.0, 0.0, 0.2]
    assert baseline.model.dense_dropout == 0.5
    assert baseline.model.regularizer is None
    assert baseline.model.normalization_momentum == 0.9
    assert baseline.train.epochs == 300
    optimizer = baseline.train.optimizer
    assert (optimizer.algorithm, optimizer.momentum, optimizer.nesterov) == ("sgd", 0.9, True)


def test_each_arm_differs_from_the_baseline_as_the_paper_says(
    resolved: Callable[[str], Resolved],
) -> None:
    arms = resolved("paper").arms
    base = dict(leaves(arms["baseline"].model_dump()))
    changed = {
        name: {
            ".".join(str(p) for p in path if isinstance(p, str))
            for path, value in leaves(arms[name].model_dump())
            if path not in base or base[path] != value
        }
        for name in ("no_dropout", "l1", "l2", "head_1024", "head_512_32", "adam", "sgd")
    }
    assert changed["no_dropout"] == {
        "model.spatial_dropout", "model.dropout", "model.dense_dropout"
    }  # fmt: skip
    assert changed["l1"] == changed["l2"] == {"model.regularizer.kind", "model.regularizer.factor"}
    assert [arms[arm].model.regularizer for arm in ("l1", "l2")] == [
        RegularizerConfig(kind=kind, factor=1e-4) for kind in ("l1", "l2")
    ]
    assert changed["head_1024"] == changed["head_512_32"] == {"model.dense"}
    for name in ("adam", "sgd"):
        assert {path.rsplit(".", 1)[0] for path in changed[name]} == {"train.optimizer"}, name
    raw, augmented = arms["vgg_raw"], arms["vgg_augmented"]
    assert isinstance(raw.model, VggConfig)
    assert raw.model.pretrained == "vgg16"
    assert raw.model.frozen_layers == 5
    assert (augmented.input.threshold, augmented.input.pad) == (0.9, 224)
    assert raw.model == augmented.model
    assert raw.train == augmented.train
    assert arms["simple_mnist"].image_size == 28
    assert arms["simple_mnist"].input.set == "mnist"
    assert arms["simple_mnist"].model == arms["simple"].model


def test_every_background_family_is_used() -> None:
    assert tuple(PARAMS["data"]["backgrounds"]) == backgrounds.families()


# --- precedence -------------------------------------------------------------------------------


def epochs(params: Tree, arm: str) -> int:
    return resolve(params).arms[arm].train.epochs


def test_a_scale_s_size_reaches_every_arm_that_names_no_other(params: Tree) -> None:
    params["scales"]["smoke"]["train"]["epochs"] = 7
    arms = resolve(params).arms
    assert {n for n, arm in arms.items() if arm.train.epochs == 7} == set(arms) - {
        "vgg_raw", "vgg_augmented"
    }  # fmt: skip


def test_an_arm_overrides_its_scale_s_size(params: Tree) -> None:
    put(params, "arms.adam.train.epochs", 9)
    assert epochs(params, "adam") == 9
    assert epochs(params, "baseline") == params["scales"]["smoke"]["train"]["epochs"]


def test_a_scale_s_arm_overrides_the_arm(params: Tree) -> None:
    put(params, "arms.adam.train.epochs", 9)
    put(params, "scales.smoke.arms.adam.train.epochs", 11)
    put(params, "scales.laptop.arms.adam.train.epochs", 13)
    assert epochs(params, "adam") == 11


def test_an_arm_inherits_what_it_extends_and_overrides_it(params: Tree) -> None:
    params["arms"]["second"] = {"extends": "adam"}
    params["arms"]["third"] = {"extends": "second"}
    put(params, "arms.adam.train.epochs", 9)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [9, 9, 9]
    put(params, "scales.smoke.arms.adam.train.epochs", 11)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 11, 11]
    put(params, "arms.second.train.epochs", 12)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 12, 12]
    put(params, "scales.smoke.arms.third.train.epochs", 13)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 12, 13]
    assert resolve(params).arms["third"].train.optimizer.algorithm == "adam"


def test_the_order_of_arms_does_not_matter(params: Tree) -> None:
    before = resolve(params).arms
    params["arms"] = dict(reversed(params["arms"].items()))
    assert resolve(params).arms == before


def test_costly_arms_run_with_their_own_seeds_and_are_arms_in_all_else(params: Tree) -> None:
    params |= {"seeds": [3, 0, 1], "costly_seeds": [0]}
    before = resolve(params)
    assert before.study.costly_arms == ["vgg_raw", "vgg_augmented"]
    assert before.study.seeds_of("baseline") == [3, 0, 1]
    assert [run for run in before.study.runs if run[0].startswith("vgg")] == [
        ("vgg_raw", 0), ("vgg_augmented", 0)
    ]  # fmt: skip
    assert before.study.stage("train", "vgg_raw", 0) == "train_costly@vgg_raw-0"
    assert before.study.stage("evaluate", "adam", 3) == "evaluate@adam-3"

    # An arm that moves is the same arm, whatever extends it and whatever it extends.
    params["arms"]["vgg_raw"] = params["costly_arms"].pop("vgg_raw")
    params["costly_arms"]["adam"] = params["arms"].pop("adam")
    after = resolve(params)
    assert after.arms == before.arms
    assert after.study.costly_arms == ["vgg_augmented", "adam"]
    assert len(after.study.runs) == len(before.study.runs)


def test_a_study_may_have_no_costly_arm(params: Tree) -> None:
    params["arms"] |= params["costly_arms"]
    params |= {"costly_arms": {}, "seeds": [0, 1]}
    study = resolve(params).study
    assert study.costly_arms == []
    assert study.runs == [(arm, seed) for arm in ARMS for seed in (0, 1)]


def test_resolving_leaves_params_untouched(params: Tree) -> None:
    before = copy.deepcopy(params)
    resolve(params)
    assert params == before


def test_an_arm_without_a_label_is_named_by_itself(params: Tree) -> None:
    del params["arms"]["adam"]["label"]
    assert resolve(params).study.arms["adam"] == "adam"
