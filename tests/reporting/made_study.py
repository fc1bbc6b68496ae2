"""A study that was never trained: every file the stages after `evaluate` read, drawn by chance.

As real ones look: plateaus left at other times, effects from 0.3 to 60 points, images that every
network finds hard, answers that are wrong because the largest digit was missed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ablation.base.files import read_json, read_yaml, write_json
from ablation.monitoring.provenance import place
from tests.reporting.figures.tables import architectures_table, samples

ROOT = Path(__file__).resolve().parents[2]
# arm -> (test accuracy, epoch at which the plateau is left, spread over the seeds)
REACHED = {
    "simple_mnist": (0.989, 0.2, 0.001), "simple": (0.40, 9.0, 0.02),
    "baseline": (0.871, 3.0, 0.006), "adam": (0.842, 3.8, 0.008), "sgd": (0.868, 3.1, 0.006),
    "no_dropout": (0.886, 2.4, 0.005), "l1": (0.876, 2.9, 0.006), "l2": (0.871, 3.0, 0.001),
    "head_1024": (0.869, 3.2, 0.006), "head_512_32": (0.862, 3.6, 0.009),
    "vgg_raw": (0.68, 2.5, 0.06), "vgg_augmented": (0.81, 1.8, 0.03),
    "largest": (0.951, 1.0, 0.003), "largest_fresh": (0.968, 1.0, 0.002),
}  # fmt: skip
IMAGES = {"images": 3000, "test_images": 600}
TRAINED_AT = "0123456789abcdef0123456789abcdef01234567"


def make(
    folder: Path,
    seeds: Sequence[int],
    labelled: bool = True,
    costly: Sequence[int] | None = None,
) -> Path:
    """Writes the study with these seeds into `folder`, as far as the stage `evaluate`; `folder`.

    `costly` are the seeds of the costly arms, if other than the rest.
    Not `labelled`: the test images of Modified MNIST lack labels, as the competition's do.
    """
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for key, of in (("seeds", seeds), ("costly_seeds", seeds if costly is None else costly)):
        params = re.sub(rf"(?m)^{key}: \[.*?\]", f"{key}: {list(of)}", params)
    for key, count in IMAGES.items():
        params = re.sub(rf"(?m)^(      {key}: )\d+", rf"\g<1>{count}", params)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    shutil.copy(ROOT / "paper.yaml", folder)
    shutil.copytree(ROOT / "ablation" / "data_check", folder / "ablation" / "data_check")
    stage(folder, "resolve")
    study, claims = (read_yaml(folder / "configs" / f"{name}.yaml") for name in ("study", "claims"))
    config = read_yaml(folder / "configs" / "data.yaml")
    rng = np.random.default_rng(7)
    digits = _data(folder, config, study["seeds"], rng)
    difficulty = rng.normal(0, 1, (2, max(len(of) for of in digits.values())))
    for arm in study["arms"]:
        for seed in study["costly_seeds" if arm in study["costly_arms"] else "seeds"]:
            facts, name = claims["arms"][arm], study["data_sets"][arm]
            _run(folder, arm, seed, facts, digits[name], difficulty[0][: len(digits[name])], rng)
    if not labelled:
        (folder / "data" / "sets" / "test" / "modified" / "labels.npy").unlink()
        for path in (folder / "models" / "evaluations").glob("*/metrics.json"):
            if not path.parent.name.startswith("simple_mnist"):
                judged = read_json(path)
                write_json(path, {k: v for k, v in judged.items() if not k.startswith("test")})
    (folder / "data" / "samples").mkdir()
    np.savez_compressed(folder / "data" / "samples" / "augmentation.npz", **samples())
    _checked(folder, config)
    return folder


def stage(folder: Path, name: str, *arguments: str) -> None:
    """Runs a stage of this checkout in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DVC_ROOT", str(folder))
        import_module(f"stages.{name}").main(*arguments)


