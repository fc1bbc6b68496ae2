"""One run: repeatable to the bit, also where it was interrupted and went on.

Run under JAX as well (tests/training/test_backends.py), where either engine is held to all of it.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from ablation.networks import architectures
from ablation.networks.heads import log_largest
from ablation.training import loop
from ablation.training.config import ArmConfig
from ablation.training.loop import Images, Moment, State, Trained
from tests.conftest import ADAM

Arm = Callable[..., ArmConfig]

ENGINES = ["steps", "compiled"] if keras.backend.backend() == "jax" else ["steps"]
# Momentum on a data set; and moments, a schedule and each epoch's images composed anew.
KINDS = ["sgd", "adam, fresh"]
EPOCHS, STEPS, BATCH = 3, 6, 8
TOLD = STEPS + 1  # moments of an epoch: after each step, and once it is measured
PARTS = ("train", "validation")


@pytest.fixture(autouse=True)
def _a_checkpoint_after_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_RATE", float("inf"))


def noise(rng: np.random.Generator, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    images = rng.integers(0, 256, (count, side, side), np.uint8)
    return images, rng.integers(0, 10, count, np.uint8)


def data(fresh: bool = False, side: int = 12) -> Images:
    """50 images for training, so that an epoch of 6 batches of 8 leaves two over, 14 others."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(64)
    images, labels = noise(rng, 64, side)
    each = (lambda n, count: noise(np.random.default_rng(n), count, side)) if fresh else None
    return Images(images, labels, numbers[:50], numbers[50:], each)


def run(
    arm: ArmConfig,
    of: Images,
    checkpoint: Path,
    report: Callable[[Moment], None] = lambda _: None,
    seed: int = 0,
) -> Trained:
    model = architectures.build(arm, seed, None)
    return loop.train(model, arm, seed, of, checkpoint, report)


def arrays(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(v.value) for v in model.variables]


def assert_same(one: Trained, other: Trained) -> None:
    """The same to the bit."""
    for ours, theirs in zip(arrays(one.model), arrays(other.model), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert one.history == other.history


def small(tiny_arm: Arm, **train: Any) -> ArmConfig:
    """One convolution with normalization and dropout, which is soon compiled."""
    block = {"blocks": [[4]], "pools": [2], "spatial_dropout": [0.0], "dropout": [0.2]}
    model = {**block, "dense": [], "dense_dropout": 0.0}
    return tiny_arm({"model": model, "train": train})


@dataclasses.dataclass(frozen=True)
class Whole:
    """A run without an interruption: all that it was of, what it told and what it left."""

    arm: ArmConfig
    data: Images
    trained: Trained
    told: list[Moment]
    checkpoint: Path


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory, tiny_arm: Arm) -> Callable[[str, str], Whole]:
    @cache
    def make(engine: str, kind: str) -> Whole:
        optimizer = {"optimizer": ADAM} if kind == "adam, fresh" else {}
        arm = small(tiny_arm, epochs=EPOCHS, engine=engine, **optimizer)
        of, told = data(fresh=kind == "adam, fresh"), list[Moment]()
        checkpoint = tmp_path_factory.mktemp("whole") / "state.npz"
        return Whole(arm, of, run(arm, of, checkpoint, told.append), told, checkpoint)

    return make


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=ENGINES)
def whole(request: pytest.FixtureRequest, kind: str, wholes: Callable[[str, str], Whole]) -> Whole:
    return wholes(request.param, kind)


def test_a_run_repeats_to_the_bit_whatever_the_global_random_state(
    whole: Whole, tmp_path: Path
) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    keras.utils.set_random_seed(1)
    assert_same(run(whole.arm, whole.data, tmp_path / "state.npz"), whole.trained)


def test_another_seed_is_another_run(wholes: Callable[[str, str], Whole], tmp_path: Path) -> None:
    whole = wholes("steps", "sgd")
    other = run(whole.arm, whole.data, tmp_path / "state.npz", seed=1)
    assert other.history != whole.trained.history


