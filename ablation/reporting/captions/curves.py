"""What curves of accuracy show, in words (paper, figures 2, 5, 6 and 7).

Accuracies are those of the trained networks on all their images, as in every table: a curve is
measured on some of them, and its last point may stand on the other side of another arm's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures import last_epochs, read_table
from ablation.reporting.words import (
    RANGE,
    capital,
    counted,
    listed,
    no_verdict,
    paragraph,
    percent,
    points,
    short_names,
    signed_points,
)
from ablation.statistics.run_metrics import on_plateau

COLUMNS = ("arm", "seed", "epoch", "metric", "value", "majority_share")
RUNS = "runs.csv"  # a row a run: its final accuracies, beside the curves
RUNS_COLUMNS = ("arm", "seed", "epochs", "train_accuracy", "validation_accuracy", "on_plateau",
                "measured_training", "measured_validation", "tests", "seeds_needed")  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How one arm's runs ended.

    Attributes:
        epochs: the last epoch.
        training, validation: mean accuracies (0..1) of the trained networks over the seeds.
        majority: the accuracy (0..1) of naming the commonest label for every validation image.
        left: for each seed the first epoch in which its curve stood above `majority` for certain,
            None for never.
        stuck: how many seeds end no better than that.
    """

    epochs: int
    training: float
    validation: float
    majority: float
    left: list[int | None]
    stuck: int


def caption(figure: CurvesFigure, labels: Mapping[str, str], folder: Path) -> str:
    """The accuracies at the end, who leads, the plateau, and what n allows.

    Raises:
        ValueError: an arm has no run, or no validation accuracy.
    """
    table, runs = read_table(folder, COLUMNS), read_table(folder, RUNS_COLUMNS, RUNS)
    runs = runs[runs["arm"].isin(figure.arms)]
    ended = {arm: end(table, runs, arm) for arm in figure.arms}
    names = short_names(figure.arms, labels)
    seeds = runs.groupby("arm")["seed"].nunique()
    few = no_verdict(int(seeds.min()), int(runs["tests"].max()), int(runs["seeds_needed"].max()))
    return paragraph(
        [
            _drawn(figure, runs, int(seeds.max())),
            _finals(ended, labels),
            _order(ended, names),
            _plateau(ended, names),
            few if len(ended) > 1 else "",
        ]
    )


def majority_shares(folder: Path) -> dict[str, float]:
    """arm -> the accuracy (0..1) of naming the commonest label for every validation image."""
    means = read_table(folder, COLUMNS).groupby("arm")["majority_share"].mean()
    return {str(arm): float(share) for arm, share in means.items()}


def end(table: pd.DataFrame, runs: pd.DataFrame, arm: str) -> Ended:
    """How an arm's runs ended, from the tables of curves and of runs.

    Raises:
        ValueError: the arm has no run, or no validation accuracy.
    """
    of_arm, rows = runs[runs["arm"] == arm], table[table["arm"] == arm]
    curves = rows[rows["metric"] == "validation_accuracy"].sort_values("epoch")
    if of_arm.empty or curves.empty:
        raise ValueError(f"the table of curves has no validation_accuracy of the arm {arm}")
    majority = float(rows["majority_share"].mean())
    images = int(of_arm["measured_validation"].iloc[0])
    left = []
    for _, curve in curves.groupby("seed"):
        above = curve[[not on_plateau(value, images, majority) for value in curve["value"]]]
        left.append(int(above["epoch"].iloc[0]) if len(above) else None)
    return Ended(
        epochs=int(of_arm["epochs"].max()),
        training=float(of_arm["train_accuracy"].mean()),
        validation=float(of_arm["validation_accuracy"].mean()),
        majority=majority,
        left=left,
        stuck=int(of_arm["on_plateau"].sum()),
    )


