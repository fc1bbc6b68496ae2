"""A checkpoint is of one run, holds all of it, and is whole or the one before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from ablation.training.checkpoints import State

from ablation.networks import architectures
from ablation.training import checkpoints
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]
STATE = State([{"epoch": 1, "validation_accuracy": 0.1 + 0.2}], [0.1], [0.3])


def network(arm: ArmConfig, seed: int = 0) -> keras.Model:
    model = architectures.build(arm, seed, None)
    model.compile(
        keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )  # fmt: skip
    return model


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (8, 12, 12)).astype(np.uint8), np.arange(8, dtype=np.uint8)


def state(model: keras.Model) -> list[np.ndarray]:
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(v.value) for v in variables]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_checkpoint_holds_weights_optimizer_and_random_state(
    precision: str, tmp_path: Path, tiny_arm: Arm
) -> None:
    arm = tiny_arm({"precision": precision})
    trained = network(arm)
    trained.train_on_batch(*batch())
    trained.reset_metrics()
    checkpoints.save(tmp_path / "state.npz", trained, STATE)
    fresh = network(arm, seed=1)
    assert checkpoints.restore(tmp_path / "state.npz", fresh) == STATE
    assert len(fresh.optimizer.variables) > 2
    for model in (trained, fresh):  # the same state, so the next step is the same too
        model.train_on_batch(*batch())
    for ours, theirs in zip(state(fresh), state(trained), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "change",
    [{"dense": [12, 12]}, {"dense": [13]}, {"width": 1.0}, {"spatial_dropout": [0.0, 0.0]}],
    ids=str,
)
def test_another_network_s_checkpoint_is_set_aside_and_changes_nothing(
    change: dict[str, object], tmp_path: Path, tiny_arm: Arm
) -> None:
    path = tmp_path / "state.npz"
    checkpoints.save(path, network(tiny_arm()), STATE)
    other = network(tiny_arm({"model": change}))
    other.optimizer.build(other.trainable_variables)
    before = state(other)
    told: list[str] = []
    assert checkpoints.resume(path, other, told.append) == State()
    assert told == [
        f"{path} is of another network; set aside as state.npz.damaged, so the run begins anew"
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz.damaged"]
    for ours, theirs in zip(state(other), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_write_that_is_killed_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_arm: Arm
) -> None:
    path, model = tmp_path / "state.npz", network(tiny_arm())
    checkpoints.save(path, model, STATE)
    before = path.read_bytes()
    savez = np.savez

    def killed(file: object, **arrays: np.ndarray) -> None:
        savez(file, **dict(list(arrays.items())[:2]))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoints.save(path, model, State())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert checkpoints.restore(path, model) == STATE


LACKING = ("variable_0", "state")


def damaged(path: Path, how: str | float) -> None:
    """Cuts the file to a share of its length, or puts something else into it."""
    content = path.read_bytes()
    with np.load(path) as stored:
        arrays = dict(stored)
    if isinstance(how, float):
        path.write_bytes(content[: int(how * len(content))])
    elif how == "garbage":
        path.write_bytes(np.random.default_rng(0).bytes(1000))
    elif how == "a changed bit":
        path.write_bytes(content.replace(arrays["variable_0"].tobytes(), b"x" * 8, 1))
    elif how == "other state":
        np.savez(path, **arrays | {"state": np.array('{"history": [{}]}')})
    elif how == "other numbers":
        np.savez(path, **arrays | {"variable_0": arrays["variable_0"].astype(np.float64)})
    else:
        np.savez(path, **{name: array for name, array in arrays.items() if name != how})


@pytest.mark.parametrize(
    "how",
    [0.0, 0.001, 0.3, 0.9, 0.999, "garbage", "a changed bit", "other state", "other numbers",
     *LACKING],
    ids=str,
)  # fmt: skip
def test_a_damaged_checkpoint_is_set_aside_and_changes_nothing(
    how: str | float, tmp_path: Path, tiny_arm: Arm
) -> None:
    path, model = tmp_path / "state.npz", network(tiny_arm())
    checkpoints.save(path, model, STATE)
    before = state(model)
    damaged(path, how)
    told: list[str] = []
    assert checkpoints.resume(path, model, told.append) == State()
    assert len(told) == 1
    assert told[0].startswith(str(path))
    assert told[0].endswith("; set aside as state.npz.damaged, so the run begins anew")
    assert told[0].isprintable()
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz.damaged"]
    for ours, theirs in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