# Within the third epoch; and at the end of the second, before it is measured.
@pytest.mark.parametrize(
    ("kind", "moment"),
    [("sgd", 2 * TOLD + 3), ("adam, fresh", 2 * TOLD - 1)],
    indirect=["kind"],
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    moment: int, whole: Whole, tmp_path: Path
) -> None:
    told: list[Moment] = []

    def interrupt(now: Moment) -> None:
        told.append(now)
        if len(told) == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(whole.arm, whole.data, tmp_path / "state.npz", interrupt)
    again: list[Moment] = []
    resumed = run(whole.arm, whole.data, tmp_path / "state.npz", again.append)
    done = moment // TOLD
    assert len(again) == (EPOCHS - done) * TOLD  # whole epochs are not run again
    assert {now.resumed for now in again} == {done}
    assert_same(resumed, whole.trained)


def test_a_finished_run_is_only_read_again_with_its_speed_and_seconds(
    wholes: Callable[[str, str], Whole], tmp_path: Path
) -> None:
    """The speed is that of the median epoch, the seconds those of all."""
    whole = wholes("steps", "sgd")
    path, model = tmp_path / "state.npz", architectures.build(whole.arm, 0, None)
    loop.compile_for(model, whole.arm, EPOCHS * STEPS)
    state = loop.resume(whole.checkpoint, model)
    loop.save(path, model, State(state.history, [9.0, 2.0, 1.0], [10.0, 3.0, 2.0]))
    told: list[Moment] = []
    again = run(whole.arm, whole.data, path, told.append)
    assert told == []
    assert_same(again, whole.trained)
    assert again.images_per_second == STEPS * BATCH / 2.0
    assert again.seconds == 15.0


def test_the_history_has_a_row_an_epoch_measured_in_inference_mode(whole: Whole) -> None:
    history = whole.trained.history
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert list(history[0]) == [
        "epoch", "running_accuracy", "running_loss", "train_accuracy", "train_loss",
        "validation_accuracy", "validation_loss", "penalty",
    ]  # fmt: skip
    of = whole.data
    for part, numbers in zip(PARTS, (of.training, of.validation), strict=True):
        chosen = numbers[: whole.arm.train.measured_images]
        logits = whole.trained.model(of.images[chosen], training=False)
        logits = keras.ops.convert_to_numpy(logits).astype(np.float64)
        right = logits.argmax(axis=1) == of.labels[chosen]
        assert history[-1][f"{part}_accuracy"] == pytest.approx(right.mean(), abs=1e-6)
        of_label = logits[range(len(chosen)), of.labels[chosen]]
        losses = np.log(np.exp(logits).sum(axis=1)) - of_label
        assert history[-1][f"{part}_loss"] == pytest.approx(losses.mean(), rel=1e-4)


def test_moments_rise_to_the_end(whole: Whole) -> None:
    told = whole.told
    steps = np.tile([*range(1, STEPS + 1), STEPS], EPOCHS)
    assert [moment.epoch for moment in told] == np.repeat([1, 2, 3], TOLD).tolist()
    np.testing.assert_allclose([moment.share for moment in told], steps / STEPS)
    assert all(moment.epochs == EPOCHS and moment.resumed == 0 for moment in told)
    assert all(moment.images_per_second > 0 for moment in told)
    assert all(moment.seconds_left > 0 for moment in told[:-2])
    assert told[-1].seconds_left == 0


# --- checkpoints ------------------------------------------------------------------------------


