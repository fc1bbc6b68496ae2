"""The files of a trained run, read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from ablation.base.files import read_json
from ablation.training.config import ArmConfig
from ablation.training.loop import Trained, network
from ablation.training.results import write


def test_what_is_written_is_read_back(tiny_arm: Callable[..., ArmConfig], tmp_path: Path) -> None:
    model = network(tiny_arm(), 0, None)
    history = [
        {"epoch": 1, "train_loss": 0.1 + 0.2, "seconds": 1.5},
        {"epoch": 2, "train_loss": 1e-17, "seconds": 2.0},
    ]
    file = tmp_path / "networks/tiny-0.keras"
    write(Trained(model, history, 12.5), tmp_path / "histories/tiny-0", file)

    folder = tmp_path / "histories/tiny-0"
    table = pd.read_csv(folder / "history.csv")
    assert table.columns.tolist() == ["epoch", "metric", "value"]
    assert table["metric"].tolist() == ["seconds", "train_loss"] * 2
    assert table.pivot(index="epoch", columns="metric", values="value").to_dict("list") == {
        "seconds": [1.5, 2.0],
        "train_loss": [0.1 + 0.2, 1e-17],  # to the last bit
    }
    layers = pd.read_csv(folder / "layers.csv")
    assert layers.columns.tolist() == ["layer", "type", "output_shape", "parameters", "trainable"]
    assert layers["layer"].tolist() == [layer.name for layer in model.layers]
    assert layers["output_shape"].iloc[-1] == "(n, 10)"
    assert layers["trainable"].dtype == bool
    run = read_json(folder / "run.json")
    assert run == {"images_per_second": 12.5, "parameters": model.count_params()}
    images = np.random.default_rng(0).integers(0, 256, (3, 12, 12), np.uint8)
    loaded = keras.saving.load_model(file, compile=False)
    np.testing.assert_array_equal(loaded(images), model(images))
