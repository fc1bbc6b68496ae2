"""Puts a study that the driver trained in a folder of its own: `python -m device.collect FOLDER`.

Copies what the stages after training made of it in reports/, and writes provenance.json beside:
commit, device, library versions, scale, seeds, and of each run its epochs and seconds. Refuses a
study of which any run was made otherwise, so that results of two kinds are never mixed.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, read_json, read_yaml, write_json
from ablation.study.config import StudyConfig

REPORTS, HISTORIES, ARMS = Path("reports"), Path("models/histories"), Path("configs/arms")
RESULTS = (
    "metrics.json", "runs.csv", "curves.csv", "comparison.csv", "images_test.csv", "claims.json",
    "claims.md", "report.html", "figures", "tables",
)  # fmt: skip
SAME = {"device": "device", "libraries": "set of libraries", "commit": "commit"}  # for all runs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m device.collect", description=__doc__)
    parser.add_argument("folder", type=Path, help="reports/paper, say; it must not exist")
    folder: Path = parser.parse_args().folder
    if folder.exists():
        raise UserError(f"{folder} exists; remove it or name another")
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    notes = {}
    for arm, seed in study.runs:
        note = HISTORIES / f"{arm}-{seed}" / "device.json"
        if note.exists():
            notes[f"{arm}-{seed}"] = read_json(note)
    configurations = {arm: read_yaml(ARMS / f"{arm}.yaml") for arm in study.arms}
    content = provenance(study, configurations, notes)
    missing = [name for name in RESULTS if not (REPORTS / name).exists()]
    if missing:
        raise UserError(f"{REPORTS} has no {', '.join(missing)}; docs/gpu.md says what makes them")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        whole = Path(temporary) / "whole"
        whole.mkdir()
        for name in RESULTS:
            source = REPORTS / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, whole / name)
        write_json(whole / "provenance.json", content)
        whole.rename(folder)
    print(f"collect: {len(notes)} runs of {len(study.arms)} arms in {folder}")


def provenance(
    study: StudyConfig, configurations: Mapping[str, Any], notes: Mapping[str, Any]
) -> dict[str, Any]:
    """What a study's numbers stand on.

    Args:
        configurations: arm -> the study's configuration of it.
        notes: run -> its device.json.

    Raises:
        UserError: a run was not made by the driver, or of another configuration, or not as the
            others.
    """
    keys = {f"{arm}-{seed}": arm for arm, seed in study.runs}
    missing = [key for key in keys if key not in notes]
    if missing:
        raise UserError(f"not trained by `python -m device`: {', '.join(missing)}")
    other = [key for key, arm in keys.items() if notes[key]["configuration"] != configurations[arm]]
    if other:
        raise UserError(f"of another configuration than the study's: {', '.join(other)}")
    first = notes[next(iter(keys))]
    for same, words in SAME.items():
        differing = [key for key in keys if notes[key][same] != first[same]]
        if differing:
            raise UserError(f"not of one {words} with the others: {', '.join(differing)}")
    runs = {
        key: {part: notes[key][part] for part in ("epochs", "training_seconds", "trained_together")}
        for key in keys
    }
    return {
        **{same: first[same] for same in SAME},
        "scale": study.scale,
        "seeds": study.seeds,
        # Runs that trained together took the same seconds.
        "training_seconds": sum(
            r["training_seconds"] / r["trained_together"] for r in runs.values()
        ),
        "runs": runs,
    }


if __name__ == "__main__":
    run("collect", main)
