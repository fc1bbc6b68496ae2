"""A study that was never trained: every file the stages after `train` read, drawn by chance.

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

from ablation.base.files import read_yaml, write_json
from tests.reporting.figures.tables import layers, samples

ROOT = Path(__file__).resolve().parents[2]
MEASURED = Path("ablation/inputs/measured.yaml")
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
RECORD = {
    "commit": "0123456789abcdef0123456789abcdef01234567", "clean": True, "backend": "tensorflow",
    "device": "cpu", "threads": 1, "processor": "A made-up processor", "python": "3.11.9",
    "packages": {"keras": "3.15.1", "numpy": "2.4.6", "tensorflow": "2.21.0"}, "variables": {},
    "started": "2026-01-01T00:00:00+00:00", "images_per_second": 900.0, "arm": {}, "inputs": {},
}  # fmt: skip

Digits = NDArray[np.uint8]


def make(
    folder: Path,
    seeds: Sequence[int],
    labelled: bool = True,
    costly: Sequence[int] | None = None,
) -> Path:
    """Writes the study with these seeds into `folder`, as far as its trained runs; `folder`.

    `costly` are the seeds of the costly arms, if other than the rest.
    Not `labelled`: the test images of Modified MNIST lack labels, as the competition's do.
    """
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    for key, of in (("seeds", seeds), ("costly_seeds", seeds if costly is None else costly)):
        params = re.sub(rf"(?m)^{key}: \[.*?\]", f"{key}: {list(of)}", params)
    for key, count in IMAGES.items():
        params = re.sub(rf"(?m)^(      {key}: )\d+", rf"\g<1>{count}", params)
    (folder / MEASURED).parent.mkdir(parents=True)
    (folder / "params.yaml").write_text(params, encoding="utf-8")
    for path in (Path("paper.yaml"), MEASURED):
        shutil.copy(ROOT / path, folder / path)
    stage(folder, "resolve")
    study, claims, config = (
        read_yaml(folder / "configs" / f"{name}.yaml") for name in ("study", "claims", "data")
    )
    rng = np.random.default_rng(7)
    digits = _data(folder / "data", config, study["seeds"], rng)
    hard = {key: rng.normal(0, 1, len(shown)) for key, shown in digits.items()}
    for arm, data_set in study["data_sets"].items():
        for seed in study["costly_seeds" if arm in study["costly_arms"] else "seeds"]:
            with np.load(folder / f"data/split/{seed}.npz") as split:
                training, validation = (
                    np.sort(split[f"{data_set}_{part}"]) for part in ("training", "validation")
                )
            train, test = (data_set, "train"), (data_set, "test")
            shown = {
                "train": (digits[train][training], hard[train][training]),
                "validation": (digits[train][validation], hard[train][validation]),
                "test": (digits[test], hard[test]),
            }
            run = folder / "models/runs" / f"{arm}-{seed}"
            _run(run, arm, claims["arms"][arm]["epochs"], shown, rng)
            record = {**RECORD, "seconds": round(60 + 40 * rng.random(), 1)}
            write_json(folder / "models/provenance" / f"{arm}-{seed}.json", record)
    if not labelled:
        (folder / "data/sets/test/modified/labels.npy").unlink()
    _checked(folder, config)
    return folder


def stage(folder: Path, name: str, *arguments: str) -> None:
    """Runs a stage of this checkout in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        import_module(f"stages.{name}").main(*arguments)


def report(folder: Path) -> Path:
    """Runs every stage from `evaluate` to `report`; the page."""
    for name in ("evaluate", "compare", "errors"):
        stage(folder, name)
    for figure in read_yaml(folder / "configs/study.yaml")["figures"]:
        stage(folder, "figures", figure)
    stage(folder, "report")
    return folder / "reports" / "report.html"


