"""Computes every metric of the runs from their curves and their networks' predictions.

Where a test set has no labels, as the competition's, test metrics are missing. An external test set
is judged by every run that takes images of its size; `modified_128`'s take them halved.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.base.arrays import read_npy, read_npz, read_split
from ablation.base.cli import run
from ablation.base.files import read_config, write_json
from ablation.evaluation.metrics import accuracy, macro_f1, wilson
from ablation.reporting.tables import read_csv, write_csv
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.runs import Run, measure, stuck
from ablation.study.config import StudyConfig

CONFIGS, RUNS, REPORTS = Path("configs"), Path("models/runs"), Path("reports")
SETS, SPLIT, EXTERNAL = Path("data/sets"), Path("data/split"), Path("data/own/external")

CURVES = [
    "train_accuracy", "validation_accuracy", "running_accuracy", "train_loss", "validation_loss",
]  # fmt: skip
IMAGES = ["train_images", "validation_images", "test_images"]  # on how many each is measured
JUDGED = [
    "train_accuracy", "validation_accuracy", "test_accuracy", *IMAGES, "test_macro_f1",
    "external_accuracy", "external_images", "external_low", "external_high",
]  # fmt: skip
# Of the network, of the share of the majority class among validation images, and rule 9's.
FACTS = ["parameters", "majority", "stuck"]
HEADLINE = ("validation_accuracy", "test_accuracy")  # what `dvc metrics` shows of an arm


def main() -> None:
    study = read_config(CONFIGS / "study.yaml", StudyConfig)
    config = read_config(CONFIGS / "claims.yaml", ClaimsConfig)
    rows, curves = [], []
    # The runs come from the configuration: a removed arm's files may still lie about.
    for arm, seed in study.runs:
        folder = RUNS / f"{arm}-{seed}"
        history = read_csv(folder / "history.csv").sort_values("epoch", kind="stable")
        answers = read_npz(folder / "answers.npz")
        labels = labels_of(study.data_sets[arm], seed, answers)
        parts = judged(labels, answers)
        values = {str(m): each["value"].to_numpy() for m, each in history.groupby("metric")}
        run = Run(config.arms[arm], parts, values)
        rows.append(
            {
                "arm": arm,
                "seed": seed,
                **parts,
                **{name: measure(run, metric) for name, metric in config.metrics.items()},
                "parameters": int(read_csv(folder / "layers.csv")["parameters"].sum()),
                "majority": np.bincount(labels["validation"]).max() / len(labels["validation"]),
                "stuck": stuck(values["validation_accuracy"], config.statistics),
            }
        )
        curves.append(history[history["metric"].isin(CURVES)].assign(arm=arm, seed=seed))
    columns = dict.fromkeys(["arm", "seed", *JUDGED, *config.metrics, *FACTS])
    runs = pd.DataFrame(rows, columns=list(columns))
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
    """The accuracy of a run on each part, the number of its images, and what else JUDGED names."""
    row: dict[str, float] = {}
    for part, true in labels.items():
        row[f"{part}_accuracy"] = accuracy(true, answers[part])
        row[f"{part}_images"] = len(true)
    if "test" in labels:
        row["test_macro_f1"] = macro_f1(labels["test"], answers["test"])
    if "external" in labels:
        correct = int(np.sum(labels["external"] == answers["external"]))
        row["external_low"], row["external_high"] = wilson(correct, len(labels["external"]))
    return row


def by_arm(runs: pd.DataFrame) -> dict[str, dict[str, float]]:
    """arm -> metric -> mean over the seeds, without what a run has not or never reached.

    Args:
        runs: runs.csv; IMAGES, the majority class and stuck runs are no metrics of an arm.
    """
    means = runs.drop(columns=["seed", *IMAGES, *FACTS[1:]]).groupby("arm", sort=False).mean()
    return {
        str(arm): {name: round(float(mean), 6) for name, mean in row.items() if np.isfinite(mean)}
        for arm, row in means.iterrows()
    }


if __name__ == "__main__":
    run("evaluate", main)
