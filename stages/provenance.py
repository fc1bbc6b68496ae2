"""Gathers under what circumstances each run was trained: machine, versions, commit, seconds.

Training leaves a record where it ran. A run that came from elsewhere, out of a cache say, keeps the
record that was gathered last, if it is of the same history.
"""

import os
from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import read_config, write_json
from ablation.monitoring import provenance
from ablation.monitoring.recorded import refuse_others
from ablation.study.config import StudyConfig

GATHERED = Path("reports/provenance.json")


def main() -> None:
    refuse_others("provenance")
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    keys = [f"{arm}-{seed}" for arm, seed in study.runs]
    histories = {key: Path(f"models/histories/{key}/history.csv") for key in keys}
    before = provenance.read_records(GATHERED, "provenance") if GATHERED.exists() else {}
    folder = Path(os.environ.get("DVC_ROOT", ".")) / "models" / "provenance"
    gathered = provenance.gather(folder, histories, before)
    write_json(GATHERED, gathered)
    known = sum("commit" in record for record in gathered.values())
    print(f"provenance: of {known} of {len(gathered)} runs")


if __name__ == "__main__":
    run("provenance", main)
