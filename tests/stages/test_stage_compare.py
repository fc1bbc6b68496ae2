"""The stages `compare` and `summarize` on runs that nobody trained: files in, tables out."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.base.files import read_json, read_yaml, write_json, write_yaml
from ablation.reporting.captions import facts as figure_facts
from ablation.reporting.config import CurvesFigure
from ablation.reporting.page.page import caption
from stages import compare, resolve, split, summarize
from tests.params import PARAMS

ROOT = Path(__file__).resolve().parents[2]
MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
SEEDS = 2
# What a run reaches on all its images, and what its curve ends with on some of them.
FINAL = {"baseline": 0.853, "sgd": 0.856, "simple": 0.27, "l1": 0.95}
CURVE = {"baseline": 0.865, "sgd": 0.850}
STUCK = ("simple-0", "simple-1")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smoke study of two seeds after `evaluate`, its numbers made up."""
    folder = tmp_path_factory.mktemp("study")
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    seeds = list(range(SEEDS))
    params = copy.deepcopy(PARAMS) | {"scale": "smoke", "seeds": seeds, "costly_seeds": seeds}
    params["scales"]["smoke"]["data"] |= {"images": 2500, "test_images": 400}
    write_yaml(Path("params.yaml"), params)
    resolve.main()
    measured = Path("ablation/inputs/measured.yaml")
    measured.parent.mkdir(parents=True)
    shutil.copy(ROOT / measured, measured)
    Path("data/raw").mkdir(parents=True)
    np.savez("data/raw/mnist.npz", y_train=np.repeat(np.arange(10, dtype=np.uint8), MNIST))
    rng = np.random.default_rng(0)
    for name, digits, counts in (("modified", 3, (2500, 400)), ("mnist", 1, (250, 100))):
        for part, count in zip(("train", "test"), counts, strict=True):
            labels = rng.choice(10, (count, digits), p=MNIST / MNIST.sum()).max(axis=1)
            sets = Path("data/sets") / part / name
            sets.mkdir(parents=True)
            np.save(sets / "labels.npy", labels.astype(np.uint8))
    split.main()
    study = read_yaml(Path("configs/study.yaml"))
    facts = read_yaml(Path("configs/claims.yaml"))["arms"]
    for arm, data_set in study["data_sets"].items():
        labels = np.load(f"data/sets/test/{data_set}/labels.npy")
        for seed in range(SEEDS):
            accuracy = FINAL.get(arm, 0.8) + 0.001 * seed
            _run(
                f"{arm}-{seed}", accuracy, CURVE.get(arm, accuracy), facts[arm], labels, arm == "l1"
            )
    Path("data/samples").mkdir()
    np.savez("data/samples/augmentation.npz", steps=np.array(["raw"]))
    compare.main()
    summarize.main()
    patch.undo()
    return folder


def _run(
    key: str, accuracy: float, end: float, facts: dict[str, Any], labels: np.ndarray, penalty: bool
) -> None:
    right = np.arange(len(labels)) < accuracy * len(labels)
    out = Path("models/evaluations") / key
    write_json(
        out / "metrics.json",
        {"train_accuracy": accuracy + 0.04, "train_images": 2000, "validation_accuracy": accuracy,
         "validation_images": facts["validation_images"], "test_accuracy": float(right.mean()),
         "test_images": len(labels), "test_macro_f1": 0.5},
    )  # fmt: skip
    np.savez(
        out / "predictions.npz", test=np.where(right, labels, (labels + 1) % 10).astype(np.uint8)
    )
    curve = np.linspace(0.25, end, facts["epochs"])
    more = 2.6 if penalty else 0.0
    metrics = {
        "running_accuracy": curve, "train_accuracy": curve, "validation_accuracy": curve,
        "running_loss": -np.log(curve) + more, "train_loss": -np.log(curve),
        "validation_loss": -np.log(curve), "penalty": np.full(len(curve), more),
    }  # fmt: skip
    rows = [
        (epoch, metric, value)
        for metric, values in metrics.items()
        for epoch, value in enumerate(values, start=1)
    ]
    history = Path("models/histories") / key
    history.mkdir(parents=True)
    table = pd.DataFrame(rows, columns=["epoch", "metric", "value"])
    table.to_csv(history / "history.csv", index=False)
    layers = pd.DataFrame({"layer": ["images"], "parameters": [10]})
    layers.to_csv(history / "layers.csv", index=False)


def test_two_seeds_compare_every_arm_and_decide_no_claim_on_runs(project: Path) -> None:
    found = pd.read_csv(project / "reports/comparison.csv")
    assert set(found["verdict"]) == {"no verdict"}
    assert set(found["seeds"]) == {SEEDS}
    judged = {claim["claim"]: claim for claim in read_json(project / "reports/claims.json")}
    assert list(judged) == list(PARAMS["claims"])
    decided = {name for name, claim in judged.items() if claim["verdict"] in ("holds", "fails")}
    assert decided == {"labels_skewed"}
    page = (project / "reports/claims.md").read_text()
    assert "our means point the paper's way in" in page
    assert "a family of 15 tests takes 10." in page


def test_the_labels_are_the_official_ones_at_any_scale(project: Path) -> None:
    (claim,) = (
        c for c in read_json(project / "reports/claims.json") if c["claim"] == "labels_skewed"
    )
    assert (claim["verdict"], claim["images"], claim["seeds"]) == ("holds", 50_000, 0)
    assert abs(claim["value"]) < 0.005


def test_a_run_on_the_plateau_is_named_and_a_regularized_one_at_95_percent_is_not(
    project: Path,
) -> None:
    found = pd.read_csv(project / "reports/comparison.csv")
    diverged = {run for cell in found["diverged"].dropna() for run in cell.split()}
    assert diverged == set(STUCK)
    runs = pd.read_csv(project / "reports/tables/simple_cnn/runs.csv").set_index("arm")
    assert runs["on_plateau"].to_dict() == {"simple_mnist": False, "simple": True}


def test_a_caption_and_the_table_agree_in_sign_though_the_curves_end_otherwise(
    project: Path,
) -> None:
    found = pd.read_csv(project / "reports/comparison.csv").set_index(["arm", "other", "metric"])
    assert found.loc[("sgd", "baseline", "validation_accuracy"), "difference"] > 0
    curves = pd.read_csv(project / "reports/tables/optimizer/data.csv")
    ends = curves[(curves["metric"] == "validation_accuracy") & (curves["epoch"] == 2)]
    means = ends.groupby("arm")["value"].mean()
    assert means["sgd"] < means["baseline"]
    declared = PARAMS["figures"]["optimizer"]
    figure = CurvesFigure.model_validate(declared)
    labels = {arm: arm for arm in figure.arms}
    text, _ = caption(figure, figure_facts(figure, labels, project / "reports/tables/optimizer"))
    assert "On validation images sgd ends highest (85.7%), then baseline (85.4%)" in text
    assert "on 50 training and 50 validation images" in text


def test_mcnemar_s_test_has_a_row_a_seed(project: Path) -> None:
    found = pd.read_csv(project / "reports/images_test.csv")
    assert found["seed"].tolist() == [0, 1]
    assert set(found["images"]) == {400}
    assert found["only_second"].tolist() == [0, 0]  # both are right on the first images
