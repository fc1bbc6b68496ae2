"""The files of a trained run, read back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from ablation.networks import architectures
from ablation.training.config import ArmConfig
from ablation.training.loop import Trained
from ablation.training.results import write


def test_what_is_written_is_read_back(tiny_arm: Callable[..., ArmConfig], tmp_path: Path) -> None:
    arm = tiny_arm()
    model = architectures.build(arm, 0, None)
    history = [
        {"epoch": 1, "train_loss": 0.1 + 0.2, "penalty": 1.5},
        {"epoch": 2, "train_loss": 1e-17, "penalty": 2.0},
    ]
    file = tmp_path / "networks/tiny-0.keras"
    write(Trained(model, history, 12.5, 3.0), tmp_path / "histories/tiny-0", file)

    folder = tmp_path / "histories/tiny-0"
    table = pd.read_csv(folder / "history.csv")
    assert table.columns.tolist() == ["epoch", "metric", "value"]
    assert table["metric"].tolist() == ["penalty", "train_loss"] * 2
    assert table.pivot(index="epoch", columns="metric", values="value").to_dict("list") == {
        "penalty": [1.5, 2.0],
        "train_loss": [0.1 + 0.2, 1e-17],  # to the last bit
    }
    layers = pd.read_csv(folder / "layers.csv")
    assert layers.columns.tolist() == ["layer", "type", "output_shape", "parameters", "trainable"]
    assert layers["layer"].tolist() == [layer.name for layer in model.layers]
    assert layers["output_shape"].iloc[-1] == "(n, 10)"
    assert layers["trainable"].dtype == bool
    images = np.random.default_rng(0).integers(0, 256, (3, 12, 12), np.uint8)
    loaded = architectures.load(file, arm, 0)
    np.testing.assert_array_equal(loaded(images), model(images))


def test_the_same_run_is_the_same_files_whenever_it_is_written(
    tiny_arm: Callable[..., ArmConfig], tmp_path: Path
) -> None:
    """Also how fast it was is in none of them."""
    model = architectures.build(tiny_arm(), 0, None)
    contents = []
    for seconds in (1.0, 2.0):
        folder = tmp_path / str(seconds)
        trained = Trained(model, [{"epoch": 1, "train_loss": 0.5}], seconds, seconds)
        write(trained, folder / "tiny-0", folder / "tiny-0.keras")
        contents.append([p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()])
        time.sleep(2.1)  # the clock of a zip ticks every two
    assert len(contents[0]) == 3
    assert contents[0] == contents[1]
