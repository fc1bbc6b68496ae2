"""From the runs' own results to the study's: metrics by arm, and one table a figure.

Pure functions over data frames; a run is a row or a block of rows that names arm and seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.reporting.config import (
    ArchitecturesFigure,
    BestFigure,
    CurvesFigure,
    ForestFigure,
)
from ablation.statistics.config import ArmFacts, ClaimsConfig
from ablation.statistics.images import maximum_of
from ablation.statistics.run_metrics import epochs_to_reach, on_plateau, stability

TARGET = 0.95  # convergence: epochs to reach this share of the run's best validation accuracy
LAST = 1 / 6  # stability: over this share of the epochs, the paper's last 50 of 300 (figure 5)

CURVES = (
    "train_accuracy",
    "validation_accuracy",
    "running_accuracy",
    "train_loss",
    "validation_loss",
)
# A part of the images -> as the names of its metrics begin.
PARTS = {"training": "train", "validation": "validation", "test": "test"}
IMAGES = tuple(f"{name}_images" for name in PARTS.values())  # on how many each is measured
METRICS = (
    "train_accuracy",
    "validation_accuracy",
    "test_accuracy",
    *IMAGES,
    "test_macro_f1",
    "external_accuracy",
    "external_images",
    "external_low",
    "external_high",
    "generalization_gap",
    "epochs_to_95",
    "stability",
    "parameters",
)
HEADLINE = ("test_accuracy", "validation_accuracy")  # what `dvc metrics` shows of an arm


def run_row(
    history: pd.DataFrame,
    judged: Mapping[str, float | None],
    facts: ArmFacts,
    parameters: int,
) -> dict[str, float | None]:
    """One run's metrics.

    Args:
        history: columns epoch, metric, value.
        facts: how the run's arm was trained.
        judged: what evaluate measured: train_accuracy, validation_accuracy; where the test set
            has labels, test_accuracy and test_macro_f1; where there is an external test set that
            the network can see, external_accuracy and the 95% Wilson interval from external_low to
            external_high; and to each part of the images how many it has, as train_images.
    """
    curve = history[history["metric"] == "validation_accuracy"].sort_values("epoch")["value"]
    last = history[history["epoch"] == history["epoch"].max()]
    losses = last.loc[last["metric"].str.endswith("_loss"), "value"]
    # Of a run that ended in no number the curve is what label 0 scores: nothing converged.
    ended = bool(np.isfinite(losses.to_numpy(float)).all())
    row = {
        **judged,
        "generalization_gap": judged["train_accuracy"] - judged["validation_accuracy"],  # type: ignore[operator]
        "epochs_to_95": epochs_to_reach(list(curve), TARGET) if ended else None,
        "stability": stability(list(curve), LAST, facts.steady_epochs) if ended else None,
        "parameters": parameters,
    }
    return {key: row.get(key) for key in METRICS}


def by_arm(runs: pd.DataFrame) -> dict[str, dict[str, float]]:
    """arm -> metric -> mean over seeds, in the order of the arms; what nobody measured is absent.

    `runs` has the columns arm, seed and METRICS, one row a run; IMAGES are no metrics of an arm.
    """
    means = runs.drop(columns=["seed", *IMAGES]).groupby("arm", sort=False).mean()
    return {
        str(arm): {key: round(float(value), 6) for key, value in row.items() if pd.notna(value)}
        for arm, row in means.iterrows()
    }


def headline(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """arm -> HEADLINE metric -> value, of what `by_arm` gives; what nobody measured is absent."""
    return {
        arm: {key: values[key] for key in HEADLINE if key in values}
        for arm, values in metrics.items()
    }


def best_arm(runs: pd.DataFrame, arms: Sequence[str]) -> str:
    """Of `arms` the one with the highest mean validation accuracy; ties go to the first named."""
    means = runs.groupby("arm")["validation_accuracy"].mean()
    return max(arms, key=lambda arm: means[arm])


def curves_table(
    figure: CurvesFigure, curves: pd.DataFrame, majority: Mapping[str, float]
) -> pd.DataFrame:
    """The rows of `curves` (arm, seed, epoch, metric, value) that the figure shows.

    The column `majority_share` is the arm's value in `majority`: what a network reaches that
    always says the commonest label.
    """
    shown = curves[curves["arm"].isin(figure.arms) & curves["metric"].isin(CURVES)]
    return shown.assign(majority_share=shown["arm"].map(majority))


def curves_runs(
    figure: CurvesFigure,
    runs: pd.DataFrame,
    majority: Mapping[str, float],
    comparisons: pd.DataFrame,
    config: ClaimsConfig,
) -> pd.DataFrame:
    """A row a run of the figure: how it ended on all its images, and what its curve is measured on.

    `runs` is runs.csv. `tests` and `seeds_needed` are those of the pairs that the figure shows.
    """
    shown = runs[runs["arm"].isin(figure.arms)]
    rows = []
    for run in shown.to_dict("records"):
        facts, accuracy = config.arms[run["arm"]], run["validation_accuracy"]
        rows.append(
            {key: run[key] for key in ("arm", "seed", "train_accuracy", "validation_accuracy")}
            | {
                "epochs": facts.epochs,
                "on_plateau": on_plateau(accuracy, facts.validation_images, majority[run["arm"]]),
                "measured_training": facts.measured_training,
                "measured_validation": facts.measured_validation,
            }
        )
    return pd.DataFrame(rows).assign(**family_of(figure.arms, comparisons))


def family_of(arms: Sequence[str], comparisons: pd.DataFrame) -> dict[str, int]:
    """`tests` and `seeds_needed` of the largest family that compares these arms on validation."""
    among = comparisons["arm"].isin(arms) & comparisons["other"].isin(arms)
    rows = comparisons[among & (comparisons["metric"] == "validation_accuracy")]
    return {key: 0 if rows.empty else int(rows[key].max()) for key in ("tests", "seeds_needed")}


def majority_share(labels: NDArray[np.uint8]) -> float:
    """The share of the commonest of (n,) labels, 0..1."""
    return float(np.bincount(labels).max() / len(labels))


def architectures_table(
    figure: ArchitecturesFigure, layers: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """The layers of the figure's arms, one below the other, with the arm's name first."""
    return pd.concat(
        [layers[arm].assign(arm=arm)[["arm", *layers[arm].columns]] for arm in figure.arms]
    )


def best_table(figure: BestFigure, runs: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each run on training, validation and test, and the group's chosen arm.

    `tests` and `seeds_needed` are those of the pairs of chosen arms.
    """
    rows = []
    for group, arms in figure.groups.items():
        chosen = best_arm(runs, arms)
        for arm in arms:
            for _, run in runs[runs["arm"] == arm].iterrows():
                for part, name in PARTS.items():
                    if pd.notna(run[f"{name}_accuracy"]):
                        rows.append(
                            {
                                "group": group,
                                "arm": arm,
                                "seed": run["seed"],
                                "part": part,
                                "accuracy": run[f"{name}_accuracy"],
                                "images": int(run[f"{name}_images"]),
                                "chosen": arm == chosen,
                            }
                        )
    chosen_arms = [best_arm(runs, arms) for arms in figure.groups.values()]
    return pd.DataFrame(rows).assign(**family_of(chosen_arms, comparisons))


