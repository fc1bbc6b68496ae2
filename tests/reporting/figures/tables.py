"""Tables as `summarize` writes them, with the features of the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

# arm -> label, as in params.yaml.
LABELS = {
    "baseline": "baseline (SGD Nesterov, dropout, dense 512)",
    "adam": "Adam",
    "sgd": "SGD",
    "vgg_raw": "VGG-16, raw",
    "vgg_augmented": "VGG-16, augmented",
    "head_512_32": "dense 512 and 32",
}
MAJORITY = 0.271


def curves_table(arms: list[str], seeds: int, epochs: int = 15) -> pd.DataFrame:
    """A plateau at the majority class, then a rise that differs by arm and seed."""
    rng = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for index, arm in enumerate(arms):
        for seed in range(seeds):
            start = epochs * (0.1 + 0.15 * index) + rng.normal(0, 0.03) * epochs
            steps = np.maximum(0, np.arange(1, epochs + 1) - start) / epochs
            validation = MAJORITY + 0.62 * (1 - np.exp(-5 * steps))
            validation = np.clip(validation + rng.normal(0, 0.008, epochs), 0, 1)
            training = np.clip(validation + 0.12 * steps, 0, 1)
            for metric, values in (
                ("train_accuracy", training),
                ("validation_accuracy", validation),
                ("running_accuracy", training * 0.9),
                ("validation_loss", -np.log(validation)),
            ):
                rows += [
                    {"arm": arm, "seed": seed, "epoch": epoch, "metric": metric, "value": value,
                     "majority_share": MAJORITY}
                    for epoch, value in enumerate(values, start=1)
                ]  # fmt: skip
    return pd.DataFrame(rows)


def runs_of(table: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """runs.csv beside a table of curves: a row a run, which ends where its curves end."""
    rows = []
    for (arm, seed), of_run in table.groupby(["arm", "seed"], sort=False):
        last = of_run.sort_values("epoch").groupby("metric")["value"].last()
        rows.append(
            {"arm": arm, "seed": seed, "epochs": int(of_run["epoch"].max()),
             "train_accuracy": last.get("train_accuracy"),
             "validation_accuracy": last.get("validation_accuracy"),
             "on_plateau": last.get("validation_accuracy", 0) <= of_run["majority_share"].iloc[0],
             "measured_training": 2000, "measured_validation": 2000, "tests": 15,
             "seeds_needed": 10}
        )  # fmt: skip
    return pd.DataFrame(rows).assign(**columns)


def density_table() -> pd.DataFrame:
    """The labels of 25,000 images with three digits each, split 80 to 20, and of MNIST."""
    digit = np.arange(10)
    expected = ((digit + 1) ** 3 - digit**3) / 1000
    rng = np.random.default_rng(0)
    rows = []
    for data_set, share in (("modified", expected), ("mnist", np.full(10, 0.1))):
        counts = {"training": rng.multinomial(20_000, share)}
        counts["validation"] = counts["training"] // 4
        counts["combined"] = counts["training"] + counts["validation"]
        counts["test"] = rng.multinomial(5_000, share)
        for part, count in counts.items():
            rows.append(
                pd.DataFrame(
                    {
                        "data_set": data_set,
                        "part": part,
                        "label": digit,
                        "count": count,
                        "density": count / count.sum(),
                        "expected": expected if data_set == "modified" else np.nan,
                    }
                )
            )
    return pd.concat(rows)


def architectures_table() -> pd.DataFrame:
    """VGG-16 with frozen first layers, and a CNN with normalization and dropout."""
    rows: list[tuple[str, str, str, str, int, bool]] = []

    def add(
        arm: str, layer: str, kind: str, shape: str, count: int = 0, trains: bool = True
    ) -> None:
        rows.append((arm, layer, kind, f"(n, {shape})", count, trains))

    add("vgg_augmented", "images", "InputLayer", "72, 72")
    for name, kind, shape in (
        ("scaled", "Scale", "72, 72, 1"),
        ("thresholded", "Threshold", "72, 72, 1"),
        ("padded", "ZeroPadding2D", "80, 80, 1"),
        ("rgb", "GreyToRGB", "80, 80, 3"),
        ("standardized", "ImageNetStandardize", "80, 80, 3"),
    ):
        add("vgg_augmented", name, kind, shape)
    size, before = 80, 3
    for block, filters in enumerate(
        ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)), start=1
    ):
        for number, after in enumerate(filters, start=1):
            count = 9 * before * after + after
            add("vgg_augmented", f"block{block}_conv{number}", "Conv2D",
                f"{size}, {size}, {after}", count, block > 1)  # fmt: skip
            before = after
        size //= 2
        add("vgg_augmented", f"block{block}_pool", "MaxPooling2D", f"{size}, {size}, {before}")
    add("vgg_augmented", "flatten", "Flatten", "2048")
    add("vgg_augmented", "dense_1", "Dense", "1024", 2048 * 1024 + 1024)
    add("vgg_augmented", "dropout_dense_1", "Dropout", "1024")
    add("vgg_augmented", "dense_2", "Dense", "1024", 1024 * 1024 + 1024)
    add("vgg_augmented", "dropout_dense_2", "Dropout", "1024")
    add("vgg_augmented", "logits", "Dense", "10", 10250)

    add("head_512_32", "images", "InputLayer", "72, 72")
    add("head_512_32", "scaled", "Scale", "72, 72, 1")
    add("head_512_32", "downscaled", "AveragePooling2D", "36, 36, 1")
    size, before, number = 36, 1, 0
    for block, filters in enumerate(((16, 16, 16), (32, 32), (64, 64)), start=1):
        for after in filters:
            number += 1
            shape = f"{size}, {size}, {after}"
            add("head_512_32", f"conv_{number}", "Conv2D", shape, 9 * before * after)
            add("head_512_32", f"normalization_{number}", "BatchNormalization", shape, 4 * after)
            add("head_512_32", f"relu_{number}", "ReLU", shape)
            before = after
        add("head_512_32", f"spatial_dropout_{block}", "SpatialDropout2D", shape)
        size //= 2
        add("head_512_32", f"pool_{block}", "MaxPooling2D", f"{size}, {size}, {before}")
    add("head_512_32", "flatten", "Flatten", "1024")
    units_before = 1024
    for index, units in enumerate((512, 32), start=1):
        add("head_512_32", f"dense_{index}", "Dense", f"{units}", units_before * units)
        add("head_512_32", f"normalization_dense_{index}", "BatchNormalization", f"{units}",
            4 * units)  # fmt: skip
        add("head_512_32", f"relu_dense_{index}", "ReLU", f"{units}")
        add("head_512_32", f"dropout_dense_{index}", "Dropout", f"{units}")
        units_before = units
    add("head_512_32", "logits", "Dense", "10", 330)
    columns = ["arm", "layer", "type", "output_shape", "parameters", "trainable"]
    return pd.DataFrame(rows, columns=columns)


def samples(steps: tuple[str, ...] = ("raw", "scaled", "thresholded", "padded")) -> dict[str, Any]:
    """Three images of 72 px of a bright stroke on a soft background, after each step."""
    y, x = np.mgrid[:72, :72]
    raw = np.stack([90 + 60 * np.sin(x / (5 + k)) * np.cos(y / (7 + k)) for k in range(3)]).astype(
        np.float32
    )
    for k in range(3):
        for cx, cy in ((18, 20), (50, 18), (36, 52)):
            ring = np.abs(np.hypot(x - cx, (y - cy) * 0.7) - 7 - k) < 1.6
            raw[k][ring] = 250
    scaled = raw / 255
    thresholded = np.where(scaled < 0.9, 0, scaled).astype(np.float32)
    every = {
        "raw": raw,
        "scaled": scaled,
        "thresholded": thresholded,
        "padded": np.pad(thresholded, ((0, 0), (4, 4), (4, 4))),
    }
    return {
        "numbers": np.array([9666, 12019, 22488]),
        "labels": np.array([9, 7, 4], np.uint8),
        "steps": np.array(steps),
        **{f"step_{step}": every[step] for step in steps},
    }


def best_table(seeds: int) -> pd.DataFrame:
    """Two groups with one chosen arm each."""
    rng = np.random.default_rng(1)
    rows = []
    for group, arm, accuracy, best in (
        ("CNN", "baseline", 0.90, False),
        ("CNN", "adam", 0.921, True),
        ("VGG-16", "vgg_raw", 0.925, False),
        ("VGG-16", "vgg_augmented", 0.945, True),
    ):
        for seed in range(seeds):
            for part, shift, images in (
                ("training", 0.02, 2500), ("validation", 0.0, 2500), ("test", -0.01, 5000),
            ):  # fmt: skip
                value = accuracy + shift + rng.normal(0, 0.004)
                rows.append((group, arm, seed, part, round(value * images) / images, images, best))
    columns = ["group", "arm", "seed", "part", "accuracy", "images", "chosen"]
    return pd.DataFrame(rows, columns=columns).assign(tests=15, seeds_needed=10)


def forest_table(seeds: int, metrics: tuple[str, ...] = ("validation", "test")) -> pd.DataFrame:
    """Pairs that lie apart, close together and on either side, one with the paper's difference."""
    rng = np.random.default_rng(5)
    t = {1: np.nan, 3: 4.303, 10: 2.262}[seeds]
    rows: list[dict[str, Any]] = []
    for metric in metrics:
        for arm, other, mean, sd, paper in (
            ("adam", "baseline", -0.012, 0.008, None),
            ("sgd", "baseline", 0.001, 0.003, None),
            ("head_512_32", "baseline", -0.006, 0.02, None),
            ("vgg_raw", "baseline", -0.21, 0.05, None),
            ("vgg_augmented", "baseline", 0.031, 0.009, 0.008),
            ("sgd", "adam", 0.013, 0.009, None),
            ("vgg_augmented", "vgg_raw", 0.241, 0.05, None),
        ):
            difference = mean + rng.normal(0, sd / 3)
            half = t * sd / np.sqrt(seeds)
            clear = seeds > 8 and abs(difference) > half
            verdict = "no verdict"
            if seeds > 8:
                verdict = ("better" if difference > 0 else "worse") if clear else "inconclusive"
            rows.append(
                {"arm": arm, "other": other, "metric": f"{metric}_accuracy",
                 "group": "baseline" if other == "baseline" else "pairs", "family": "paper",
                 "tests": 15, "seeds": seeds, "seeds_needed": 10,
                 "difference": difference, "low": difference - half, "high": difference + half,
                 "p": 0.002 if clear else 0.3, "p_holm": 0.02 if clear else 0.6,
                 "improvement": 1.0 if difference > 0 else 0.0, "diverged": None, "paper": paper,
                 "verdict": verdict, "label": f"{metric} accuracy", "unit": "points",
                 "margin": 0.005}
            )  # fmt: skip
    return pd.DataFrame(rows)


def with_one_seed(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The table of a study in which this arm, and it alone, has one seed."""
    if "seed" in table:
        return pd.DataFrame(table[(table["arm"] != arm) | (table["seed"] == 0)])
    found, rows = table.copy(), (table["arm"] == arm) | (table["other"] == arm)
    found.loc[rows, ["low", "high", "p", "p_holm"]] = np.nan
    found.loc[rows, ["seeds", "verdict"]] = [1, "no verdict"]
    return found


def write(
    folder: Path, table: pd.DataFrame | dict[str, Any], runs: pd.DataFrame | None = None
) -> Path:
    """Writes a table as `summarize` does, curves with that of their runs; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(table, pd.DataFrame):
        table.to_csv(folder / "data.csv", index=False)
        if runs is not None or "majority_share" in table:
            (runs_of(table) if runs is None else runs).to_csv(folder / "runs.csv", index=False)
    else:
        np.savez(folder / "data.npz", **table)
    return folder
