"""The stage `samples`: what input layers make of a figure's images, without a trained network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.files import write_yaml
from ablation.training.config import ArmConfig
from stages import samples

FIGURE = {
    "kind": "augmentation",
    "title": "Images",
    "paper": "figure 3",
    "arms": ["tiny"],
    "images": [1, 25_000, 50_000],
}


def test_images_stand_at_the_same_share_of_a_smaller_set_and_go_through_each_layer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_arm: Callable[..., ArmConfig],
) -> None:
    monkeypatch.chdir(tmp_path)
    arm = tiny_arm({"input": {"threshold": 0.5, "pad": 16}})
    write_yaml(Path("configs/arms/tiny.yaml"), arm.model_dump())
    write_yaml(Path("configs/figures/shown.yaml"), {"figure": FIGURE, "labels": {"tiny": "tiny"}})
    other = {"kind": "label_density", "title": "Labels", "paper": "figure 1"}
    write_yaml(Path("configs/figures/labels.yaml"), {"figure": other, "labels": {}})
    images = np.random.default_rng(0).integers(0, 256, (100, 12, 12)).astype(np.uint8)
    Path("data/sets/train/modified").mkdir(parents=True)
    np.save("data/sets/train/modified/images.npy", images)
    np.save("data/sets/train/modified/labels.npy", np.arange(100, dtype=np.uint8) % 10)
    samples.main()
    assert [path.name for path in Path("data/samples").iterdir()] == ["shown.npz"]
    with np.load("data/samples/shown.npz") as file:
        kept = dict(file)
    assert kept["steps"].tolist() == ["raw", "scaled", "thresholded", "padded"]
    assert kept["numbers"].tolist() == [1, 50, 100]
    assert kept["labels"].tolist() == [0, 9, 9]
    raw = images[[0, 49, 99]]
    np.testing.assert_array_equal(kept["step_raw"], raw)
    scaled = raw / np.float32(255)
    thresholded = np.where(scaled < 0.5, 0, scaled)
    np.testing.assert_allclose(kept["step_thresholded"], thresholded, atol=1e-6)
    np.testing.assert_allclose(kept["step_padded"][:, 2:-2, 2:-2], thresholded, atol=1e-6)
    assert kept["step_padded"].shape == (3, 16, 16)
    # What a figure left that is gone goes too.
    Path("configs/figures/shown.yaml").unlink()
    samples.main()
    assert not list(Path("data/samples").iterdir())
    assert "no figure needs any" in capsys.readouterr().out
