"""What each figure shows, as numbers and names: `templates/captions.j2` makes sentences of them.

A function a kind of figure, each from the tables that the picture is drawn from. Nothing here
needs a plotting library.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.reading import refusing
from ablation.reporting import figures
from ablation.reporting.config import (
    ArchitecturesFigure,
    AugmentationFigure,
    BestFigure,
    CurvesFigure,
    FigureConfig,
    ForestFigure,
    LabelDensityFigure,
)
from ablation.reporting.figures import compared, last_epochs, read_table
from ablation.reporting.wording import cells, fewer, named, quoted, runs_by_arm, short_names

Facts = dict[str, Any]
Labels = Mapping[str, str]

RUNS = ("arm", "seed", "epochs", "train_accuracy", "validation_accuracy", "on_plateau",
        "measured_training", "measured_validation", "tests", "seeds_needed")  # fmt: skip
BEST = ("group", "arm", "seed", "part", "accuracy", "images", "chosen", "tests", "seeds_needed")
FOREST = ("arm", "other", "metric", "group", "seeds", "seeds_needed", "tests", "difference", "low",
          "high", "diverged", "paper", "verdict", "label", "unit", "margin")  # fmt: skip
DENSITY = ("data_set", "part", "label", "count", "density", "expected")
LAYERS = ("arm", "layer", "type", "output_shape", "parameters", "trainable")
LAYER_KINDS = {"Conv": "convolution", "Dense": "dense layer", "Pool": "pooling layer"}
PARTS = ("training", "validation", "test")


def facts(figure: FigureConfig, labels: Labels, folder: Path) -> Facts:
    """The facts of one figure, from its `folder` of tables; `labels` are the arms' names.

    Raises:
        UserError: a table lacks a column, an arm or a part.
        FileNotFoundError: a table is missing.
    """
    return _KINDS[type(figure)](figure, labels, folder)


def majority_shares(folder: Path) -> dict[str, float]:
    """arm -> the accuracy (0..1) of naming the commonest label for every validation image."""
    means = (
        read_table(folder, ("arm", "majority_share"), figures.CURVES)
        .groupby("arm")["majority_share"]
        .mean()
    )
    return {str(arm): float(share) for arm, share in means.items()}


def _curves(figure: CurvesFigure, labels: Labels, folder: Path) -> Facts:
    """Accuracies are of the trained networks on all their images, as in every table.

    A curve is measured on some of them, and its last point may stand on another arm's other side.
    """
    runs = read_table(folder, RUNS, figures.RUNS, "runs.csv")
    majority, names = majority_shares(folder), short_names(figure.arms, labels)
    arms: list[Facts] = []
    for arm in figure.arms:
        of_arm = runs[runs["arm"] == arm]
        if of_arm.empty or arm not in majority:
            raise UserError(f"the tables of curves have no run of the arm {arm}")
        arms.append(
            {"name": quoted(names[arm]), "majority": majority[arm], "seeds": len(of_arm),
             "training": float(of_arm["train_accuracy"].mean()),
             "validation": float(of_arm["validation_accuracy"].mean()),
             "stuck": int(of_arm["on_plateau"].sum())}
        )  # fmt: skip
    shown = runs[runs["arm"].isin(figure.arms)]
    epochs = int(shown["epochs"].max())
    return {
        "arms": arms,
        "order": sorted(arms, key=lambda arm: -arm["validation"]),
        "epochs": epochs,
        "last": None if figure.last is None else last_epochs(epochs, figure.last),
        "measured": [
            (int(shown[column].min()), int(shown[column].max()))
            for column in ("measured_training", "measured_validation")
        ],
        **_seeds(
            {names[arm]: of["seeds"] for arm, of in zip(figure.arms, arms, strict=True)}, shown
        ),
    }


def _best(figure: BestFigure, labels: Labels, folder: Path) -> Facts:
    table = read_table(folder, BEST, figures.BEST)
    groups: list[Facts] = []
    for group, arms in figure.groups.items():
        rows = table[(table["group"] == group) & table["chosen"].astype(bool)]
        if rows["arm"].nunique() != 1:
            raise UserError(f"the group {group} has {rows['arm'].nunique()} chosen arms, not one")
        means = rows.groupby("part")["accuracy"].mean()
        groups.append(
            {"group": group, "arm": quoted(labels[rows["arm"].iloc[0]]), "of": len(arms),
             "parts": {part: float(means[part]) for part in PARTS if part in means}}
        )  # fmt: skip
    chosen = table[table["chosen"].astype(bool)]
    images = chosen.loc[chosen["part"] != "training", "images"]
    seeds = {str(arm): int(rows["seed"].nunique()) for arm, rows in chosen.groupby("arm")}
    return {
        "groups": groups,
        "last": max(groups[0]["parts"], key=PARTS.index),  # test where its images have labels
        "images": (int(images.min()), int(images.max())),
        **_seeds({labels[arm]: count for arm, count in seeds.items()}, table),
    }


def _forest(figure: ForestFigure, labels: Labels, folder: Path) -> Facts:
    table = read_table(folder, FOREST, figures.DIFFERENCES)
    short = short_names(compared(table, labels), labels)
    names = {arm: quoted(name) for arm, name in short.items()}
    panels = []
    for metric in figure.metrics:
        rows = table[table["metric"] == metric]
        against = rows[rows["group"] == "baseline"].sort_values("difference")
        if against.empty:
            continue
        found = {
            verdict: [names[arm] for arm in against.loc[against["verdict"] == verdict, "arm"]]
            for verdict in ("better", "worse", "equivalent", "inconclusive")
        }
        highest, lowest = against.iloc[-1], against.iloc[0]
        panels.append(
            {"label": rows.iloc[0]["label"], "found": found, "baseline": names[lowest["other"]],
             "ends": [(names[row["arm"]], row["difference"]) for row in (highest, lowest)]}
        )  # fmt: skip
    return {
        "panels": panels,
        "paper": bool(table["paper"].notna().any()),
        "far": figures.FAR if figures.far(table).nunique() == 2 else None,
        "diverged": runs_by_arm(cells(table["diverged"]), short),
        **_seeds(named(table, short), table),
        "seeds": int(table["seeds"].max()),
    }


def _label_density(figure: LabelDensityFigure, labels: Labels, folder: Path) -> Facts:
    table = read_table(folder, DENSITY, figures.DENSITIES)
    rows = table[table["data_set"] == "modified"]
    density = rows.pivot(index="label", columns="part", values="density")
    for part in ("training", "validation", "combined"):
        if part not in density.columns:
            raise UserError(f"the label densities have no part {part} of modified")
    combined = density["combined"]
    apart = combined - rows.groupby("label")["expected"].first()
    return {
        "counts": {str(p): int(n) for p, n in rows.groupby("part")["count"].sum().items()},
        "common": (int(combined.idxmax()), float(combined.max())),
        "rare": (int(combined.idxmin()), float(combined.min())),
        "expected": None if apart.isna().all() else float(apart.abs().max()),
        "split": float((density["training"] - density["validation"]).abs().max()),
    }


def _architectures(figure: ArchitecturesFigure, labels: Labels, folder: Path) -> Facts:
    table = read_table(folder, LAYERS, figures.LAYERS)
    networks = []
    for arm in figure.arms:
        layers = table[table["arm"] == arm]
        if layers.empty:
            raise UserError(f"the table of architectures has no layers of the arm {arm}")
        counts = {
            noun: int(layers["type"].str.contains(part, regex=False).sum())
            for part, noun in LAYER_KINDS.items()
        }
        largest = layers.loc[layers["parameters"].idxmax()]
        networks.append(
            {"name": labels[arm], "counts": {noun: n for noun, n in counts.items() if n},
             "layers": layers.drop(columns="arm").to_dict("records"),
             "parameters": int(layers["parameters"].sum()),
             "frozen": int(layers.loc[~layers["trainable"].astype(bool), "parameters"].sum()),
             "largest": (largest["layer"], int(largest["parameters"]))}
        )  # fmt: skip
    return {"networks": networks}


def _augmentation(figure: AugmentationFigure, labels: Labels, folder: Path) -> Facts:
    arrays = read_npz(folder / "data.npz")
    with refusing(folder / "data.npz", "set of samples", "summarize"):
        steps = {str(name): arrays[f"step_{name}"] for name in arrays["steps"]}
        images = [
            (int(number), int(label))
            for number, label in zip(arrays["numbers"], arrays["labels"], strict=True)
        ]
    kept = steps.get("thresholded")
    return {
        "name": labels[figure.arms[0]],
        "images": images,
        "steps": {name: tuple(pixels.shape[1:]) for name, pixels in steps.items()},
        "kept": None if kept is None else float((kept > 0).mean()),
    }


def _seeds(seeds: Mapping[str, int], table: pd.DataFrame) -> Facts:
    """How many seeds there are, and how many the largest family of tests takes for a verdict.

    `fewer` says what has less than the others; `few` is whether none has enough, and `lacking`
    names those that have not where others have.

    Args:
        seeds: name of what is shown -> how many it has.
    """
    needed, most = int(table["seeds_needed"].max()), max(seeds.values())
    return {
        "seeds": most,
        "least": min(seeds.values()),
        "fewer": fewer(seeds),
        "tests": int(table["tests"].max()),
        "needed": needed,
        "few": most < needed,
        "lacking": [quoted(name) for name, count in seeds.items() if count < needed <= most],
    }


_KINDS: dict[type, Any] = {
    ArchitecturesFigure: _architectures,
    AugmentationFigure: _augmentation,
    BestFigure: _best,
    CurvesFigure: _curves,
    ForestFigure: _forest,
    LabelDensityFigure: _label_density,
}
