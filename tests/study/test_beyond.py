"""The arms beyond the paper, as docs/beyond.md gives them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ablation.base.files import read_yaml, write_yaml
from ablation.networks.architectures import build
from ablation.study.resolution import resolve
from ablation.training.config import ArmConfig
from stages import resolve as stage
from tests.conftest import merged
from tests.params import ARMS

ROOT = Path(__file__).resolve().parents[2]
PARAMS = read_yaml(ROOT / "params.yaml")
(LINES,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/beyond.md").read_text(), re.DOTALL)
ADDED: dict[str, Any] = yaml.safe_load(LINES)
NAMES = [*ADDED["arms"], *ADDED["costly_arms"]]
FRESH = "fresh"  # the baseline's network on other images
TRAINED_OTHERWISE = {FRESH, "smoothed", "averaged", "ours_dense"}
NETWORKS = [name for name in NAMES if name not in TRAINED_OTHERWISE]


@pytest.mark.parametrize("scale", list(PARAMS["scales"]))
def test_each_is_an_arm_at_every_scale_and_costs_what_none_other_does(scale: str) -> None:
    study = resolve(merged(PARAMS, ADDED) | {"scale": scale})
    assert set(study.arms) == {*ARMS, *NAMES}
    costs = {name: study.study.multiply_adds[name] for name in ("baseline", *NETWORKS)}
    assert len(set(costs.values())) == len(costs), costs
    for name in NAMES:
        assert study.arms[name].model.architecture == ("vgg19" if name == "vgg19" else "cnn")


@pytest.mark.parametrize("scale", list(PARAMS["scales"]))
def test_vgg19_differs_from_raw_vgg16_in_its_network_alone(scale: str) -> None:
    study = resolve(merged(PARAMS, ADDED) | {"scale": scale})
    deeper, raw = study.arms["vgg19"], study.arms["vgg_raw"]
    assert deeper.model_copy(update={"model": raw.model}) == raw
    theirs = {"architecture": "vgg16"} | raw.model.model_dump(exclude={"architecture", "weights"})
    assert deeper.model.model_dump(exclude={"weights"}) == theirs | {"architecture": "vgg19"}
    assert deeper.model.pretrained == "vgg19"
    assert study.study.multiply_adds["vgg19"] > study.study.multiply_adds["vgg_raw"]


@pytest.mark.parametrize("scale", list(PARAMS["scales"]))
def test_fresh_differs_from_the_baseline_in_its_images_alone(scale: str) -> None:
    study = resolve(merged(PARAMS, ADDED) | {"scale": scale})
    fresh, baseline = study.arms[FRESH], study.arms["baseline"]
    assert fresh.fresh is not None
    for key, value in fresh.fresh.layout.items():
        assert value == getattr(study.data, key)
    assert baseline.fresh is None
    assert fresh.model_copy(update={"fresh": None}) == baseline


@pytest.mark.parametrize("scale", list(PARAMS["scales"]))
def test_ours_dense_differs_from_ours_in_head_and_images_alone(scale: str) -> None:
    arms = resolve(merged(PARAMS, ADDED) | {"scale": scale}).arms
    dense, baseline = arms["ours_dense"], arms["baseline"]
    assert dense.train.optimizer == arms["largest_fresh"].train.optimizer
    assert dense.train.batch_size == (
        32 if scale == "ours" else arms["largest_fresh"].train.batch_size
    )
    dropout = {"spatial_dropout", "dropout", "dense_dropout"}
    kept = dense.model.model_dump(exclude=dropout)
    assert kept == baseline.model.model_dump(exclude=dropout)
    assert not any(any(np.ravel(getattr(dense.model, key))) for key in dropout)
    assert dense.input == baseline.input


def test_each_is_a_network_of_its_own() -> None:
    arms = resolve(merged(PARAMS, ADDED) | {"scale": "smoke"}).arms
    names = ("baseline", "vgg_raw", *NETWORKS)
    sizes = {name: build(random(arms[name]), 0, None).count_params() for name in names}
    assert len(set(sizes.values())) == len(sizes), sizes
    for name in ("kernel_5", "wide", "resnet"):
        assert sizes[name] > sizes["baseline"]
    assert sizes["vgg19"] > sizes["vgg_raw"]


def random(arm: ArmConfig) -> ArmConfig:
    """The arm without weights that would have to be fetched."""
    change = {"weights": None} if arm.model.pretrained else {}
    return arm.model_copy(update={"model": arm.model.model_copy(update=change)})


def test_vgg19_s_weights_are_asked_for_where_an_arm_starts_from_them_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = PARAMS["sources"]["vgg19"]
    none = {"costly_arms": {"vgg19": {"model": {"vgg19": {"weights": "none"}}}}}
    for change, fetched, digest in (
        ({}, None, None),
        (ADDED, source, source["public"]["digest"]),
        (merged(ADDED, none), None, None),
    ):
        write_yaml(Path("params.yaml"), merged(PARAMS, change) | {"scale": "smoke"})
        stage.main()
        assert read_yaml(Path("configs/sources.yaml")) == PARAMS["sources"] | {"vgg19": fetched}
        arm = Path("configs/arms/vgg19.yaml")
        assert arm.exists() == bool(change)
        if change:
            assert read_yaml(arm)["model"]["weights"] == digest
        raw = read_yaml(Path("configs/arms/vgg_raw.yaml"))
        assert raw["model"]["weights"] == PARAMS["sources"]["vgg16"]["content"]
