"""Keeps the study's best small network in the repository: `python -m runner.ship`.

`make ship` calls it after `make repro`. Best is the best validation accuracy of the runs whose
network is below `MOST_BYTES`; `make predict` asks that network. What it is and which command made
it stands beside it in `about.json`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, replacing, write_json
from ablation.study.config import StudyConfig

MOST_BYTES = 2_000_000
MODELS, SHIPPED = Path("models"), Path("models/shipped")


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    judged: dict[str, dict[str, Any]] = {}
    for arm, seed in study.runs:
        network = MODELS / "networks" / f"{arm}-{seed}.keras"
        metrics = MODELS / "evaluations" / f"{arm}-{seed}" / "metrics.json"
        if network.exists() and metrics.exists() and network.stat().st_size < MOST_BYTES:
            judged[f"{arm}-{seed}"] = read_json(metrics)
    if not judged:
        raise UserError(
            f"no trained network below {MOST_BYTES / 1e6:.0f} MB is here; run `make repro` first"
        )
    key = max(judged, key=lambda name: judged[name]["validation_accuracy"])
    arm = key.rpartition("-")[0]
    network = MODELS / "networks" / f"{key}.keras"
    records = read_json(Path("reports/provenance.json"))
    about = {
        "run": key,
        "scale": study.scale,
        "command": f"make repro SCALE={study.scale} && make ship",
        "bytes": network.stat().st_size,
        "metrics": judged[key],
        "provenance": records.get(key),
    }
    for source, name in (
        (network, "network.keras"),
        (Path(f"configs/arms/{arm}.yaml"), "arm.yaml"),
    ):
        with replacing(SHIPPED / name) as temporary:
            shutil.copyfile(source, temporary)
    write_json(SHIPPED / "about.json", about)
    accuracy = judged[key]["validation_accuracy"]
    print(f"{key} is in {SHIPPED}: validation accuracy {accuracy:.2%}; commit it to keep it")


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"ship: {error}")
    except FileNotFoundError as error:
        sys.exit(f"ship: {error.filename} is missing; run `make repro` first")
