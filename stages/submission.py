"""Writes the test predictions of the best run as the competition's submission file.

Best by validation accuracy: the test set chooses nothing.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ablation.base.cli import run
from ablation.base.files import read_config, replacing
from ablation.reporting.answers import read_answers
from ablation.reporting.results import read_runs
from ablation.reporting.summary import best_arm
from ablation.study.config import StudyConfig

SUBMITTED_SET = "modified"  # the competition's images; an arm on the original MNIST has others


def main() -> None:
    study = read_config(Path("configs/study.yaml"), StudyConfig)
    runs = read_runs(Path("reports/runs.csv"), study.runs)
    arms = [arm for arm, data_set in study.data_sets.items() if data_set == SUBMITTED_SET]
    arm = best_arm(runs, arms)
    of_arm = runs[runs["arm"] == arm]
    best = of_arm.loc[of_arm["validation_accuracy"].idxmax()]
    seed = int(best["seed"])
    key = f"{arm}-{seed}"
    path = Path(f"models/evaluations/{key}/predictions.npz")
    labels, _ = read_answers(path, None, study.stage("evaluate", arm, seed))
    table = pd.DataFrame({"Id": np.arange(len(labels)), "Label": labels})
    with replacing(Path("reports/submission.csv")) as temporary:
        table.to_csv(temporary, index=False)
    print(f"submission: {key}, validation accuracy {best['validation_accuracy']:.4f}")


if __name__ == "__main__":
    run("submission", main)