def _drawn(figure: CurvesFigure, runs: pd.DataFrame, seeds: int) -> str:
    lines = "one run an arm (n = 1 seed)"
    if seeds > 1:
        lines = f"lines are means and bands run from the lowest to the highest of {seeds} seeds"
    training, validation = (
        f"{runs[column].min():,}{RANGE}{runs[column].max():,}"
        if runs[column].nunique() > 1
        else f"{runs[column].iloc[0]:,}"
        for column in ("measured_training", "measured_validation")
    )
    panels = ""
    if figure.last is not None:
        count = last_epochs(int(runs["epochs"].max()), figure.last)
        panels = f" Left: all epochs; right: the last {_epochs(count)}."
    return (
        f"Accuracy after each epoch on {training} training images (dashed) and {validation} "
        f"validation images (solid), with dropout off; {lines}.{panels}"
    )


def _epochs(count: int) -> str:
    return "epoch" if count == 1 else f"{count} epochs"


def _finals(ended: Mapping[str, Ended], labels: Mapping[str, str]) -> str:
    epochs = {arm.epochs for arm in ended.values()}
    items = []
    for name, arm in ended.items():
        item = (
            f"{percent(arm.training)} and {percent(arm.validation)} "
            f"(gap {signed_points(arm.training - arm.validation)} points) for {labels[name]}"
        )
        items.append(item + (f" after {counted(arm.epochs, 'epoch')}" if len(epochs) > 1 else ""))
    when = f" after {counted(epochs.pop(), 'epoch')}" if len(epochs) == 1 else ""
    return f"On all their images{when} training and validation accuracy are {'; '.join(items)}."


def _order(ended: Mapping[str, Ended], names: Mapping[str, str]) -> str:
    """Who is highest and who lowest on validation, and by how much."""
    if len(ended) == 1:
        return ""
    arms = sorted(ended, key=lambda arm: -ended[arm].validation)
    first, second, last = arms[0], arms[1], arms[-1]
    lead = ended[first].validation - ended[second].validation
    if points(lead) == points(0):
        text = f"On validation images {names[first]} and {names[second]} end level to 0.1 points"
    else:
        text = f"On validation images {names[first]} ends {points(lead)} above {names[second]}"
    if len(arms) > 2:
        behind = ended[first].validation - ended[last].validation
        text += f"; {names[last]} is lowest, {points(behind)} below {names[first]}"
    return text + "."


def _plateau(ended: Mapping[str, Ended], names: Mapping[str, str]) -> str:
    """When each arm left the plateau of the majority class, and plainly which did not."""
    shares: dict[str, list[str]] = {}
    for name, arm in ended.items():
        shares.setdefault(percent(arm.majority), []).append(names[name])
    share = next(iter(shares))
    if len(shares) > 1:
        share = listed(f"{share} ({', '.join(arms)})" for share, arms in shares.items())
    left = [f"{_left(arm)} for {names[name]}" for name, arm in ended.items() if any(arm.left)]
    text = f"Naming the commonest label for every validation image would score {share}"
    if left:
        text += f"; a curve first stood above that for certain {listed(left)}"
    stuck = [_stuck(names[name], arm) for name, arm in ended.items() if arm.stuck]
    return paragraph([text + ".", *stuck])


def _left(arm: Ended) -> str:
    epochs = sorted(epoch for epoch in arm.left if epoch is not None)
    text = f"in epoch {epochs[0]}"
    if epochs[0] != epochs[-1]:
        text = f"in epochs {epochs[0]}{RANGE}{epochs[-1]}"
    if len(epochs) < len(arm.left):
        text += f" with {len(epochs)} of {len(arm.left)} seeds"
    return text


def _stuck(name: str, arm: Ended) -> str:
    seeds = len(arm.left)
    which = "" if seeds == 1 else f" with {arm.stuck} of {seeds} seeds"
    return (
        f"{capital(name)} ends no better than that{which}: such a network has learnt nothing of "
        "the images, or nothing that lasted."
    )
