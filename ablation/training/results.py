"""The files of a trained run: its history, its layers and its network.

They hold results only: the same training gives the same bytes, whenever and wherever it ran.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from ablation.base.files import replacing

_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold


def write_history(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Writes a run's history as rows of epoch, metric, value."""
    rows = [
        {"epoch": row["epoch"], "metric": metric, "value": float(row[metric])}
        for row in history
        for metric in sorted(row.keys() - {"epoch"})
    ]
    _write_csv(path, rows)


def write_layers(path: Path, model: keras.Model) -> None:
    """Writes a row a layer; its output_shape is "(n, 36, 36, 16)", say."""
    rows = [
        {
            "layer": layer.name,
            "type": type(layer).__name__,
            "output_shape": str(tuple(layer.output.shape)).replace("None", "n"),
            "parameters": layer.count_params(),
            "trainable": bool(layer.trainable_weights),
        }
        for layer in model.layers
    ]
    _write_csv(path, rows)


def save(model: keras.Model, path: Path) -> None:
    """Writes the network in Keras's format, without its optimizer's state.

    Without what Keras takes from the clock and memory too: dates, and the addresses by which
    objects that layers share are told apart.
    """
    uncompiled = keras.Model(model.input, model.output, name=model.name)
    with replacing(path) as temporary:
        uncompiled.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
        metadata = json.loads(members["metadata.json"])
        del metadata["date_saved"]
        members["metadata.json"] = json.dumps(metadata).encode()
        members["config.json"] = _renumbered(members["config.json"].decode()).encode()
        with zipfile.ZipFile(temporary, "w") as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name, _NO_DATE), content)


def _renumbered(config: str) -> str:
    """A network's configuration with its shared objects numbered in the order of their mention."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f'"shared_object_id": {numbers.setdefault(found[1], len(numbers) + 1)}'

    return re.sub(r'"shared_object_id": (\d+)', number, config)


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    # Without pandas, whose import takes longer.
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
