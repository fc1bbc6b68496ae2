"""Which arms a change of `params.yaml` trains again: those that it makes another run, and no other.

A run depends on its arm's resolved configuration (dvc.yaml, stage train), so that is what is held.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from ablation.composition.config import FreshLayoutConfig
from ablation.composition.handwriting import HandwritingConfig
from ablation.study import settings
from ablation.study.resolution import resolve
from tests.params import ARMS, PAPER, SCALES, Tree, leaves, put

SIMPLE = {"simple_mnist", "simple", "simple_128"}
NORMALIZED = {"baseline", "adam", "sgd", "no_dropout", "l1", "l2", "head_1024", "head_512_32"}
NORMALIZED |= {"baseline_128"}
FRESH = {"largest_fresh"}
OURS = {"largest", *FRESH}
VARIED = {arm for arm in ARMS if arm.startswith(("varied", "unseen_"))}
PAPERS = SIMPLE | NORMALIZED
CNN = PAPERS | OURS | VARIED
VGG = {"vgg_raw", "vgg_augmented"}
ALL = CNN | VGG
NESTEROV = PAPERS - {"adam", "sgd"} | {"largest"}
DROPS = NORMALIZED - {"no_dropout"} | {"largest"}
NONE: set[str] = set()


class In(NamedTuple):
    """A value for an arm of its own: not every arm can have it."""

    value: Any
    extends: str = "baseline"


# key -> a new value, and the arms whose runs it makes others.
TABLE: dict[str, tuple[Any, set[str]]] = {
    "input.set": (In("mnist"), {"another"}),
    "input.threshold": (0.5, ALL - {"vgg_augmented"}),  # which has its own
    "input.pad": (In(40), {"another"}),
    "input.scaling": (In("unit", "vgg_raw"), {"another"}),
    "model.architecture": (In("vgg16"), {"another"}),
    "model.cnn.blocks": ([[64, 64], [128, 128], [256]], NORMALIZED | OURS),
    "model.cnn.kernel": (5, CNN),
    "model.cnn.stem": ({"filters": 16, "kernel": 5, "stride": 2}, CNN - FRESH - VARIED),
    "model.cnn.pools": ([2, 2, 1], NORMALIZED | OURS),
    "model.cnn.batch_normalization": (False, NORMALIZED | OURS | VARIED),
    "model.cnn.batch_normalization_momentum": (0.8, NORMALIZED | OURS | VARIED),
    "model.cnn.spatial_dropout": ([0.1, 0.2, 0.0], DROPS),
    "model.cnn.dropout": ([0.0, 0.0, 0.1], DROPS),
    "model.cnn.head": ("largest", PAPERS),
    "model.cnn.dense": ([256], NORMALIZED - {"head_1024", "head_512_32"}),
    "model.cnn.dense_dropout": (0.4, DROPS - {"largest"}),
    "model.cnn.regularizer": ("l2", CNN - {"l1", "l2"}),
    "model.cnn.regularization": (0.001, {"l1", "l2"}),
    "model.vgg16.weights": ("none", VGG),
    "model.vgg16.frozen_layers": (3, VGG),
    "model.vgg16.dense": ([512], VGG),
    "model.vgg16.dense_dropout": (0.1, VGG),
    "train.optimizer": ("adam", NESTEROV),
    "train.backend": ("jax", ALL),
    "train.engine": ("steps", NONE),  # as it is
    "train.precision": ("mixed_bfloat16", ALL),
    "train.fresh_images": (In(True), {"another"}),
    "train.fresh_backgrounds": (["stars", "cells"], FRESH),
    "train.fresh_pictures": (True, FRESH),
    "train.fresh_handwriting": (
        {"shear": 0.2, "stretch": 0.2, "thickness": 0.7, "elastic": 1.5},
        FRESH,
    ),
    "train.fresh_labels": ("present", FRESH),
    "train.threads": (2, ALL),
    "train.optimizers.adam.algorithm": ("sgd", {"adam", *VGG, *FRESH}),
    # The others have rates of their own.
    "scales.smoke.train.optimizers.adam.learning_rate": (0.0123, {"adam"}),
    "train.optimizers.adam.momentum": (0.5, NONE),  # Adam has none of SGD's
    "train.optimizers.adam.nesterov": (False, NONE),
    "train.optimizers.adam.schedule": ("constant", {"adam", *VGG, *FRESH}),
    "train.optimizers.adam.warmup": (0.2, {"adam", *VGG, *FRESH}),
    "train.optimizers.adam.decay": (0.2, NONE),  # no trapezoid
    "train.optimizers.muon.learning_rate": (0.01, VARIED),
    "scales.smoke.train.optimizers.sgd.learning_rate": (0.0123, {"sgd"}),
    "train.optimizers.sgd_nesterov.nesterov": (False, NESTEROV),
    "scales.smoke.input.downscale": (In(1), {"another"}),
    "scales.smoke.model.cnn.width": (0.125, CNN),
    "scales.smoke.model.cnn.dropout_factor": (0.25, DROPS),
    "scales.smoke.train.images": (In(150), {"another"}),
    "scales.smoke.train.epochs": (3, CNN),
    "scales.smoke.train.images_per_epoch": (100, CNN),
    "scales.smoke.train.batch_size": (40, PAPERS | {"largest"}),
    "scales.smoke.train.measured_images": (40, ALL),
    # What the images are is a matter of the data set, which runs depend on as files.
    "scales.smoke.data.canvas": (72, ALL - {"simple_mnist", "simple_128", "baseline_128"}),
    "scales.smoke.data.images": (240, ALL - {"simple_mnist"}),  # how many images an epoch has
    "scales.smoke.data.mnist_images": (240, {"simple_mnist"}),
    "scales.smoke.data.test_images": (90, NONE),
    "scales.smoke.data.mnist_test_images": (90, NONE),
    "data.validation_fraction": (0.25, ALL),
    "data.rotation": (10.0, FRESH | VARIED),
    # Of another scale, of what is told of runs, and of what an arm does not use.
    "scales.laptop.train.epochs": (99, NONE),
    "data.image_seed": (77, NONE),
    "data.external": ("own.npz", NONE),
    "arms.adam.label": ("another name", NONE),
    "arms.adam.train.images": (200, NONE),  # all there are
    "arms.no_dropout.model.cnn.dropout_factor": (0.1, NONE),
    "arms.simple.model.cnn.batch_normalization_momentum": (0.5, NONE),
    "arms.baseline.model.cnn.regularization": (0.5, NONE),
    # Of one arm, and of those that extend it.
    "arms.l1.model.cnn.kernel": (5, {"l1"}),
    "arms.simple.model.cnn.dense": ([512], SIMPLE),
    "costly_arms.vgg_raw.model.vgg16.frozen_layers": (2, VGG),
}


def touched(params: Tree, path: str, value: Any) -> set[str]:
    """The arms whose resolved configuration a change of one value changes."""
    before = resolve(params, PAPER).arms
    put(params, path, value)
    after = resolve(params, PAPER).arms
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("path", TABLE)
def test_a_change_trains_again_what_it_makes_another_run_and_no_other(
    params: Tree, path: str
) -> None:
    value, arms = TABLE[path]
    if isinstance(value, In):
        params["arms"]["another"] = {"extends": value.extends}
        path, value = f"scales.smoke.arms.another.{path.removeprefix('scales.smoke.')}", value.value
    assert touched(params, path, value) == arms


def test_the_table_has_every_key_that_concerns_training(params: Tree) -> None:
    sections: list[tuple[str, ...]] = [(key,) for key in ("input", "model", "train")]
    sections += [("scales", "smoke", key) for key in ("data", "input", "model", "train")]
    known = {tuple(path.split(".")) for path in TABLE}
    for section in sections:
        tree: Any = params
        for key in section:
            tree = tree[key]
        for path, _ in leaves(tree):
            keys: tuple[str, ...] = (*section, *(key for key in path if isinstance(key, str)))
            if "optimizers" in keys and keys not in known:  # others have the same keys
                keys = (*keys[: keys.index("optimizers") + 1], "adam", keys[-1])
            assert keys in known, f"{'.'.join(keys)}: which arms does it train again?"


@pytest.mark.parametrize("scale", SCALES)
def test_another_optimizer_touches_the_arms_that_inherit_it_and_back_again(
    params: Tree, scale: str
) -> None:
    params["scale"] = scale
    assert touched(params, "train.optimizer", "adam") == NESTEROV
    arms = resolve(params, PAPER).arms
    assert arms["baseline"] == arms["adam"]
    assert touched(params, "train.optimizer", "sgd_nesterov") == NESTEROV


def test_fresh_images_are_a_matter_of_the_digits_the_layout_and_the_code(
    params: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert touched(params, "arms.adam.train.fresh_images", True) == {"adam"}
    fresh = resolve(params, PAPER).arms["adam"].fresh
    assert fresh is not None
    assert FreshLayoutConfig(**fresh.layout).rotation == params["data"]["rotation"]
    plain = fresh.code
    assert all(digest.startswith("md5:") for digest in fresh.digits)
    for path in ("train.fresh_pictures", "train.fresh_handwriting"):
        put(params, path, TABLE[path][0])
    fresh = resolve(params, PAPER).arms["adam"].fresh
    assert fresh is not None
    layout = FreshLayoutConfig(**fresh.layout)
    assert fresh.code != plain  # of handwriting too
    assert layout.pictures
    assert layout.handwriting == HandwritingConfig(**TABLE["train.fresh_handwriting"][0])
    before = resolve(params, PAPER).arms
    monkeypatch.setattr(settings, "_composing_code", lambda _: "other")
    after = resolve(params, PAPER).arms
    assert {name for name in before if before[name] != after[name]} == {"adam", *FRESH, *VARIED}