def _data(
    data: Path, config: dict[str, Any], seeds: Sequence[int], rng: np.random.Generator
) -> dict[tuple[str, str], Digits]:
    """Labels, splits and test images; (data set, train or test) -> (n, 1 or 3) digits shown."""
    found = {}
    for name, prefix, count in (("modified", "", 3), ("mnist", "mnist_", 1)):
        for part, images in (("train", f"{prefix}images"), ("test", f"{prefix}test_images")):
            shown = rng.integers(0, 10, (config[images], count), np.uint8)
            found[name, part] = shown
            (data / "sets" / part / name).mkdir(parents=True)
            np.save(data / "sets" / part / name / "labels.npy", shown.max(axis=1))
    test = found["modified", "test"]
    pixels = rng.integers(60, 140, (len(test), config["canvas"], config["canvas"]), np.uint8)
    np.save(data / "sets/test/modified/images.npy", pixels)
    for folder in ("compositions", "split", "raw", "samples", "own/external"):
        (data / folder).mkdir(parents=True)
    families = rng.integers(0, len(config["backgrounds"]), len(test), np.uint8)
    np.savez(data / "compositions/test.npz", families=families, digit_labels=test)
    for seed in seeds:
        parts = {}
        for name in ("modified", "mnist"):
            order = rng.permutation(len(found[name, "train"]))
            count = round(config["validation_fraction"] * len(order))
            parts |= {f"{name}_validation": order[:count], f"{name}_training": order[count:]}
        np.savez(data / f"split/{seed}.npz", **parts)
    np.savez(data / "raw/mnist.npz", y_train=np.arange(10, dtype=np.uint8))
    np.savez_compressed(data / "samples/augmentation.npz", **samples())
    return found


def _run(
    run: Path, arm: str, epochs: int, shown: dict[str, tuple[Digits, NDArray[np.float64]]],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """A run's history, layers and answers; `shown` are each part's digits and how hard they are."""
    accuracy, left, spread = REACHED.get(arm, (0.8, 3.0, 0.01))
    accuracy = float(np.clip(accuracy + rng.normal(0, spread), 0.05, 0.999))
    run.mkdir(parents=True)
    epoch = np.arange(1, epochs + 1)
    start = 0.27 if shown["test"][0].shape[1] == 3 else 0.11
    rise = 1 - np.exp(-np.maximum(0, epoch - left * epochs / 16 - rng.normal(0, 0.2)) / 2.5)
    validation = start + (accuracy - start) * rise + rng.normal(0, 0.004, epochs)
    validation = np.clip(validation, 0, 1)
    training = np.clip(validation + 0.08 * (1 - validation) * rise + 0.02 * rise, 0, 1)
    curves = {
        "running_accuracy": training * 0.95, "train_accuracy": training,
        "train_loss": -np.log(training), "validation_accuracy": validation,
        "validation_loss": -np.log(validation),
    }  # fmt: skip
    history = pd.DataFrame({"epoch": epoch} | curves).melt("epoch", var_name="metric")
    history.to_csv(run / "history.csv", index=False)
    layers(vgg="vgg" in arm).to_csv(run / "layers.csv", index=False)
    reached = {"train": training[-1], "validation": validation[-1], "test": accuracy}
    found: dict[str, NDArray[np.uint8]] = {}
    for part, (digits, hard) in shown.items():
        labels, order = digits.max(axis=1), np.argsort(hard + rng.normal(0, 0.7, len(hard)))
        missed = np.zeros(len(labels), bool)
        missed[order[round(reached[part] * len(labels)) :]] = True
        found[part] = np.where(missed, _wrong(digits, rng), labels)
        if part == "test":
            sure = rng.integers(225, 250, len(labels))
            sure[missed] = rng.integers(128, 200, int(missed.sum()))
            probabilities = np.zeros((len(labels), 10), np.uint8)
            probabilities[np.arange(len(labels)), labels] = 255 - sure
            probabilities[np.arange(len(labels)), found[part]] = sure
            found["test_probabilities"] = probabilities
    np.savez_compressed(run / "answers.npz", **found)


def _wrong(digits: Digits, rng: np.random.Generator) -> Digits:
    """What is said in place of the largest digit: the next of the image's, or a neighbour of it."""
    ordered = np.sort(digits, axis=1)
    labels, second = ordered[:, -1], ordered[:, -2:][:, 0]
    other = np.where(labels > 0, labels - 1, 1).astype(np.uint8)
    return np.where((second < labels) & (rng.random(len(labels)) < 0.7), second, other)


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
    (folder / "reports" / "figures").mkdir(parents=True)
    for suffix in ("png", "svg"):
        name = f"reports/figures/backgrounds.{suffix}"
        shutil.copy(ROOT / name, folder / name)
