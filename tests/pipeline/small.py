"""The project's params.yaml with a few of its arms on few images, and a figure of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from tests.pipeline.repository import Repository

IMAGES = 150  # for training and validation


def few_arms(params: dict[str, Any], arms: Sequence[str], others: Sequence[str]) -> dict[str, Any]:
    """`params` with these arms alone, at the scale smoke.

    Args:
        others: those of them that see the baseline's images, and are compared with it.
    """
    smoke = params["scales"]["smoke"]
    smoke["data"] |= {"images": IMAGES, "mnist_images": IMAGES}
    smoke["train"] |= {"epochs": 1, "batch_size": 30}
    smoke["arms"] = {}
    params |= {"scale": "smoke", "scales": {"smoke": smoke}, "costly_arms": {}}
    params["arms"] = {arm: params["arms"][arm] for arm in arms}
    # One figure a kind, under the name of its kind.
    params["figures"] = {figure["kind"]: figure for figure in params["figures"].values()}
    for figure in params["figures"].values():
        if figure["kind"] == "curves":
            figure["arms"] = ["baseline", *others]
        elif "arms" in figure:
            figure["arms"] = ["baseline"]
        if figure["kind"] == "best":
            figure["groups"] = {"CNN": ["baseline"], "others": list(others)}
    params["statistics"] |= {
        "images_test": ["baseline", others[0]], "families": {"all": "others"}
    }  # fmt: skip
    params["claims"] = {
        name: claim
        for name, claim in params["claims"].items()
        if set(claim.get("arms", [])) <= set(arms)
    }
    return params


def keep_few_arms(repository: Repository, arms: Sequence[str], others: Sequence[str]) -> None:
    """Writes `few_arms` over the params.yaml of a repository."""
    file = repository.path / "params.yaml"
    params = few_arms(yaml.safe_load(file.read_text(encoding="utf-8")), arms, others)
    file.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
