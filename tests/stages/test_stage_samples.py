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


@pytest.mark.parametrize(("precision", "downscale"), [("float32", 1), ("mixed_bfloat16", 2)])
def test_images_stand_at_the_same_share_of_a_smaller_set_and_go_through_each_layer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_arm: Callable[..., ArmConfig],
    precision: str,
    downscale: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    layers = {"downscale": downscale, "threshold": 0.5, "pad": 16}
    arm = tiny_arm({"precision": precision, "input": layers})
    write_yaml(Path("configs/arms/tiny.yaml"), arm.model_dump())
    write_yaml(Path("configs/figures/shown.yaml"), {"figure": FIGURE, "labels": {"tiny": "tiny"}})
    other = {"kind": "label_density", "title": "Labels", "paper": "figure 1"}
    write_yaml(Path("configs/figures/labels.yaml"), {"figure": other, "labels": {}})
    # In half precision only black, white and their means are exact.
    greys = range(256) if precision == "float32" else (0, 255)
    images = np.random.default_rng(0).choice(np.array(greys, np.uint8), (100, 12, 12))
    Path("data/sets/train/modified").mkdir(parents=True)
    np.save("data/sets/train/modified/images.npy", images)
    np.save("data/sets/train/modified/labels.npy", np.arange(100, dtype=np.uint8) % 10)
    samples.main()
    assert [path.name for path in Path("data/samples").iterdir()] == ["shown.npz"]
    with np.load("data/samples/shown.npz") as file:
        kept = dict(file)
    assert kept["numbers"].tolist() == [1, 50, 100]
    assert kept["labels"].tolist() == [0, 9, 9]
    raw = images[[0, 49, 99]]
    scaled = raw / np.float32(255)
    small = scaled.reshape(3, 12 // downscale, downscale, 12 // downscale, downscale)
    downscaled = small.mean((2, 4))
    thresholded = np.where(downscaled < 0.5, 0, downscaled)
    side = (16 - 12 // downscale) // 2
    steps = {"raw": raw, "scaled": scaled, "downscaled": downscaled, "thresholded": thresholded,
             "padded": np.pad(thresholded, ((0, 0), (side, side), (side, side)))}  # fmt: skip
    if downscale == 1:
        del steps["downscaled"]
    assert kept["steps"].tolist() == list(steps)
    for name, values in steps.items():
        assert kept[f"step_{name}"].dtype == np.float32
        np.testing.assert_array_equal(kept[f"step_{name}"], values)
    # What a figure left that is gone goes too.
    Path("configs/figures/shown.yaml").unlink()
    samples.main()
    assert not list(Path("data/samples").iterdir())
    assert "no figure needs any" in capsys.readouterr().out
