"""What each figure shows, as numbers and names for the captions (`templates/captions.j2`).

A function a kind of figure, by its name, each from the folder of tables that the picture is drawn
from; `labels` are the arms' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ablation.base.arrays import read_npz
from ablation.reporting import figures
from ablation.reporting.config import (
    ArchitecturesFigure,
    AugmentationFigure,
    BestFigure,
    CurvesFigure,
    ForestFigure,
    LabelDensityFigure,
    LadderFigure,
)
from ablation.reporting.tables import read_csv
from ablation.reporting.wording import fewer, named_runs, short_names
from ablation.statistics.comparison import partly_stuck, stuck_runs

Facts = dict[str, Any]
Labels = Mapping[str, str]

LAYER_KINDS = {"convolutions": "Conv", "dense layers": "Dense", "pooling layers": "Pool"}


def curves(figure: CurvesFigure, labels: Labels, folder: Path) -> Facts:
    """Accuracies are of the trained networks on all their images, as in every table.

    A curve is measured on some of them, and its last point may stand on another arm's other side.
    """
    runs = read_csv(folder / "runs.csv")
    names = short_names(figure.arms, labels)
    found = runs.groupby("arm")[["train_accuracy", "validation_accuracy"]]
    means, medians = found.mean(), found.median()
    seeds, stuck = runs["arm"].value_counts(), {*runs.loc[runs["stuck"], "arm"]}
    mixed = partly_stuck(runs)
    return {
        "arms": [
            (names[arm], *means.loc[arm], tuple(medians.loc[arm]) if arm in stuck else None)
            for arm in figure.arms
        ],
        "stuck": named_runs(stuck_runs(runs, *figure.arms), names),
        "mixed": [names[arm] for arm in figure.arms if arm in mixed],
        "last": figure.last,
        "epochs": int(runs["epochs"].max()),
        "measured": [
            (int(runs[column].min()), int(runs[column].max()))
            for column in ("measured_training", "measured_validation")
        ],
        **_seeds({names[arm]: int(seeds[arm]) for arm in figure.arms}),
    }


def best(figure: BestFigure, labels: Labels, folder: Path) -> Facts:
    table = read_csv(folder / "data.csv")
    chosen = table[table["chosen"]]
    groups, seeds = [], {}
    for group, arms in figure.groups.items():
        rows = chosen[chosen["group"] == group]
        means = rows.groupby("part")["accuracy"].mean()
        name = labels[rows["arm"].iloc[0]]
        seeds[name] = int(rows["seed"].nunique())
        groups.append(
            {"group": group, "arm": name, "of": len(arms),
             "parts": {part: float(means[part]) for part in figures.PARTS if part in means}}
        )  # fmt: skip
    images = chosen["images"]
    return {
        "groups": groups,
        "images": (int(images.min()), int(images.max())),
        "paper": bool(figure.theirs),
        **_seeds(seeds),
    }


def forest(figure: ForestFigure, labels: Labels, folder: Path) -> Facts:
    table = read_csv(folder / "data.csv")
    arms = {*table["arm"], *table["other"]}
    names = short_names([arm for arm in labels if arm in arms], labels)
    panels = []
    for _, rows in table.groupby("metric", sort=False):
        ends = rows.sort_values("difference", ascending=False).iloc[[0, -1]].to_dict("records")
        panels.append(
            {"label": rows["label"].iloc[0],
             "ends": [(names[row["arm"]], names[row["other"]], row["difference"]) for row in ends]}
        )  # fmt: skip
    counts = [*table["n"], *table["n_other"]]
    return {
        "panels": panels,
        "runs": (min(counts), max(counts)),
        "paper": bool(table["paper"].notna().any()),
        "far": figures.FAR if figures.far(table).nunique() == 2 else None,
        "stuck": named_runs(table["stuck"], names),
    }


def ladder(figure: LadderFigure, labels: Labels, folder: Path) -> Facts:
    """Of each claim, whether the shifts of fewest and of most images surely have unlike signs."""
    table, runs = read_csv(folder / "data.csv"), read_csv(folder / "runs.csv")
    # The side of 0 on which an interval lies: -1, 1, or 0 on both.
    side = (table["low"] > 0).astype(int) - (table["high"] < 0).astype(int)
    ends = side.groupby(table["claim"]).agg(["first", "last"])
    names = short_names(figure.arms, labels)
    medians = runs.groupby(["arm", "images"])["validation_accuracy"].median()
    return {
        "claims": len(ends),
        "turned": int((ends["first"] * ends["last"] < 0).sum()),
        "studies": [
            (study, int(images)) for study, images in runs.groupby("study")["images"].max()
            .sort_values().items()
        ],
        "arms": [(names[arm], list(medians[arm].items())) for arm in figure.arms],
        "paper": bool(table["paper"].notna().any() or runs["paper"].notna().any()),
    }  # fmt: skip


def label_density(figure: LabelDensityFigure, labels: Labels, folder: Path) -> Facts:
    table = read_csv(folder / "data.csv")
    rows = table[table["data_set"] == "modified"]
    density = rows.pivot(index="label", columns="part", values="density")
    combined = density["combined"]
    apart = combined - rows.groupby("label")["expected"].first()
    return {
        "counts": rows.groupby("part")["count"].sum().to_dict(),
        "common": (int(combined.idxmax()), float(combined.max())),
        "rare": (int(combined.idxmin()), float(combined.min())),
        "expected": float(apart.abs().max()),
        "split": float((density["training"] - density["validation"]).abs().max()),
    }


def architectures(figure: ArchitecturesFigure, labels: Labels, folder: Path) -> Facts:
    table = read_csv(folder / "data.csv")
    networks = []
    for arm in figure.arms:
        layers = table[table["arm"] == arm]
        largest = layers.loc[layers["parameters"].idxmax()]
        networks.append(
            {"name": labels[arm], "layers": layers.to_dict("records"),
             "counts": {noun: int(layers["type"].str.contains(part).sum())
                        for noun, part in LAYER_KINDS.items()},
             "parameters": int(layers["parameters"].sum()),
             "frozen": int(layers.loc[~layers["trainable"], "parameters"].sum()),
             "largest": (largest["layer"], int(largest["parameters"]))}
        )  # fmt: skip
    return {"networks": networks}


def augmentation(figure: AugmentationFigure, labels: Labels, folder: Path) -> Facts:
    arrays = read_npz(folder / "data.npz")
    steps = {str(name): arrays[f"step_{name}"] for name in arrays["steps"]}
    kept = steps.get("thresholded")
    return {
        "name": labels[figure.arms[0]],
        "images": list(zip(arrays["numbers"], arrays["labels"], strict=True)),
        "sizes": {name: pixels.shape[1:] for name, pixels in steps.items()},
        "kept": None if kept is None else float((kept > 0).mean()),
    }


def _seeds(seeds: Mapping[str, int]) -> Facts:
    """How many seeds there are, and what has fewer.

    Args:
        seeds: name of what is shown -> how many it has.
    """
    return {"seeds": max(seeds.values()), "least": min(seeds.values()), "fewer": fewer(seeds)}
