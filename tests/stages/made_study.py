"""A small study whose runs nobody trained: what they reach is known."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.base.files import read_yaml, write_yaml
from tests.params import MNIST_COUNTS, PARAMS, ROOT
from tests.reporting.figures.tables import layers, samples

COPIED = ("paper.yaml", "ablation/inputs/measured.yaml", "docs/ladder.csv")
MNIST = np.array(MNIST_COUNTS)
SEEDS = [0, 1]
IMAGES = {"modified": (2500, 400), "mnist": (250, 100), "modified_128": (250, 100)}  # train, test
# What a run of seed 0 reaches on all parts, and what its curve ends with; half a point more with 1.
FINAL = {"baseline": 0.85, "sgd": 0.86, "simple": 0.27, "largest_fresh": 0.95}
CURVE = {"baseline": 0.87, "sgd": 0.84}
FEWER = 1000  # training images of simple_mnist's and simple's runs, at most

Arrays = dict[str, np.ndarray]


def make(folder: Path) -> Path:
    """Writes the study into `folder`, as far as its trained runs; `folder`."""
    params = PARAMS | {"scale": "smoke", "seeds": SEEDS, "costly_seeds": SEEDS}
    write_yaml(folder / "params.yaml", params)
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    with (ROOT / "docs/pilots.csv").open() as pilots:  # none of them is of this study
        (folder / "docs/pilots.csv").write_text(pilots.readline())
    stage(folder, "resolve")
    labels, data = _data(folder)
    study, claims = (read_yaml(folder / f"configs/{name}.yaml") for name in ("study", "claims"))
    for arm, data_set in study["data_sets"].items():
        for seed in SEEDS:
            accuracy, run = FINAL.get(arm, 0.8) + 0.005 * seed, folder / f"models/runs/{arm}-{seed}"
            run.mkdir(parents=True)
            end = CURVE.get(arm, accuracy)
            curve = np.linspace(0.25, end, claims["arms"][arm]["epochs"])
            write_history(run, curve, penalty=2.6 * (arm == "l1"))
            layers(vgg="vgg" in arm).to_csv(run / "layers.csv", index=False)
            split = data[f"split/{seed}"]
            training = split[f"{data_set}_training"][: FEWER if "simple" in arm else None]
            parts = {
                "train": labels[data_set, "train"][np.sort(training)],
                "validation": labels[data_set, "train"][np.sort(split[f"{data_set}_validation"])],
                "test": labels[data_set, "test"],
            }
            answers = {part: answered(true, accuracy) for part, true in parts.items()}
            answers["test_probabilities"] = np.full((len(parts["test"]), 10), 10, np.uint8)
            np.put_along_axis(answers["test_probabilities"], answers["test"][:, None], 165, axis=1)
            np.savez(run / "answers.npz", **answers)
    return folder


def stage(folder: Path, name: str, *arguments: str) -> None:
    """Runs a stage of this checkout in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        import_module(f"stages.{name}").main(*arguments)


def answered(labels: np.ndarray, accuracy: float) -> np.ndarray:
    """(n,) uint8: the first labels are right, the others one too high."""
    right = np.arange(len(labels)) < round(accuracy * len(labels))
    return np.where(right, labels, (labels + 1) % 10).astype(np.uint8)


def write_history(run: Path, curve: np.ndarray, penalty: float = 0.0, **more: Any) -> None:
    """history.csv of a run whose accuracies all follow one curve."""
    metrics = {
        "running_accuracy": curve, "train_accuracy": curve, "validation_accuracy": curve,
        "running_loss": -np.log(curve) + penalty, "train_loss": -np.log(curve),
        "validation_loss": -np.log(curve), "penalty": np.full(len(curve), penalty),
    } | more  # fmt: skip
    table = pd.DataFrame({"epoch": np.arange(1, len(curve) + 1)} | metrics)
    table.melt("epoch", var_name="metric").to_csv(run / "history.csv", index=False)


def _data(folder: Path) -> tuple[Arrays, dict[str, Any]]:
    """Writes data/; (data set, train or test) -> labels, and the arrays of its files."""
    config, rng = read_yaml(folder / "configs/data.yaml"), np.random.default_rng(0)
    labels, shown = {}, {}
    files: dict[str, Any] = {
        "raw/mnist": {"y_train": np.repeat(np.arange(10, dtype=np.uint8), MNIST)},
        "samples/augmentation": samples(),
    }
    for name, digits in (("modified", 3), ("mnist", 1), ("modified_128", 3)):
        for part, count in zip(("train", "test"), IMAGES[name], strict=True):
            shown[name, part] = rng.choice(10, (count, digits), p=MNIST / MNIST.sum())
            labels[name, part] = shown[name, part].max(axis=1).astype(np.uint8)
            files[f"sets/{part}/{name}/labels"] = labels[name, part]
    files["compositions/test"] = {
        "families": rng.integers(0, len(config["backgrounds"]), 400),
        "digit_labels": shown["modified", "test"],
    }
    side = config["canvas"]
    files["sets/test/modified/images"] = rng.integers(0, 256, (400, side, side), np.uint8)
    for seed in SEEDS:
        parts = {}
        for name, (count, _) in IMAGES.items():
            order = rng.permutation(count)
            parts |= {f"{name}_validation": order[: count // 5]}
            parts |= {f"{name}_training": order[count // 5 :]}
        files[f"split/{seed}"] = parts
    (folder / "data/own/external").mkdir(parents=True)
    for name, content in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            np.savez(path.with_suffix(".npz"), **content)
        else:
            np.save(path.with_suffix(".npy"), content)
    return labels, files
