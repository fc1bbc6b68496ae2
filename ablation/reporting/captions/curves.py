"""What curves of accuracy show, in words (paper, figures 2, 5, 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ablation.reporting.config import CurvesFigure
from ablation.reporting.figures import last_epochs, read_table
from ablation.reporting.words import (
    RANGE,
    capital,
    listed,
    no_verdict,
    paragraph,
    percent,
    points,
    short_names,
    signed_points,
)

COLUMNS = ("arm", "seed", "epoch", "metric", "value", "majority_share")
# An accuracy this far above the majority class's share has left its plateau: of 1,000 images at
# 0.27 it is 3.5 standard deviations of chance.
MARGIN = 0.05
LAST = 1 / 6  # the last share of the epochs where a figure names none, the paper's 50 of 300


@dataclass(frozen=True)
class Curve:
    """What one arm's curves show.

    Attributes:
        epochs: the last epoch.
        training, validation: (seeds,) accuracies (0..1) after the last epoch.
        majority: the accuracy (0..1) of naming the commonest label for every validation image.
        left: for each seed the first epoch more than MARGIN above `majority`, None for never.
        rise: mean change of validation accuracy over the last `rise_epochs` epochs, or None where
            the epoch before them was not measured.
    """

    epochs: int
    training: np.ndarray
    validation: np.ndarray
    majority: float
    left: list[int | None]
    rise: float | None
    rise_epochs: int

    @property
    def accuracy(self) -> float:
        return float(self.validation.mean())

    @property
    def on_plateau(self) -> int:
        """How many seeds end on the plateau of the majority class, left before or not."""
        return int((self.validation <= self.majority + MARGIN).sum())


def caption(figure: CurvesFigure, labels: Mapping[str, str], folder: Path) -> str:
    """The accuracies at the end, who leads, the plateau, the last rise and what n allows."""
    table = read_table(folder, COLUMNS)
    curves = {arm: curve(table, arm, figure.last or LAST) for arm in figure.arms}
    names = short_names(figure.arms, labels)
    seeds = {len(curve.validation) for curve in curves.values()}
    return paragraph(
        [
            _drawn(figure, curves, max(seeds)),
            _finals(curves, labels),
            _order(curves, names),
            _plateau(curves, names),
            _rise(curves, names),
            no_verdict(min(seeds)) if len(curves) > 1 else "",
        ]
    )


def majority_shares(folder: Path) -> dict[str, float]:
    """arm -> the accuracy (0..1) of naming the commonest label for every validation image."""
    means = read_table(folder, COLUMNS).groupby("arm")["majority_share"].mean()
    return {str(arm): float(share) for arm, share in means.items()}


def curve(table: pd.DataFrame, arm: str, last: float) -> Curve:
    """What the table (arm, seed, epoch, metric, value, majority_share) says of one arm.

    Raises:
        ValueError: the arm has no training or no validation accuracy.
    """
    rows = table[table["arm"] == arm]
    ends, by_metric = {}, {}
    for metric in ("train_accuracy", "validation_accuracy"):
        values = rows[rows["metric"] == metric].pivot(index="epoch", columns="seed", values="value")
        if values.empty:
            raise ValueError(f"the table of curves has no {metric} of the arm {arm}")
        by_metric[metric] = values
        ends[metric] = values.ffill().iloc[-1].to_numpy()
    validation = by_metric["validation_accuracy"]
    majority = float(rows["majority_share"].mean())
    epochs = int(validation.index.max())
    window = last_epochs(epochs, last)
    before = epochs - window
    rise = None
    if before in validation.index and not validation.loc[before].isna().any():
        rise = float((ends["validation_accuracy"] - validation.loc[before].to_numpy()).mean())
    left = []
    for seed in validation.columns:
        above = validation.index[validation[seed] > majority + MARGIN]
        left.append(int(above[0]) if len(above) else None)
    return Curve(
        epochs=epochs,
        training=ends["train_accuracy"],
        validation=ends["validation_accuracy"],
        majority=majority,
        left=left,
        rise=rise,
        rise_epochs=window,
    )


def _drawn(figure: CurvesFigure, curves: Mapping[str, Curve], seeds: int) -> str:
    lines = "one run an arm (n = 1 seed)"
    if seeds > 1:
        lines = f"lines are means and bands run from the lowest to the highest of {seeds} seeds"
    panels = ""
    if figure.last is not None:
        count = last_epochs(max(curve.epochs for curve in curves.values()), figure.last)
        panels = f" Left: all epochs; right: the last {_epochs(count)}."
    return (
        "Accuracy after each epoch, training dashed and validation solid, both measured with "
        f"dropout off; {lines}.{panels}"
    )


def _epochs(count: int) -> str:
    return "epoch" if count == 1 else f"{count} epochs"


def _finals(curves: Mapping[str, Curve], labels: Mapping[str, str]) -> str:
    epochs = {curve.epochs for curve in curves.values()}
    items = []
    for arm, curve in curves.items():
        gap = float((curve.training - curve.validation).mean())
        item = (
            f"{percent(curve.training.mean())} and {percent(curve.accuracy)} "
            f"(gap {signed_points(gap)} points) for {labels[arm]}"
        )
        items.append(item + (f" after epoch {curve.epochs}" if len(epochs) > 1 else ""))
    when = f"After epoch {epochs.pop()} t" if len(epochs) == 1 else "T"
    return f"{when}raining and validation accuracy are {'; '.join(items)}."


def _order(curves: Mapping[str, Curve], names: Mapping[str, str]) -> str:
    """Who is highest and who lowest on validation, and by how much."""
    if len(curves) == 1:
        return ""
    arms = sorted(curves, key=lambda arm: -curves[arm].accuracy)
    first, second, last = arms[0], arms[1], arms[-1]
    lead = curves[first].accuracy - curves[second].accuracy
    if points(lead) == points(0):
        text = f"On validation images {names[first]} and {names[second]} end level to 0.1 points"
    else:
        text = f"On validation images {names[first]} ends {points(lead)} above {names[second]}"
    if len(arms) > 2:
        behind = curves[first].accuracy - curves[last].accuracy
        text += f"; {names[last]} is lowest, {points(behind)} below {names[first]}"
    return text + "."


def _plateau(curves: Mapping[str, Curve], names: Mapping[str, str]) -> str:
    """When each arm left the plateau of the majority class, and plainly which did not."""
    shares: dict[str, list[str]] = {}
    for arm, curve in curves.items():
        shares.setdefault(percent(curve.majority), []).append(names[arm])
    if len(shares) == 1:
        share = next(iter(shares))
    else:
        share = listed(f"{share} ({', '.join(arms)})" for share, arms in shares.items())
    left = [f"{_left(curve)} for {names[arm]}" for arm, curve in curves.items() if any(curve.left)]
    text = f"Naming the commonest label for every validation image would score {share}"
    if left:
        text += (
            f"; validation accuracy first stood more than {points(MARGIN)} above that plateau "
            f"{listed(left)}"
        )
    stuck = [_stuck(names[arm], curve) for arm, curve in curves.items() if curve.on_plateau]
    return paragraph([text + ".", *stuck])


def _left(curve: Curve) -> str:
    epochs = sorted(epoch for epoch in curve.left if epoch is not None)
    text = f"in epoch {epochs[0]}"
    if epochs[0] != epochs[-1]:
        text = f"in epochs {epochs[0]}{RANGE}{epochs[-1]}"
    if len(epochs) < len(curve.left):
        text += f" with {len(epochs)} of {len(curve.left)} seeds"
    return text


def _stuck(name: str, curve: Curve) -> str:
    seeds = len(curve.validation)
    which = "" if seeds == 1 else f" with {curve.on_plateau} of {seeds} seeds"
    below = curve.majority - curve.accuracy
    if below > MARGIN:
        return f"After epoch {curve.epochs} {name} stands {points(below)} below even that."
    again = "again" if seeds == 1 and curve.left[0] is not None else "still"
    return (
        f"{capital(name)} is {again} on that plateau after epoch {curve.epochs}{which}: it does "
        "hardly better than a network that has learnt nothing of the images."
    )


def _rise(curves: Mapping[str, Curve], names: Mapping[str, str]) -> str:
    """How much validation accuracy still changed over the last share of the epochs."""
    spans = {(curve.rise_epochs, curve.epochs) for curve in curves.values()}
    verbs: dict[str, list[str]] = {"still rose": [], "fell": [], "stood still": []}
    for arm, curve in curves.items():
        if curve.rise is None:
            continue
        still = points(curve.rise) == points(0)
        item = f"for {names[arm]}" if still else f"by {points(curve.rise)} for {names[arm]}"
        if len(spans) > 1:
            item += f" (last {curve.rise_epochs} of {curve.epochs})"
        verbs["stood still" if still else "still rose" if curve.rise > 0 else "fell"].append(item)
    told = [f"{verb} {listed(items)}" for verb, items in verbs.items() if items]
    if not told:
        return ""
    span = "the last epochs"
    if len(spans) == 1:
        window, epochs = spans.pop()
        span = (
            f"the last of {epochs} epochs"
            if window == 1
            else f"the last {window} of {epochs} epochs"
        )
    return f"Over {span} validation accuracy {'; it '.join(told)}."
