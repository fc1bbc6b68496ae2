"""Makes every number of the runs from their curves and from what their networks answer.

Where a test set has no labels, as the competition's, there are no test metrics. A person's external
test set is judged by every run that takes images of its size.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.base.arrays import read_npy, read_npz, read_split
from ablation.base.cli import run
from ablation.base.files import read_config, write_json
from ablation.evaluation.metrics import accuracy, macro_f1, wilson
from ablation.reporting.tables import read_csv, write_csv
from ablation.statistics.config import ArmFacts, ClaimsConfig
from ablation.statistics.runs import epochs_to_reach, stability
from ablation.study.config import StudyConfig

CONFIGS, RUNS, REPORTS = Path("configs"), Path("models/runs"), Path("reports")
SETS, SPLIT, EXTERNAL = Path("data/sets"), Path("data/split"), Path("data/own/external")

TARGET = 0.95  # convergence: epochs to reach this share of the run's best validation accuracy
LAST = 1 / 6  # stability: over this share of the epochs, the paper's last 50 of 300 (figure 5)
CURVES = [
    "train_accuracy", "validation_accuracy", "running_accuracy", "train_loss", "validation_loss",
]  # fmt: skip
IMAGES = ["train_images", "validation_images", "test_images"]  # on how many each is measured
METRICS = [
    "train_accuracy", "validation_accuracy", "test_accuracy", *IMAGES, "test_macro_f1",
    "external_accuracy", "external_images", "external_low", "external_high", "generalization_gap",
    "epochs_to_95", "stability", "parameters",
]  # fmt: skip
HEADLINE = ("validation_accuracy", "test_accuracy")  # what `dvc metrics` shows of an arm


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    facts = read_config(CONFIGS / "claims.yaml", ClaimsConfig).arms
    rows, curves = [], []
    # The runs come from the configuration: a removed arm's files may still lie about.
    for arm, seed in study.runs:
        folder = RUNS / f"{arm}-{seed}"
        history = read_csv(folder / "history.csv").sort_values("epoch", kind="stable")
        answers = read_npz(folder / "answers.npz")
        labels = labels_of(study.data_sets[arm], seed, answers)
        parameters = int(read_csv(folder / "layers.csv")["parameters"].sum())
        row = judged(labels, answers) | curve_metrics(history, facts[arm])
        rows.append({"arm": arm, "seed": seed, **row, "parameters": parameters})
        curves.append(history[history["metric"].isin(CURVES)].assign(arm=arm, seed=seed))
    runs = pd.DataFrame(rows, columns=["arm", "seed", *METRICS])
    write_csv(REPORTS / "runs.csv", runs, float_format=None)  # later stages compute with them
    write_csv(REPORTS / "curves.csv", pd.concat(curves)[["arm", "seed", *history.columns]])
    metrics = by_arm(runs)
    write_json(REPORTS / "arms.json", metrics)
    headline = {
        arm: {name: of_arm[name] for name in HEADLINE if name in of_arm}
        for arm, of_arm in metrics.items()
    }
    write_json(REPORTS / "metrics.json", headline)
    print(f"evaluate: {len(runs)} runs of {len(study.arms)} arms")


def labels_of(
    data_set: str, seed: int, answers: Mapping[str, NDArray[np.uint8]]
) -> dict[str, NDArray[np.uint8]]:
    """Part -> (n,) labels in the order of a run's answers; without a part that has no labels."""
    labels = read_npy(SETS / "train" / data_set / "labels.npy")
    training, validation = read_split(SPLIT / f"{seed}.npz", data_set)
    training = training[: len(answers["train"])]  # an arm may train on fewer
    parts = {"train": labels[np.sort(training)], "validation": labels[np.sort(validation)]}
    test, external = SETS / "test" / data_set / "labels.npy", EXTERNAL / "labels.npy"
    if test.exists():
        parts["test"] = read_npy(test)
    if "external" in answers and external.exists():
        parts["external"] = read_npy(external)
    return parts


def judged(
    labels: Mapping[str, NDArray[np.uint8]], answers: Mapping[str, NDArray[np.uint8]]
) -> dict[str, float]:
    """The accuracy of a run on each part, the number of its images, and what else METRICS name."""
    row: dict[str, float] = {}
    for part, true in labels.items():
        row[f"{part}_accuracy"] = accuracy(true, answers[part])
        row[f"{part}_images"] = len(true)
    row["generalization_gap"] = row["train_accuracy"] - row["validation_accuracy"]
    if "test" in labels:
        row["test_macro_f1"] = macro_f1(labels["test"], answers["test"])
    if "external" in labels:
        correct = int(np.sum(labels["external"] == answers["external"]))
        row["external_low"], row["external_high"] = wilson(correct, len(labels["external"]))
    return row


def curve_metrics(history: pd.DataFrame, facts: ArmFacts) -> dict[str, Any]:
    """Convergence and stability of a run; of one whose loss ended in NaN neither.

    Args:
        history: columns epoch, metric, value, in the order of the epochs.
    """
    last = history[history["epoch"] == history["epoch"].max()]
    losses = last.loc[last["metric"].str.endswith("_loss"), "value"]
    if not np.isfinite(losses).all():
        return {}
    curve = history.loc[history["metric"] == "validation_accuracy", "value"].to_numpy()
    return {
        "epochs_to_95": epochs_to_reach(curve, TARGET),
        "stability": stability(curve, LAST, facts.steady_epochs),
    }


def by_arm(runs: pd.DataFrame) -> dict[str, dict[str, float]]:
    """arm -> metric -> mean over the seeds; what nobody measured is absent.

    Args:
        runs: arm, seed and METRICS, one row a run; IMAGES are no metrics of an arm.
    """
    means = runs.drop(columns=["seed", *IMAGES]).groupby("arm", sort=False).mean()
    return {
        str(arm): {name: round(float(value), 6) for name, value in row.items() if pd.notna(value)}
        for arm, row in means.iterrows()
    }


if __name__ == "__main__":
    run("evaluate", main)
