"""The files that a trained run leaves: its history, its layers, its speed and its network."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation.files import replacing, write_json
from ablation.networks import summary
from ablation.training.loop import Trained


def write(trained: Trained, folder: Path, network: Path) -> None:
    """Writes history.csv (epoch, metric, value), layers.csv and run.json into `folder`.

    The network goes to `network`, without its optimizer's state.
    """
    history = [
        {"epoch": row["epoch"], "metric": metric, "value": float(row[metric])}
        for row in trained.history
        for metric in sorted(row.keys() - {"epoch"})
    ]
    _write_csv(folder / "history.csv", history)
    _write_csv(folder / "layers.csv", summary.layers(trained.model))
    write_json(
        folder / "run.json",
        {
            "images_per_second": trained.images_per_second,
            "parameters": trained.model.count_params(),
        },
    )
    with replacing(network) as temporary:
        summary.without_training_state(trained.model).save(temporary)


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    # Without pandas, whose import takes longer and which a machine lent for training may lack.
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
