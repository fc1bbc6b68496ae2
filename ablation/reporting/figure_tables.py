"""The tables behind figures and captions: a function a kind of figure.

Pure functions over data frames; a run is a row or a block of rows that names arm and seed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ablation.reporting.config import BestFigure, CurvesFigure, ForestFigure, LadderFigure
from ablation.statistics.comparison import values_of
from ablation.statistics.config import ClaimsConfig, DifferenceClaim
from ablation.statistics.intervals import maximum_of
from ablation.statistics.ranks import shift, shift_interval
from ablation.statistics.runs import best_arm

# A part of the images -> as the names of its metrics begin.
PARTS = {"training": "train", "validation": "validation", "test": "test"}
LADDER = [
    "claim", "arm", "other", "metric", "label", "unit", "expect", "margin", "study", "images", "n",
    "n_other", "difference", "low", "high", "paper",
]  # fmt: skip


def curves_table(figure: CurvesFigure, curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of curves.csv (arm, seed, epoch, metric, value) that the figure shows.

    The column `majority_share` is the accuracy of a network that always answers the majority class,
    on the arm's images, and `stuck` says whether the run is, as runs.csv has both.
    """
    facts = runs[["arm", "seed", "majority", "stuck"]]
    shown = curves[curves["arm"].isin(figure.arms)].merge(facts, how="left")
    return shown.rename(columns={"majority": "majority_share"})


def curves_runs(figure: CurvesFigure, runs: pd.DataFrame, config: ClaimsConfig) -> pd.DataFrame:
    """A row a run of the figure: how it ended on all its images, and what its curve is measured on.

    `runs` is runs.csv.
    """
    columns = ["arm", "seed", "train_accuracy", "validation_accuracy", "stuck"]
    facts = pd.DataFrame({arm: dict(facts) for arm, facts in config.arms.items()}).T
    kept = ["epochs", "measured_training", "measured_validation"]
    return runs.loc[runs["arm"].isin(figure.arms), columns].join(facts[kept], on="arm")


def best_table(figure: BestFigure, runs: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each run (runs.csv) on training, validation and test, and the chosen arms."""
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
    return pd.DataFrame(rows)


def forest_table(
    figure: ForestFigure, comparisons: pd.DataFrame, config: ClaimsConfig
) -> pd.DataFrame:
    """The comparisons of the figure's metrics, in its order, with what draws their panels.

    `title` is the question's, `label` the metric's; `margin` is that of equality, absent where the
    metric has none.
    """
    titles = {name: question.title for name, question in config.questions.items()}
    panels = []
    for name in figure.metrics:
        metric = config.metrics[name]
        rows = comparisons[comparisons["metric"] == name]
        panels.append(
            rows.assign(
                title=rows["question"].map(titles),
                label=metric.label,
                margin=config.statistics.margin if metric.has_margin else np.nan,
            )
        )
    return pd.concat(panels)


def ladder_table(config: ClaimsConfig, runs: pd.DataFrame) -> pd.DataFrame:
    """The shift of each claimed difference in each study, with its interval, as compare has them.

    A row a claim and study: arm less other. `images` is how many different images were trained on,
    of two arms that differ in it the larger number. A difference that two claims name appears once;
    one that a single study measured is left out.

    Args:
        runs: a row a run of every study, with study, arm, seed, images and the studies' metrics.
    """
    rows, known = [], []
    for name, claim in config.claims.items():
        if not isinstance(claim, DifferenceClaim) or name in config.not_applicable:
            continue
        quantity = ({*claim.arms}, claim.metric)
        if quantity in known:
            continue
        known.append(quantity)
        metric = config.metrics[claim.metric]
        found = []
        for study, of_study in runs.groupby("study", sort=False):
            first, second = (values_of(of_study, arm, claim.metric) for arm in claim.arms)
            if len(first) == 0 or len(second) == 0:
                continue
            low, high = shift_interval(first, second)
            found.append(
                {"claim": name, "arm": claim.arms[0], "other": claim.arms[1],
                 "metric": claim.metric, "label": metric.label, "unit": metric.unit,
                 "expect": claim.expect, "margin": config.statistics.margin, "study": study,
                 "images": of_study.loc[of_study["arm"].isin(claim.arms), "images"].max(),
                 "n": len(first), "n_other": len(second), "difference": shift(first, second),
                 "low": low, "high": high, "paper": claim.paper}
            )  # fmt: skip
        rows += sorted(found, key=lambda row: row["images"]) if len(found) > 1 else []
    return pd.DataFrame(rows, columns=LADDER)


def ladder_runs(figure: LadderFigure, config: ClaimsConfig, runs: pd.DataFrame) -> pd.DataFrame:
    """Validation accuracy of each run of the figure's arms in each study, and the paper's own.

    `runs` is as of `ladder_table`; `paper` is what a claim on the arm says that the paper reached.
    """
    paper = {
        arm: value for (arm, of), value in config.papers.items() if of == "validation_accuracy"
    }
    columns = ["study", "arm", "seed", "images", "validation_accuracy"]
    shown = runs.loc[runs["arm"].isin(figure.arms), columns]
    return shown.assign(paper=shown["arm"].map(paper).astype(float))


def label_table(parts: Mapping[tuple[str, str], NDArray[np.uint8]], digits: int) -> pd.DataFrame:
    """Counts and densities of labels for each (data set, part), as figure 1 shows them.

    `expected` is what the maximum of `digits` independent draws gives at the class frequencies of
    the original MNIST training images, which must be among `parts` as ("mnist", "combined").
    """
    classes = np.bincount(parts["mnist", "combined"], minlength=10)
    shares = classes / classes.sum()
    largest = maximum_of(digits, shares)
    expected = {"mnist": shares, "modified": largest, "modified_128": largest}
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
