"""The files of a trained run, read back."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from ablation.networks import architectures
from ablation.training import results
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]


def test_a_history_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    history = [
        {"epoch": 1, "train_loss": 0.1 + 0.2, "penalty": 1.5},
        {"epoch": 2, "train_loss": 1e-17, "penalty": float("nan")},  # it diverged
    ]
    results.write_history(tmp_path / "history.csv", history)
    table = pd.read_csv(tmp_path / "history.csv")
    assert table.columns.tolist() == ["epoch", "metric", "value"]
    assert table["metric"].tolist() == ["penalty", "train_loss"] * 2
    wide = table.pivot(index="epoch", columns="metric", values="value")
    assert wide["train_loss"].tolist() == [0.1 + 0.2, 1e-17]
    assert np.isnan(wide["penalty"][2])


def test_layers_are_told_with_shape_and_parameters(tmp_path: Path, tiny_arm: Arm) -> None:
    model = architectures.build(tiny_arm(), 0, None)
    model.get_layer("conv_1").trainable = False
    results.write_layers(tmp_path / "layers.csv", model)
    table = pd.read_csv(tmp_path / "layers.csv").set_index("layer")
    assert table.index.tolist() == [layer.name for layer in model.layers]
    assert table["parameters"].sum() == model.count_params()
    columns = ["type", "output_shape", "parameters", "trainable"]
    assert table.columns.tolist() == columns
    rows = {
        "images": ("InputLayer", "(n, 12, 12)", 0, False),
        "conv_1": ("Conv2D", "(n, 12, 12, 4)", 9 * 4, False),
        "normalization_1": ("BatchNormalization", "(n, 12, 12, 4)", 4 * 4, True),
        "pool_1": ("MaxPooling2D", "(n, 6, 6, 4)", 0, False),
        "logits": ("Dense", "(n, 10)", 12 * 10 + 10, True),
    }
    for layer, row in rows.items():
        assert tuple(table.loc[layer, columns]) == row


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_saved_network_is_the_trained_one_without_its_optimizer(
    precision: str, tmp_path: Path, tiny_arm: Arm
) -> None:
    arm = tiny_arm({"precision": precision})
    model = architectures.build(arm, 0, None)
    model.compile(keras.optimizers.Adam(), "mse")
    images = np.random.default_rng(0).integers(0, 256, (8, 12, 12)).astype(np.uint8)
    model.train_on_batch(images, np.zeros((8, 10), np.float32))
    results.save(model, tmp_path / "network.keras")
    # As training's own stage loads it, and as a person does.
    again = architectures.load(tmp_path / "network.keras")
    whole = keras.saving.load_model(tmp_path / "network.keras")
    assert not whole.compiled
    assert whole.name == model.name
    for loaded in (again, whole):
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
        ours, theirs = (keras.ops.convert_to_numpy(m(images)) for m in (loaded, model))
        np.testing.assert_array_equal(ours, theirs)


def test_the_same_network_is_the_same_file_whenever_it_is_saved(
    tmp_path: Path, tiny_arm: Arm
) -> None:
    contents = []
    for name in ("one", "other"):  # built anew, so at other addresses in memory
        model = architectures.build(tiny_arm({"precision": "mixed_bfloat16"}), 0, None)
        results.save(model, tmp_path / name / "network.keras")
        contents.append((tmp_path / name / "network.keras").read_bytes())
    assert contents[0] == contents[1]
    with zipfile.ZipFile(tmp_path / "one/network.keras") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"date_saved" not in archive.read("metadata.json")