def report(folder: Path) -> Path:
    """Runs every stage from `compare` to `report`; the page."""
    for name in ("compare", "summarize", "errors"):
        stage(folder, name)
    for figure in read_yaml(folder / "configs" / "study.yaml")["figures"]:
        stage(folder, "figures", figure)
    for name in ("provenance", "report"):
        stage(folder, name)
    return folder / "reports" / "report.html"


def _data(
    folder: Path, config: dict[str, Any], seeds: Sequence[int], rng: np.random.Generator
) -> dict[str, NDArray[np.uint8]]:
    """Labels, splits and test images; data set -> (n, 3) the digits of each test image."""
    found = {}
    train: dict[str, NDArray[np.uint8]] = {}
    for name, prefix in (("modified", ""), ("mnist", "mnist_")):
        for part, count in (("train", f"{prefix}images"), ("test", f"{prefix}test_images")):
            shown = rng.integers(0, 10, (config[count], 3 if name == "modified" else 1), np.uint8)
            labels = shown.max(axis=1)
            target = folder / "data" / "sets" / part / name
            target.mkdir(parents=True)
            np.save(target / "labels.npy", labels)
            if part == "train":
                train[name] = labels
                continue
            found[name] = shown
            if name == "modified":
                np.save(target / "images.npy", _images(shown, config["canvas"], rng))
                families = rng.integers(0, len(config["backgrounds"]), len(shown), np.uint8)
                (folder / "data" / "compositions").mkdir()
                np.savez(folder / "data" / "compositions" / "test.npz", families=families,
                         digit_labels=shown)  # fmt: skip
    (folder / "data" / "split").mkdir()
    for seed in seeds:
        parts = {}
        for name, labels in train.items():
            order = rng.permutation(len(labels))
            count = round(config["validation_fraction"] * len(labels))
            parts |= {f"{name}_validation": order[:count], f"{name}_training": order[count:]}
        np.savez(folder / "data" / "split" / f"{seed}.npz", **parts)
    (folder / "data" / "raw").mkdir()
    np.savez(folder / "data" / "raw" / "mnist.npz", y_train=np.arange(10, dtype=np.uint8))
    return found