def forest_table(
    figure: ForestFigure, comparisons: pd.DataFrame, config: ClaimsConfig
) -> pd.DataFrame:
    """The comparisons of the figure's metrics, in its order, with what draws their panels.

    `label` and `unit` are the metric's; `margin` is that of equivalence, absent where it has none.
    """
    panels = []
    for name in figure.metrics:
        metric = config.metrics[name]
        panels.append(
            comparisons[comparisons["metric"] == name].assign(
                label=metric.label,
                unit=metric.unit,
                margin=config.statistics.margin if metric.has_margin else np.nan,
            )
        )
    return pd.concat(panels)


def label_table(parts: Mapping[tuple[str, str], NDArray[np.uint8]], digits: int) -> pd.DataFrame:
    """Counts and densities of labels for each (data set, part), as figure 1 shows them.

    `expected` is what the maximum of `digits` independent draws gives at the class frequencies of
    the original MNIST training images, which must be among `parts` as ("mnist", "combined").
    """
    classes = np.bincount(parts["mnist", "combined"], minlength=10)
    maximum = maximum_of(digits, classes / classes.sum())
    rows = []
    for (data_set, part), labels in parts.items():
        counts = np.bincount(labels, minlength=10)
        expected = maximum if data_set == "modified" else classes / classes.sum()
        for label in range(10):
            rows.append(
                {
                    "data_set": data_set,
                    "part": part,
                    "label": label,
                    "count": int(counts[label]),
                    "density": counts[label] / counts.sum(),
                    "expected": expected[label],
                }
            )
    return pd.DataFrame(rows)
