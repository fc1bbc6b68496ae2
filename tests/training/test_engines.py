"""Either engine trains the same run. `tests/training/test_backends.py` runs this under JAX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from ablation.training.epochs import Images
from ablation.training.moment import Moment

from ablation.networks import architectures
from ablation.networks.config import CnnConfig
from ablation.study.resolution import Resolved
from ablation.training import loop
from ablation.training.config import ArmConfig
from ablation.training.loop import Trained
from tests.params import ARMS
from tests.training.test_loop import small

Arm = Callable[..., ArmConfig]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="the compiled engine is JAX's"),
]
# Of a number in a history. Both engines compute the same sums in float32 with the same masks; XLA
# may order a sum otherwise where it compiles more into one call. Seen on one processor, with all of
# XLA's optimizations: what is measured after the epoch is equal to the bit, the running loss within
# 1.1e-7. A step left out changes it by 2e-2.
TOLERANCE = 1e-5


def images(side: int, fresh: bool = False) -> Images:
    """Noise, of an epoch's own where `fresh`: an engine does not ask what it shows."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(250)
    pixels, labels = noise(rng, 250, side)
    data = Images(pixels, labels, numbers[:200], numbers[200:])
    if fresh:
        data = replace(data, fresh=lambda n, count: noise(np.random.default_rng(n), count, side))
    return data


def noise(rng: np.random.Generator, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    return (
        rng.integers(0, 256, (count, side, side), np.uint8),
        rng.integers(0, 10, count, np.uint8),
    )


def run(
    arm: ArmConfig,
    data: Images,
    path: Path,
    report: Callable[[Moment], None] = lambda _: None,
    **train: object,
) -> Trained:
    arm = arm.model_copy(update={"train": arm.train.model_copy(update={"backend": "jax", **train})})
    model = architectures.build(arm, 0, None)
    return loop.train(model, arm, 0, data, path / f"{arm.train.engine}.npz", report)


def assert_equal_histories(one: Trained, other: Trained) -> None:
    assert len(one.history) == len(other.history)
    for ours, theirs in zip(one.history, other.history, strict=True):
        assert list(ours) == list(theirs)
        assert ours == pytest.approx(theirs, rel=TOLERANCE)


@pytest.mark.parametrize("name", list(ARMS))
def test_an_epoch_of_each_arm_has_the_same_history(
    name: str, resolved: Callable[[str], Resolved], tmp_path: Path
) -> None:
    arm = resolved("smoke").arms[name]
    if arm.model.pretrained:
        arm = arm.model_copy(update={"model": arm.model.model_copy(update={"weights": None})})
    data = images(arm.image_size)
    few = 8 if isinstance(arm.model, CnnConfig) else 2  # VGG-16's step is a hundred times the work
    short = {"epochs": 1, "batch_size": few, "images_per_epoch": 3 * few, "measured_images": few}
    steps, compiled = (
        run(arm, data, tmp_path, engine=engine, **short) for engine in ("steps", "compiled")
    )
    assert_equal_histories(compiled, steps)


def test_smoothed_labels_are_the_same_for_both(tiny_arm: Arm, tmp_path: Path) -> None:
    data, arm = images(12), small(tiny_arm, label_smoothing=0.1)
    steps, compiled = (run(arm, data, tmp_path, engine=e) for e in ("steps", "compiled"))
    assert_equal_histories(compiled, steps)
    plain = run(small(tiny_arm), data, tmp_path / "plain", engine="compiled")
    assert plain.history != compiled.history
    for one, other in zip(steps.model.get_weights(), compiled.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_fresh_images_are_the_same_for_both(tiny_arm: Arm, tmp_path: Path) -> None:
    data = images(12, fresh=True)
    steps, compiled = (
        run(small(tiny_arm), data, tmp_path, engine=engine) for engine in ("steps", "compiled")
    )
    assert_equal_histories(compiled, steps)
    fixed = run(small(tiny_arm), images(12), tmp_path / "fixed", engine="compiled")
    assert fixed.history != compiled.history


def test_a_run_on_fresh_images_that_was_interrupted_goes_on_to_the_bit(
    tiny_arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_RATE", float("inf"))
    data, arm = images(12, fresh=True), small(tiny_arm, epochs=3)

    def interrupt(moment: Moment) -> None:
        if moment.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(arm, data, tmp_path / "broken", interrupt, engine="compiled")
    told: list[Moment] = []
    resumed = run(arm, data, tmp_path / "broken", told.append, engine="compiled")
    assert {moment.epoch for moment in told} == {3}
    assert_identical(resumed, run(arm, data, tmp_path / "whole", engine="compiled"))


def test_an_epoch_in_one_call_is_that_of_many(
    tiny_arm: Arm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: here, where a convolution in a loop is slow, each step is a call of its own."""
    from ablation.training import compiled

    arm, data = small(tiny_arm, images_per_epoch=48), images(12)
    apart = run(arm, data, tmp_path / "apart", engine="compiled")
    monkeypatch.setattr(compiled, "steps_at_once", lambda steps: steps)
    told: list[Moment] = []
    together = run(arm, data, tmp_path / "together", told.append, engine="compiled")
    assert [moment.epoch_ended for moment in told] == [True, True]  # an epoch, told once
    assert_equal_histories(together, apart)


def assert_identical(one: Trained, other: Trained) -> None:
    assert one.history == other.history
    for ours, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
