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
from ablation.training.epochs import Images, order
from ablation.training.moment import Moment

from ablation.monitoring.progress import Progress
from ablation.networks import architectures
from ablation.training import checkpoints, loop
from ablation.training.config import ArmConfig
from tests.conftest import ADAM

Arm = Callable[..., ArmConfig]

OPTIMIZERS: dict[str, dict[str, Any]] = {"sgd": {}, "adam": ADAM}
ENGINES = ["steps", "compiled"] if keras.backend.backend() == "jax" else ["steps"]
EPOCHS, STEPS, BATCH = 3, 6, 8
MOMENTS = random.Random(4).sample(range(1, EPOCHS * STEPS), 2)
KEYS = [
    "epoch", "running_accuracy", "running_loss", "train_accuracy", "train_loss",
    "validation_accuracy", "validation_loss", "penalty",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _a_checkpoint_after_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_RATE", float("inf"))


@pytest.fixture(scope="module")
def data() -> Images:
    """50 images for training, so that an epoch of 6 batches of 8 leaves two over, 14 others."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(64)
    images = rng.integers(0, 256, (64, 12, 12)).astype(np.uint8)
    labels = rng.integers(0, 10, 64).astype(np.uint8)
    return Images(images, labels, numbers[:50], numbers[50:])


def run(
    arm: ArmConfig,
    data: Images,
    checkpoint: Path,
    report: Callable[[Moment], None] = lambda _: None,
    seed: int = 0,
) -> loop.Trained:
    model = architectures.build(arm, seed, None)
    return loop.train(model, arm, seed, data, checkpoint, report)


def assert_same(one: loop.Trained, other: loop.Trained) -> None:
    """The same to the bit."""
    for ours, theirs in zip(one.model.variables, other.model.variables, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(ours.value), keras.ops.convert_to_numpy(theirs.value)
        )
    assert one.history == other.history


def compiled(arm: ArmConfig) -> keras.Model:
    model = architectures.build(arm, 0, None)
    loop.compile_for(model, arm, STEPS * arm.train.epochs)
    return model


def changed(one: loop.Trained, other: loop.Trained) -> bool:
    return not all(
        np.array_equal(a, b)
        for a, b in zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    )


def small(tiny_arm: Arm, **train: Any) -> ArmConfig:
    """One convolution and one dense layer, each with normalization and dropout."""
    model = {"blocks": [[8]], "pools": [2], "spatial_dropout": [0.2], "dropout": [0.2]}
    return tiny_arm({"model": model, "train": train})


Whole = tuple[ArmConfig, loop.Trained, list[Moment], Path]


@pytest.fixture(scope="module")
def wholes(
    tmp_path_factory: pytest.TempPathFactory, data: Images, tiny_arm: Arm
) -> Callable[[str], Whole]:
    """ "ENGINE OPTIMIZER" -> an arm with them, its whole run, its reports, its checkpoint."""

    @cache
    def make(kind: str) -> Whole:
        engine, optimizer = kind.split()
        # With Adam also what else a run may carry from step to step.
        more = {"label_smoothing": 0.1} if optimizer == "adam" else {}
        if more and keras.backend.backend() == "tensorflow":  # the only one that may average
            more["average_weights"] = 0.9
        arm = small(tiny_arm, epochs=EPOCHS, engine=engine, optimizer=OPTIMIZERS[optimizer], **more)
        checkpoint = tmp_path_factory.mktemp("whole") / "state.npz"
        told: list[Moment] = []
        return arm, run(arm, data, checkpoint, told.append), told, checkpoint

    return make


@pytest.fixture(params=[f"{engine} {name}" for engine in ENGINES for name in OPTIMIZERS])
def whole(request: pytest.FixtureRequest, wholes: Callable[[str], Whole]) -> Whole:
    return wholes(request.param)


def test_a_run_repeats_to_the_bit_whatever_the_global_random_state(
    whole: Whole, data: Images, tmp_path: Path
) -> None:
    arm, trained, _, _ = whole
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    keras.utils.set_random_seed(1)
    assert_same(run(arm, data, tmp_path / "state.npz"), trained)


@pytest.mark.parametrize(
    ("whole", "moment"),
    [
        (f"{engine} {optimizer}", moment)
        for engine in ENGINES
        for optimizer, moment in (
            ("sgd", MOMENTS[0]),
            ("adam", MOMENTS[1]),
            ("adam", 2 * STEPS),  # it ends an epoch
        )
    ],
    indirect=["whole"],
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    moment: int, whole: Whole, data: Images, tmp_path: Path
) -> None:
    arm, trained, _, _ = whole
    told: list[Moment] = []

    def interrupt(progress: Moment) -> None:
        told.append(progress)
        if len(told) == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(arm, data, tmp_path / "state.npz", interrupt)
    assert (tmp_path / "state.npz").exists() == (moment >= STEPS)
    again: list[Moment] = []
    resumed = run(arm, data, tmp_path / "state.npz", again.append)
    assert len(again) == (EPOCHS - moment // STEPS) * STEPS  # whole epochs are not run again
    assert {told.resumed for told in again} == {moment // STEPS}
    assert_same(resumed, trained)


@pytest.mark.parametrize("whole", [f"{engine} sgd" for engine in ENGINES], indirect=True)
@pytest.mark.parametrize("length", [0, 100, 0.5, -1], ids=str)
def test_a_run_whose_checkpoint_was_cut_ends_as_if_it_had_none(
    length: float, whole: Whole, data: Images, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arm, trained, _, checkpoint = whole
    content, path = checkpoint.read_bytes(), tmp_path / "state.npz"
    path.write_bytes(content[: length if isinstance(length, int) else int(length * len(content))])
    assert_same(run(arm, data, path), trained)
    assert "state.npz.damaged, so the run begins anew" in capsys.readouterr().out
    assert path.exists()


def test_a_finished_run_is_only_read_again(whole: Whole, data: Images, tmp_path: Path) -> None:
    arm, trained, _, checkpoint = whole
    told: list[Moment] = []
    again = run(arm, data, checkpoint, told.append)
    assert told == []
    assert_same(again, trained)


@pytest.mark.parametrize("whole", [f"{engine} sgd" for engine in ENGINES], indirect=True)
def test_a_run_can_be_lengthened(whole: Whole, data: Images, tmp_path: Path, tiny_arm: Arm) -> None:
    """A constant rate knows nothing of the run's end, so half a run is the start of a whole."""
    arm, trained, _, _ = whole
    short = arm.model_copy(update={"train": arm.train.model_copy(update={"epochs": 1})})
    run(short, data, tmp_path / "state.npz")
    assert_same(run(arm, data, tmp_path / "state.npz"), trained)


def test_the_history_has_a_row_an_epoch(whole: Whole) -> None:
    _, trained, _, _ = whole
    assert [row["epoch"] for row in trained.history] == [1, 2, 3]
    for row in trained.history:
        assert list(row) == KEYS
        assert all(type(value) in (int, float) for value in row.values())
        assert all(0 <= row[key] <= 1 for key in KEYS if key.endswith("accuracy"))


def test_the_speed_is_that_of_the_median_epoch_and_the_seconds_are_all(
    data: Images, tmp_path: Path, tiny_arm: Arm
) -> None:
    arm, path = small(tiny_arm, epochs=EPOCHS), tmp_path / "state.npz"
    run(arm, data, path)
    state = checkpoints.restore(path, compiled(arm))
    known = dataclasses.replace(
        state, train_seconds=[9.0, 2.0, 1.0], epoch_seconds=[10.0, 3.0, 2.0]
    )
    checkpoints.save(path, compiled(arm), known)
    again = run(arm, data, path)
    assert again.images_per_second == STEPS * BATCH / 2.0
    assert again.seconds == 15.0


def test_a_checkpoint_is_written_as_often_as_its_size_allows_and_at_the_end(
    data: Images, tmp_path: Path, tiny_arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that each epoch takes a second of; a file is due three seconds after another."""
    arm, path = small(tiny_arm, epochs=10), tmp_path / "state.npz"
    checkpoints.save(path, compiled(arm), checkpoints.State())
    size = path.stat().st_size
    path.unlink()
    now, written = 0.0, []
    monkeypatch.setattr(loop.time, "monotonic", lambda: now)
    monkeypatch.setattr(loop, "CHECKPOINT_RATE", size / 3.1)
    save = checkpoints.save

    def saved(path: Path, model: keras.Model, state: checkpoints.State) -> None:
        written.append(len(state.history))
        save(path, model, state)

    def tick(moment: Moment) -> None:
        nonlocal now
        now += float(moment.epoch_ended)

    monkeypatch.setattr(checkpoints, "save", saved)
    run(arm, data, path, tick)
    assert written == [1, 5, 9, 10]
    assert len(checkpoints.restore(path, compiled(arm)).history) == 10


def test_accuracies_are_measured_in_inference_mode_on_the_first_images(
    whole: Whole, data: Images
) -> None:
    arm, trained, _, _ = whole
    last = trained.history[-1]
    for part, numbers in (("train", data.training), ("validation", data.validation)):
        chosen = numbers[: arm.train.measured_images]
        logits = keras.ops.convert_to_numpy(trained.model(data.images[chosen], training=False))
        right = logits.argmax(axis=1) == data.labels[chosen]
        assert last[f"{part}_accuracy"] == pytest.approx(right.mean(), abs=1e-6)
        losses = (
            np.log(np.exp(logits).sum(axis=1)) - logits[range(len(chosen)), data.labels[chosen]]
        )
        assert last[f"{part}_loss"] == pytest.approx(losses.mean(), rel=1e-4)


def test_progress_rises_to_the_end(whole: Whole) -> None:
    _, trained, told, _ = whole
    all_progress = [Progress.of("tiny-0", moment) for moment in told]
    assert len(told) == EPOCHS * STEPS
    shares = [progress.share for progress in all_progress]
    np.testing.assert_allclose(shares, np.arange(1, 19) / 18)
    assert [progress.epoch for progress in all_progress] == [1] * 6 + [2] * 6 + [3] * 6
    assert all(p.epochs == EPOCHS and p.run == "tiny-0" for p in all_progress)
    assert all(moment.accuracy is None for moment in told[:5])
    accuracies = [row["validation_accuracy"] for row in trained.history]
    assert [moment.accuracy for moment in told[5::6]] == accuracies
    assert all(progress.images_per_second > 0 for progress in all_progress)
    assert all_progress[-1].seconds_left == 0
    assert all(progress.seconds_left > 0 for progress in all_progress[:-1])


@pytest.mark.parametrize("whole", [f"{engine} sgd" for engine in ENGINES], indirect=True)
def test_another_seed_is_another_run(whole: Whole, data: Images, tmp_path: Path) -> None:
    arm, trained, _, _ = whole
    assert changed(run(arm, data, tmp_path / "state.npz", seed=1), trained)


def test_epochs_may_see_fewer_images_than_there_are(
    data: Images, tmp_path: Path, tiny_arm: Arm
) -> None:
    """Epochs of one batch of eight: the stream goes on, and starts a new pass after six."""
    arm = small(tiny_arm, epochs=8, images_per_epoch=15)
    seen: list[np.ndarray] = []

    class Recorded(np.ndarray):
        def __getitem__(self, chosen: Any) -> Any:
            if np.ndim(chosen) == 1 and len(chosen) == BATCH:
                seen.append(np.asarray(chosen))
            return np.asarray(self)[chosen]

    recorded = Images(data.images, data.labels.view(Recorded), data.training, data.validation)
    trained = run(arm, recorded, tmp_path / "state.npz")
    assert [row["epoch"] for row in trained.history] == list(range(1, 9))
    stream = order(data.training, 0, 0, 64)
    used = {tuple(chosen) for chosen in seen}
    assert {tuple(part) for part in stream.reshape(8, BATCH)} <= used


@pytest.mark.parametrize("images_per_epoch", [1000, 7])
def test_fewer_images_than_a_batch_are_refused(
    images_per_epoch: int, data: Images, tmp_path: Path, tiny_arm: Arm
) -> None:
    arm = small(tiny_arm, images_per_epoch=images_per_epoch)
    numbers = data.training if images_per_epoch == 7 else data.training[:7]
    few = Images(data.images, data.labels, numbers, data.validation)
    with pytest.raises(ValueError, match=r"7 training images.*batch of 8"):
        run(arm, few, tmp_path / "state.npz")


def test_it_learns(tmp_path: Path, tiny_arm: Arm) -> None:
    """Images whose brightness is their label: a network that trains at all gets most right."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256).astype(np.uint8)
    images = (labels[:, None, None] * 120 + rng.integers(0, 100, (256, 12, 12))).astype(np.uint8)
    numbers = np.arange(256)
    arm = small(tiny_arm, epochs=4)
    sets = Images(images, labels, numbers[:200], numbers[200:])
    trained = run(arm, sets, tmp_path / "state.npz")
    assert trained.history[-1]["validation_accuracy"] > 0.9
    assert trained.history[-1]["train_loss"] < trained.history[0]["running_loss"]


def test_a_run_sees_only_as_many_images_as_it_may(
    data: Images, tmp_path: Path, tiny_arm: Arm
) -> None:
    arm = small(tiny_arm, images=16)
    few = dataclasses.replace(data, training=data.training[:16])
    first = run(arm, data, tmp_path / "first.npz")
    assert_same(first, run(small(tiny_arm), few, tmp_path / "second.npz"))
