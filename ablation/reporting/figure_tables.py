"""The tables that figures are drawn from and captions speak of: a function a kind of figure.

Pure functions over data frames; a run is a row or a block of rows that names arm and seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.reporting.config import BestFigure, CurvesFigure, ForestFigure
from ablation.statistics.config import ClaimsConfig
from ablation.statistics.intervals import maximum_of
from ablation.statistics.runs import best_arm, on_plateau

# A part of the images -> as the names of its metrics begin.
PARTS = {"training": "train", "validation": "validation", "test": "test"}


def curves_table(
    figure: CurvesFigure, curves: pd.DataFrame, majority: Mapping[str, float]
) -> pd.DataFrame:
    """The rows of curves.csv (arm, seed, epoch, metric, value) that the figure shows.

    The column `majority_share` is the arm's value in `majority`: the accuracy of a network that
    always answers the majority class.
    """
    shown = curves[curves["arm"].isin(figure.arms)]
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
    columns = ["arm", "seed", "train_accuracy", "validation_accuracy", "validation_images"]
    rows = []
    for run in runs.loc[runs["arm"].isin(figure.arms), columns].to_dict("records"):
        facts, images = config.arms[run["arm"]], run.pop("validation_images")
        rows.append(
            {
                **run,
                "epochs": facts.epochs,
                "on_plateau": on_plateau(run["validation_accuracy"], images, majority[run["arm"]]),
                "measured_training": facts.measured_training,
                "measured_validation": facts.measured_validation,
            }
        )
    return pd.DataFrame(rows).assign(**_family(figure.arms, comparisons))


def _family(arms: Sequence[str], comparisons: pd.DataFrame) -> dict[str, Any]:
    """`tests` and `seeds_needed` of the largest family that compares these arms on validation."""
    among = comparisons["arm"].isin(arms) & comparisons["other"].isin(arms)
    rows = comparisons[among & (comparisons["metric"] == "validation_accuracy")]
    return {key: 0 if rows.empty else int(rows[key].max()) for key in ("tests", "seeds_needed")}


def best_table(figure: BestFigure, runs: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each run on training, validation and test, and the group's chosen arm.

    `runs` is runs.csv. `tests` and `seeds_needed` are those of the pairs of chosen arms.
    """
    best = {group: best_arm(runs, arms) for group, arms in figure.groups.items()}
    rows = [
        {"group": group, "arm": arm, "seed": run["seed"], "part": part,
         "accuracy": run[f"{name}_accuracy"], "images": int(run[f"{name}_images"]),
         "chosen": arm == best[group]}
        for group, arms in figure.groups.items()
        for arm in arms
        for run in runs[runs["arm"] == arm].to_dict("records")
        for part, name in PARTS.items()
        if pd.notna(run[f"{name}_accuracy"])
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**_family(list(best.values()), comparisons))


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
    shares = classes / classes.sum()
    expected = {"mnist": shares, "modified": maximum_of(digits, shares)}
    tables = []
    for (data_set, part), labels in parts.items():
        counts = np.bincount(labels, minlength=10)
        tables.append(
            pd.DataFrame(
                {"data_set": data_set, "part": part, "label": range(10), "count": counts,
                 "density": counts / counts.sum(), "expected": expected[data_set]}
            )
        )  # fmt: skip
    return pd.concat(tables)
