"""The stage `evaluate` on a tiny network: what it measures with and without labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.files import write_yaml
from ablation.evaluation.metrics import accuracy, wilson
from ablation.networks import architectures
from ablation.training.config import ArmConfig
from stages import evaluate

SIDE = 12  # px, of the tiny arm's images
PARTS = {"train": 50, "test": 30, "external": 20}


def images(part: str, side: int = SIDE) -> np.ndarray:
    rng = np.random.default_rng(len(part))
    return rng.integers(0, 256, (PARTS[part], side, side)).astype(np.uint8)


def labels(part: str) -> np.ndarray:
    return np.arange(PARTS[part], dtype=np.uint8) % 10


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_arm: Callable[..., ArmConfig]
) -> Path:
    """All that the stage reads: an arm's network, and a labelled test set of its size."""
    monkeypatch.chdir(tmp_path)
    arm = tiny_arm()
    write_yaml(Path("configs/arms/tiny.yaml"), arm.model_dump())
    write_yaml(Path("configs/evaluation.yaml"), {"batch_size": 16})
    for part in ("train", "test"):
        folder = tmp_path / "data/sets" / part / "modified"
        folder.mkdir(parents=True)
        np.save(folder / "images.npy", images(part))
        np.save(folder / "labels.npy", labels(part))
    watched = ["configs/arms/${item.arm}.yaml", "data/sets", "data/split/${item.seed}.npz"]
    write_yaml(Path("dvc.yaml"), {"stages": {"evaluate": {"deps": watched}}})
    (tmp_path / "data/split").mkdir()
    np.savez(
        tmp_path / "data/split/0.npz",
        modified_training=np.arange(40),
        modified_validation=np.arange(40, 50),
    )
    (tmp_path / "data/own/external").mkdir(parents=True)
    (tmp_path / "models/networks").mkdir(parents=True)
    network = architectures.build(arm, 0, None)
    network.save(tmp_path / "models/networks/tiny-0.keras")
    return tmp_path


def own(project: Path, side: int = SIDE) -> None:
    """A person's external test set, as `admit` leaves it."""
    np.save(project / "data/own/external/images.npy", images("external", side))
    np.save(project / "data/own/external/labels.npy", labels("external"))


def evaluated(project: Path) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    evaluate.main("tiny", 0)
    folder = project / "models/evaluations/tiny-0"
    with np.load(folder / "predictions.npz") as predictions:
        return json.loads((folder / "metrics.json").read_text()), dict(predictions)


LABELLED = {
    "train_accuracy", "train_images", "validation_accuracy", "validation_images",
}  # fmt: skip
TEST = {"test_accuracy", "test_images", "test_macro_f1"}
EXTERNAL = {"external_accuracy", "external_images", "external_low", "external_high"}


def test_a_labelled_test_set_is_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    metrics, predictions = evaluated(project)
    assert set(metrics) == LABELLED | TEST
    assert metrics["test_accuracy"] == accuracy(labels("test"), predictions["test"])
    assert (metrics["validation_images"], metrics["test_images"]) == (10, 30)
    assert set(predictions) == {"train", "validation", "test", "test_probabilities"}
    likely = predictions["test_probabilities"]
    assert likely.dtype == np.float16
    np.testing.assert_allclose(likely.sum(axis=1, dtype=np.float64), 1, atol=5e-3)
    np.testing.assert_array_equal(likely.argmax(axis=1), predictions["test"])
    told = capsys.readouterr().out
    assert f"test accuracy {metrics['test_accuracy']:.4f}" in told
    assert "external" not in told


def test_without_labels_there_are_predictions_and_no_test_metrics(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, before = evaluated(project)
    (project / "data/sets/test/modified/labels.npy").unlink()
    capsys.readouterr()
    metrics, predictions = evaluated(project)
    assert set(metrics) == LABELLED
    np.testing.assert_array_equal(predictions["test"], before["test"])
    assert "test accuracy" not in capsys.readouterr().out


def test_an_external_test_set_is_judged_with_its_interval(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without, _ = evaluated(project)
    own(project)
    metrics, predictions = evaluated(project)
    assert set(metrics) == LABELLED | TEST | EXTERNAL
    correct = int(np.sum(predictions["external"] == labels("external")))
    assert metrics["external_accuracy"] == correct / 20
    assert metrics["external_images"] == 20
    assert (metrics["external_low"], metrics["external_high"]) == wilson(correct, 20)
    assert {key: metrics[key] for key in without} == without
    assert f"external accuracy {correct / 20:.4f}" in capsys.readouterr().out


def test_external_images_of_another_size_are_told_and_left_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own(project, side=16)
    metrics, predictions = evaluated(project)
    assert set(metrics) == LABELLED | TEST
    assert "external" not in predictions
    told = [line for line in capsys.readouterr().out.splitlines() if "external" in line]
    assert told == [
        "evaluate: tiny-0  no external accuracy: the network takes images of 12 px and the "
        "external ones have 16 px"
    ]
