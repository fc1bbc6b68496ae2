"""The arms beyond the paper, as docs/gpu.md gives them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ablation.config.arm import CnnConfig
from ablation.files import read_yaml
from ablation.resolution import resolve
from ablation.training import network
from tests.conftest import merged

ROOT = Path(__file__).parent.parent
PARAMS = read_yaml(ROOT / "params.yaml")
(LINES,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/gpu.md").read_text(), re.DOTALL)
ADDED: dict[str, Any] = yaml.safe_load(LINES)


@pytest.mark.parametrize("scale", list(PARAMS["scales"]))
def test_each_is_an_arm_at_every_scale_and_costs_what_none_other_does(scale: str) -> None:
    study = resolve(merged(PARAMS, ADDED) | {"scale": scale})
    assert set(study.arms) == {*PARAMS["arms"], *ADDED["arms"]}
    costs = {name: study.study.multiply_adds[name] for name in ("baseline", *ADDED["arms"])}
    assert len(set(costs.values())) == len(costs), costs
    for name in ADDED["arms"]:
        assert isinstance(study.arms[name].model, CnnConfig)


def test_each_is_a_network_of_its_own() -> None:
    arms = resolve(merged(PARAMS, ADDED) | {"scale": "smoke"}).arms
    sizes = {
        name: network(arms[name], 0, None).count_params() for name in ("baseline", *ADDED["arms"])
    }
    assert len(set(sizes.values())) == len(sizes), sizes
    for name in ("kernel_5", "wide", "resnet"):
        assert sizes[name] > sizes["baseline"]
