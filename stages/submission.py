"""Writes the competition's CSV, from the run with the best validation accuracy.

It is a run of the arm with the best mean validation accuracy on the competition's images; if no arm
sees them, the CSV has no rows.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.arrays import read_npz
from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.reporting.tables import read_csv, write_csv
from ablation.statistics.runs import best_arm
from ablation.study.config import StudyConfig

SUBMITTED_SET = "modified"  # the competition's images; an arm on the original MNIST has others


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    arms = study.arms_on(SUBMITTED_SET)
    digits, told = np.zeros(0, np.uint8), f"no arm sees the set {SUBMITTED_SET}"
    if arms:
        runs = read_csv(Path("reports/runs.csv"))
        of_arm = runs[runs["arm"] == best_arm(runs, arms)]
        best = of_arm.loc[of_arm["validation_accuracy"].idxmax()]
        key = f"{best['arm']}-{best['seed']}"
        digits = read_npz(Path(f"models/runs/{key}/answers.npz"))["test"]
        told = f"{key}, validation accuracy {best['validation_accuracy']:.4f}"
    table = pd.DataFrame({"Id": np.arange(len(digits)), "Label": digits})
    write_csv(Path("reports/submission.csv"), table)
    print(f"submission: {told}")


if __name__ == "__main__":
    run("submission", main)