def _images(shown: NDArray[np.uint8], side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(n, side, side) uint8: soft ground, and a bright bar as long as each digit is large."""
    ground = rng.integers(60, 140, (len(shown), side // 8, side // 8), np.uint8)
    images = np.repeat(np.repeat(ground, 8, axis=1), 8, axis=2)
    images = np.pad(images, ((0, 0), (0, side % 8), (0, side % 8)), mode="edge")
    for image, digits in zip(images, shown, strict=True):
        for row, digit in enumerate(digits):
            image[8 + 20 * row : 14 + 20 * row, 6 : 12 + 5 * digit] = 255
    return images


def _run(
    folder: Path, arm: str, seed: int, facts: dict[str, Any], digits: NDArray[np.uint8],
    difficulty: NDArray[np.float64], rng: np.random.Generator,
) -> None:  # fmt: skip
    """The files of one run: history, layers, evaluation and the record of its circumstances."""
    accuracy, left, spread = REACHED.get(arm, (0.8, 3.0, 0.01))
    accuracy = float(np.clip(accuracy + rng.normal(0, spread), 0.05, 0.999))
    history = folder / "models" / "histories" / f"{arm}-{seed}"
    history.mkdir(parents=True)
    epochs = np.arange(1, facts["epochs"] + 1)
    start = 0.27 if digits.shape[1] == 3 else 0.11
    rise = 1 - np.exp(-np.maximum(0, epochs - left * len(epochs) / 16 - rng.normal(0, 0.2)) / 2.5)
    validation = start + (accuracy - start) * rise + rng.normal(0, 0.004, len(epochs))
    validation = np.clip(validation, 0, 1)
    training = np.clip(validation + 0.08 * (1 - validation) * rise + 0.02 * rise, 0, 1)
    curves = {
        "running_accuracy": training * 0.95, "train_accuracy": training,
        "train_loss": -np.log(training), "validation_accuracy": validation,
        "validation_loss": -np.log(validation),
    }  # fmt: skip
    rows = [
        {"epoch": epoch, "metric": metric, "value": value}
        for metric, values in curves.items()
        for epoch, value in zip(epochs, values, strict=True)
    ]
    pd.DataFrame(rows).to_csv(history / "history.csv", index=False)
    layers = architectures_table()
    layers = layers[layers["arm"] == ("vgg_augmented" if "vgg" in arm else "head_512_32")]
    layers.drop(columns="arm").to_csv(history / "layers.csv", index=False)

    labels = digits.max(axis=1)
    wrong = _wrong(digits, rng)
    order = np.argsort(difficulty + rng.normal(0, 0.7, len(labels)))
    missed = np.zeros(len(labels), bool)
    missed[order[round(accuracy * len(labels)) :]] = True
    sure = np.clip(0.97 - 0.1 * rng.random(len(labels)), 0, 1)
    sure[missed] = 0.3 * rng.random(int(missed.sum()))
    probabilities = np.full((len(labels), 10), 0.001)
    probabilities[np.arange(len(labels)), wrong] = 1 - sure
    probabilities[np.arange(len(labels)), labels] = sure
    judged = {
        "train_accuracy": float(training[-1]), "train_images": 4 * facts["validation_images"],
        "validation_accuracy": float(validation[-1]),
        "validation_images": facts["validation_images"],
        "test_accuracy": float(np.mean(~missed)), "test_images": len(labels),
        "test_macro_f1": accuracy - 0.02,
    }  # fmt: skip
    target = folder / "models" / "evaluations" / f"{arm}-{seed}"
    target.mkdir(parents=True)
    write_json(target / "metrics.json", judged)
    np.savez_compressed(
        target / "predictions.npz", test=np.where(missed, wrong, labels).astype(np.uint8),
        test_probabilities=probabilities.astype(np.float16),
    )  # fmt: skip
    write_json(
        place(folder / "models" / "provenance", f"{arm}-{seed}", history / "history.csv"),
        {
            "commit": TRAINED_AT, "clean": True, "backend": "tensorflow", "device": "cpu",
            "threads": 1, "processor": "A made-up processor", "python": "3.11.9",
            "packages": {"keras": "3.15.1", "numpy": "2.4.6", "tensorflow": "2.21.0"},
            "variables": {}, "started": "2026-01-01T00:00:00+00:00",
            "seconds": round(60 + 40 * rng.random(), 1), "images_per_second": 900.0,
        },
    )  # fmt: skip


def _wrong(digits: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What is said in place of the largest digit: the next of the image's, or a neighbour of it."""
    ordered = np.sort(digits, axis=1)
    labels = ordered[:, -1]
    other = np.where(labels > 0, labels - 1, 1)
    if digits.shape[1] == 1:
        return other.astype(np.uint8)
    seen = (ordered[:, -2] < labels) & (rng.random(len(labels)) < 0.7)
    return np.where(seen, ordered[:, -2], other).astype(np.uint8)


def _checked(folder: Path, config: dict[str, Any]) -> None:
    """What the check of the images leaves."""
    rows = [
        {"subject": family, "what": what, "origin": "made", "count": 100, "measured": 100.0 + k,
         "ours": 101.0 + k, "allowed": [95.0 + k, 105.0 + k], "tolerance": "±5", "note": "",
         "pass": True}
        for k, family in enumerate(config["backgrounds"])
        for what in ("mean", "spread", "roughness", "blotches", "darkest")
    ]  # fmt: skip
    content = {"composed": True, "passed": True, "judged_on": "made", "reason": "",
               "canvas": config["canvas"], "rows": rows}  # fmt: skip
    write_json(folder / "reports" / "data_check.json", content)
    target = folder / "reports" / "figures"
    target.mkdir(parents=True)
    for suffix in ("png", "svg"):
        shutil.copy(ROOT / "reports" / "figures" / f"backgrounds.{suffix}", target)
