"""The driver for a GPU, held on the CPU to the study's own training under the same backend."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ablation.training.config import ArmConfig
from device import __main__ as device
from tests.conftest import ADAM
from tests.device.device_runs import SEEDS, TOGETHER
from tests.training.test_backends import under

Arm = Callable[..., ArmConfig]

VARIANTS: dict[str, dict[str, Any]] = {
    "nesterov": {"train": {"epochs": 3, "images_per_epoch": 8}},  # one step an epoch
    "two steps": {"train": {"epochs": 3, "images_per_epoch": 16}},
    "adam l2": {"train": {"epochs": 3, "optimizer": ADAM}, "model": {"regularizer": "l2"}},
    "fresh": {"train": {"epochs": 3, "fresh_images": True}},
    "residual": {"train": {"epochs": 3}, "model": {"residual": True}},
}
LOSSES = ("train_loss", "validation_loss", "running_loss")
ACCURACIES = ("train_accuracy", "validation_accuracy", "running_accuracy")


@pytest.fixture(scope="module")
def results(tiny_arm: Arm, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("device")
    arms = {name: tiny_arm(change).model_dump(mode="json") for name, change in VARIANTS.items()}
    (folder / "arms.json").write_text(json.dumps(arms))
    under("jax", "tests.device.device_runs", str(folder / "arms.json"), str(folder / "out.json"))
    return json.loads((folder / "out.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_driver_trains_as_the_study_does(name: str, results: dict[str, Any]) -> None:
    """The same images, dropout and steps; only the order of sums differs in one compiled call."""
    own, driven = results[f"{name} own"], results[f"{name} driven"]
    assert len(driven["history"]) == len(own["history"]) == 3
    for ours, theirs in zip(driven["history"], own["history"], strict=True):
        assert list(ours) == list(theirs)
        assert ours["epoch"] == theirs["epoch"]
        for key in LOSSES:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-3), key
        for key in ACCURACIES:  # an image may stand on the edge between two labels
            assert ours[key] == pytest.approx(theirs[key], abs=0.051), key
    for ours, theirs in zip(driven["weights"], own["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("side", ["driven", "own"])
def test_the_running_numbers_are_means_over_the_epoch_s_steps(
    side: str, results: dict[str, Any]
) -> None:
    """Known from epochs of one step; under JAX Keras's own running mean is the last step's."""
    single = results[f"nesterov {side}"]["history"][:2]
    both = results[f"two steps {side}"]["history"][0]
    for key in ("running_loss", "running_accuracy"):
        assert both[key] == pytest.approx(np.mean([row[key] for row in single]), rel=1e-4), key
    assert single[0]["running_loss"] != pytest.approx(single[1]["running_loss"], rel=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_run_that_its_limit_ended_goes_on_to_the_bit(name: str, results: dict[str, Any]) -> None:
    whole, broken = results[f"{name} driven"], results[f"{name} broken"]
    assert broken["weights"] == whole["weights"]
    for ours, theirs in zip(broken["history"], whole["history"], strict=True):
        assert {k: v for k, v in ours.items() if "seconds" not in k} == {
            k: v for k, v in theirs.items() if "seconds" not in k
        }


@pytest.mark.slow
@pytest.mark.parametrize("name", TOGETHER)
@pytest.mark.parametrize("seed", SEEDS)
def test_seeds_that_train_at_once_train_as_each_does_alone(
    seed: int, name: str, results: dict[str, Any]
) -> None:
    alone, together = (results[f"{name} seed {seed} {how}"] for how in ("alone", "together"))
    for ours, theirs in zip(together["history"], alone["history"], strict=True):
        for key in LOSSES:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-3), key
    for ours, theirs in zip(together["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-2, atol=1e-3)
    assert results[f"{name} seed {seed} broken"]["weights"] == together["weights"]
    others = [results[f"{name} seed {o} together"]["weights"] for o in SEEDS if o != seed]
    assert together["weights"] not in others


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        (1, [("a", [0]), ("a", [2]), ("a", [1]), ("b", [0])]),
        (2, [("a", [0, 2]), ("a", [1]), ("b", [0])]),
        (9, [("a", [0, 2, 1]), ("b", [0])]),
    ],
)
def test_seeds_of_an_arm_form_groups(together: int, expected: list[Any]) -> None:
    runs = [("a", 0), ("b", 0), ("a", 2), ("a", 1)]
    assert device.groups(runs, together) == expected
