"""Tables as `compare` writes them, with the features of the real ones."""

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
    rng, tables, epoch = np.random.default_rng(3), [], np.arange(1, epochs + 1)
    for index, arm in enumerate(arms):
        for seed in range(seeds):
            start = epochs * (0.1 + 0.15 * index) + rng.normal(0, 0.03) * epochs
            steps = np.maximum(0, epoch - start) / epochs
            validation = MAJORITY + 0.62 * (1 - np.exp(-5 * steps))
            validation = np.clip(validation + rng.normal(0, 0.008, epochs), 0, 1)
            training = np.clip(validation + 0.12 * steps, 0, 1)
            curves = {"train_accuracy": training, "validation_accuracy": validation,
                      "running_accuracy": training * 0.9}  # fmt: skip
            table = pd.DataFrame({"epoch": epoch} | curves).melt("epoch", var_name="metric")
            tables.append(table.assign(arm=arm, seed=seed, majority_share=MAJORITY, stuck=False))
    return pd.concat(tables)


def density_table() -> pd.DataFrame:
    """The labels of 25,000 images with three digits each, split 80 to 20, and of MNIST."""
    digit = np.arange(10)
    largest = ((digit + 1) ** 3 - digit**3) / 1000
    tables = []
    for data_set, share in (("modified", largest), ("mnist", np.full(10, 0.1))):
        training = np.random.default_rng(0).multinomial(20_000, share)
        for part, count in (
            ("training", training), ("validation", training // 4),
            ("combined", training + training // 4),
        ):  # fmt: skip
            columns = {"data_set": data_set, "part": part, "label": digit, "count": count,
                       "density": count / count.sum(), "expected": share}  # fmt: skip
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables)


def layers(vgg: bool) -> pd.DataFrame:
    """layers.csv of a network like VGG-16 with a frozen first layer, or of a CNN."""
    rows = [
        ("images", "InputLayer", "(n, 72, 72)", 0, True),
        ("scaled", "Scale", "(n, 72, 72, 1)", 0, True),
    ]
    if vgg:
        rows += [
            ("block1_conv1", "Conv2D", "(n, 72, 72, 64)", 1792, False),
            ("block1_pool", "MaxPooling2D", "(n, 36, 36, 64)", 0, True),
        ]
    else:
        rows += [
            ("conv_1", "Conv2D", "(n, 72, 72, 16)", 144, True),
            ("normalization_1", "BatchNormalization", "(n, 72, 72, 16)", 64, True),
            ("relu_1", "ReLU", "(n, 72, 72, 16)", 0, True),
            ("pool_1", "MaxPooling2D", "(n, 36, 36, 16)", 0, True),
            ("dense_1", "Dense", "(n, 512)", 524_288, True),
        ]
    rows.append(("logits", "Dense", "(n, 10)", 10_250, True))
    return pd.DataFrame(rows, columns=["layer", "type", "output_shape", "parameters", "trainable"])


def architectures_table() -> pd.DataFrame:
    return pd.concat(
        [layers(vgg=True).assign(arm="vgg_augmented"), layers(vgg=False).assign(arm="head_512_32")]
    )


def samples(steps: tuple[str, ...] = ("raw", "scaled", "thresholded", "padded")) -> dict[str, Any]:
    """Three images of 72 px of bright rings on a soft background, after each step."""
    y, x = np.mgrid[:72, :72]
    raw = np.stack([90 + 60 * np.sin(x / (5 + k)) * np.cos(y / (7 + k)) for k in range(3)])
    for k in range(3):
        for cx, cy in ((18, 20), (50, 18), (36, 52)):
            raw[k][np.abs(np.hypot(x - cx, (y - cy) * 0.7) - 7 - k) < 1.6] = 250
    thresholded = np.where(raw / 255 < 0.9, 0, raw / 255)
    every = {
        "raw": raw,
        "scaled": raw / 255,
        "thresholded": thresholded,
        "padded": np.pad(thresholded, ((0, 0), (4, 4), (4, 4))),
    }
    return {
        "numbers": np.array([9666, 12019, 22488]),
        "labels": np.array([9, 7, 4], np.uint8),
        "steps": np.array(steps),
        **{f"step_{step}": every[step].astype(np.float32) for step in steps},
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
    return pd.DataFrame(rows, columns=columns)


def forest_table(n: int) -> pd.DataFrame:
    """Pairs that lie apart, close together and on either side, one with the paper's difference."""
    rows: list[dict[str, Any]] = []
    for metric in ("validation", "test"):
        for question, arm, other, difference, half, found, paper in (
            ("Optimizers", "adam", "baseline", -0.012, 0.006, "lower", None),
            ("Optimizers", "sgd", "baseline", 0.001, 0.003, "equal", None),
            ("Optimizers", "sgd", "adam", 0.013, 0.007, "higher", None),
            ("Dense layers", "head_512_32", "baseline", -0.006, 0.02, "open", None),
            ("Transfer", "vgg_augmented", "vgg_raw", 0.241, 0.05, "higher", None),
            ("Transfer", "vgg_augmented", "baseline", 0.031, 0.009, "higher", 0.008),
        ):
            half = half if n > 1 else np.inf
            rows.append(
                {"question": question.lower(), "title": question, "arm": arm, "other": other,
                 "metric": f"{metric}_accuracy", "n": n, "n_other": n, "difference": difference,
                 "low": difference - half, "high": difference + half, "paper": paper,
                 "found": found if n > 1 else "open", "stuck": None,
                 "label": f"{metric} accuracy", "margin": 0.005}
            )  # fmt: skip
    return pd.DataFrame(rows)


def ladder_tables() -> dict[str, pd.DataFrame]:
    """Three claims on two metrics and two studies; one shift is infinite, one arm is stuck once."""
    rows = [
        ("far", "vgg_augmented", "baseline", "images", "lower", "first", 8000, np.inf, 9e3, np.inf),
        ("far", "vgg_augmented", "baseline", "images", "lower", "this", 40_000, -8e3, -9e3, 1e3),
        ("near", "baseline", "head_512_32", "points", "equal", "first", 8000, 0.1, 0.02, 0.18),
        ("near", "baseline", "head_512_32", "points", "equal", "this", 40_000, 0.0, -0.01, 0.02),
        ("paper", "vgg_augmented", "baseline", "points", "higher", "first", 8000, -0.2, -0.3, -0.1),
        ("paper", "vgg_augmented", "baseline", "points", "higher", "this", 40_000, 0.1, 0.02, 0.2),
    ]  # fmt: skip
    columns = ["claim", "arm", "other", "unit", "expect", "study", "images"]
    data = pd.DataFrame(rows, columns=[*columns, "difference", "low", "high"])
    label = {"images": "images to 80% accuracy", "points": "validation accuracy"}
    data = data.assign(label=data["unit"].map(label), margin=0.005)
    data["paper"] = np.where(data["claim"] == "paper", 0.008, np.nan)
    runs = pd.DataFrame(
        [(study, arm, seed, images, reached - 0.6 * (seed == 2 and arm == "baseline"), paper)
         for arm, paper in (("baseline", np.nan), ("vgg_augmented", 0.963))
         for study, images, reached in (("first", 8000, 0.8), ("this", 40_000, 0.94))
         for seed in range(3)],
        columns=["study", "arm", "seed", "images", "validation_accuracy", "paper"],
    )  # fmt: skip
    return {"data": data, "runs": runs}


def with_one_seed(table: pd.DataFrame, arm: str) -> pd.DataFrame:
    """The table of a study in which this arm, and it alone, has one seed."""
    if "seed" in table:
        return pd.DataFrame(table[(table["arm"] != arm) | (table["seed"] == 0)])
    found, rows = table.copy(), table["arm"] == arm
    found.loc[rows, ["low", "high"]] = -np.inf, np.inf
    found.loc[rows, ["n", "found"]] = [1, "open"]
    return found


def write(folder: Path, table: Any) -> Path:
    """Writes a table, or several by name, or arrays, as `compare` does; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"data": table} if isinstance(table, pd.DataFrame) else table
    if isinstance(tables["data" if "data" in tables else "numbers"], pd.DataFrame):
        for name, content in tables.items():
            content.to_csv(folder / f"{name}.csv", index=False)
    else:
        np.savez(folder / "data.npz", **table)
    return folder
