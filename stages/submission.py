"""Writes the test predictions of the best run as the competition's submission file.

Best by validation accuracy: the test set chooses nothing.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.arrays import read_npz
from ablation.base.cli import run
from ablation.base.files import read_config, replacing
from ablation.reporting.summary import best_arm
from ablation.reporting.tables import read_csv
from ablation.study.config import StudyConfig

SUBMITTED_SET = "modified"  # the competition's images; an arm on the original MNIST has others


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    runs = read_csv(Path("reports/runs.csv"), "summarize", ("arm", "seed", "validation_accuracy"))
    arms = [arm for arm, data_set in study.data_sets.items() if data_set == SUBMITTED_SET]
    arm = best_arm(runs, arms)
    of_arm = runs[runs["arm"] == arm]
    best = of_arm.loc[of_arm["validation_accuracy"].idxmax()]
    seed = int(best["seed"])
    key = f"{arm}-{seed}"
    path = Path(f"models/evaluations/{key}/predictions.npz")
    labels = read_npz(path, study.stage("evaluate", arm, seed), ["test"])["test"]
    table = pd.DataFrame({"Id": np.arange(len(labels)), "Label": labels})
    with replacing(Path("reports/submission.csv")) as temporary:
        table.to_csv(temporary, index=False)
    print(f"submission: {key}, validation accuracy {best['validation_accuracy']:.4f}")


if __name__ == "__main__":
    run("submission", main)