def test_a_checkpoint_is_written_as_often_as_its_size_allows_and_at_the_end(
    tmp_path: Path, tiny_arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that each epoch takes a second of; a file is due three seconds after another."""
    train = {"epochs": 10, "images_per_epoch": BATCH}
    arm, path = tiny_arm({"model": {"dense": [200]}, "train": train}), tmp_path / "state.npz"
    model = architectures.build(arm, 0, None)
    loop.compile_for(model, arm, 10)
    loop.save(path, model, State())
    monkeypatch.setattr(loop, "CHECKPOINT_RATE", path.stat().st_size / 3.1)
    path.unlink()
    now, written, save = 0.0, [], loop.save

    def saved(path: Path, model: keras.Model, state: State) -> None:
        written.append(len(state.history))
        save(path, model, state)

    def tick(moment: Moment) -> None:
        nonlocal now
        now = float(len(moment.history))

    monkeypatch.setattr(loop.time, "monotonic", lambda: now)
    monkeypatch.setattr(loop, "save", saved)
    run(arm, data(), path, tick)
    assert written == [1, 5, 9, 10]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_checkpoint_holds_weights_optimizer_and_random_state_and_is_whole_or_the_one_before(
    precision: str, tmp_path: Path, tiny_arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = tiny_arm({"precision": precision, "train": {"optimizer": ADAM}})
    path, state = tmp_path / "state.npz", State([{"epoch": 1, "loss": 0.1 + 0.2}], [0.1], [0.3])
    trained, fresh = (architectures.build(arm, seed, None) for seed in (0, 1))
    for model in (trained, fresh):
        loop.compile_for(model, arm, 9)
    batch = noise(np.random.default_rng(0), 8, 12)
    trained.train_on_batch(*batch)
    loop.save(path, trained, state)

    def killed(file: Any, **arrays: np.ndarray) -> None:
        file.write(b"the beginning")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", killed)
    with pytest.raises(KeyboardInterrupt):
        loop.save(path, trained, State())
    assert list(tmp_path.iterdir()) == [path]
    assert loop.resume(path, fresh) == state
    for model in (trained, fresh):  # the same state, so the next step is the same too
        model.reset_metrics()
        model.train_on_batch(*batch)
        model.reset_metrics()
    for ours, theirs in zip(arrays(fresh), arrays(trained), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(fresh.optimizer.variables, trained.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_it_learns(tmp_path: Path, tiny_arm: Arm) -> None:
    """Images whose brightness is their label: a network that trains at all gets most right."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256).astype(np.uint8)
    images = (labels[:, None, None] * 120 + rng.integers(0, 100, (256, 12, 12))).astype(np.uint8)
    numbers = np.arange(256)
    sets = Images(images, labels, numbers[:200], numbers[200:])
    trained = run(small(tiny_arm, epochs=4), sets, tmp_path / "state.npz")
    assert trained.history[-1]["validation_accuracy"] > 0.9
    assert trained.history[-1]["train_loss"] < trained.history[0]["running_loss"]


@pytest.mark.parametrize("engine", ENGINES)
def test_which_digits_are_present_is_learned_by_their_scores(
    engine: str, tiny_arm: Arm, tmp_path: Path
) -> None:
    """What is measured, and what the network gives afterwards, is the largest digit as ever."""
    fresh = {"layout": {}, "labels": "present", "digits": [], "code": ""}
    train = {"engine": engine, "epochs": 1, "images_per_epoch": BATCH, "images": BATCH}
    none = {"spatial_dropout": [0.0, 0.0], "dropout": [0.0, 0.0]}
    arm = tiny_arm({"model": {"head": "largest", **none}, "fresh": fresh, "train": train})
    images, _ = noise(np.random.default_rng(0), BATCH, 12)
    there = np.random.default_rng(1).random((BATCH, 10)) < 0.3
    there[:, 0] = True
    of = dataclasses.replace(data(), fresh=lambda n, count: (images, there.astype(np.uint8)))
    untrained = architectures.build(arm, 0, None)
    part = keras.Model(untrained.input, untrained.get_layer("present").output)
    scores = np.asarray(part(images, training=True), np.float64)
    trained = run(arm, of, tmp_path / "state.npz")
    (row,) = trained.history
    losses = np.logaddexp(0, scores) - there * scores
    assert row["running_loss"] == pytest.approx(losses.mean(), rel=1e-4)
    largest = 9 - there[:, ::-1].argmax(axis=1)
    found = keras.ops.convert_to_numpy(log_largest(scores)).argmax(axis=1)
    assert row["running_accuracy"] == np.mean(found == largest)
    below = keras.Model(trained.model.input, trained.model.get_layer("present").output)
    np.testing.assert_array_equal(trained.model(images), log_largest(below(images)))
