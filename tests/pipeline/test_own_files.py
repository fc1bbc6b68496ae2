"""The competition's images and an external test set, from a person's files to the submission."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.pipeline.repository import Repository, ran
from tests.pipeline.small import IMAGES, few_arms

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]

ARMS = ["simple_mnist", "baseline", "l2"]
TRAIN, TEST, EXTERNAL = IMAGES, 40, 16


def images(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 128, 128), np.uint8)


def external(count: int) -> dict[str, np.ndarray]:
    return {"images": images(count, 2), "labels": np.arange(count) % 10}


def small_study(params: dict[str, Any]) -> dict[str, Any]:
    """`params` with a few arms on a few of a person's images, and every kind of figure."""
    simple = params["arms"]["simple"]
    params = few_arms(params, ARMS, ["l2"])
    params["data"] |= {"source": "kaggle", "kaggle_dir": "own", "external": "own/real.npz"}
    params["scales"]["smoke"]["data"]["canvas"] = 128
    params["scales"]["smoke"]["input"]["downscale"] = 8
    params["arms"]["simple_mnist"] |= {"extends": "baseline", "model": simple["model"]}
    return params


def test_the_competition_s_images_have_no_test_metrics_and_a_submission(
    checkout: Repository, copy_of: Copy
) -> None:
    repository = copy_of(checkout)
    folder, reports = repository.path / "own", repository.path / "reports"
    folder.mkdir()
    labels = np.random.default_rng(3).integers(0, 10, TRAIN + 10)
    (folder / "train_max_x").write_bytes(pickle.dumps(images(TRAIN + 10, 0), protocol=2))
    (folder / "test_max_x").write_bytes(pickle.dumps(images(TEST, 1).astype(float), protocol=4))
    rows = [f'"{key}","{label}"' for key, label in enumerate(labels)]
    (folder / "train_max_y.csv").write_text("\n".join(['"Id","Label"', *rows[::-1]]))
    np.savez(folder / "real.npz", **external(EXTERNAL))
    file = repository.path / "params.yaml"
    file.write_text(yaml.safe_dump(small_study(yaml.safe_load(file.read_text())), sort_keys=False))

    output = repository.dvc("repro")
    assert f"admit: {TRAIN + 10} training and {TEST} test images" in output
    assert "evaluate: simple_mnist-0  no external accuracy" in output
    sets = repository.path / "data/sets"
    np.testing.assert_array_equal(
        np.load(sets / "train/modified/images.npy"), images(TRAIN + 10, 0)[:TRAIN]
    )
    np.testing.assert_array_equal(np.load(sets / "train/modified/labels.npy"), labels[:TRAIN])
    np.testing.assert_array_equal(np.load(sets / "test/modified/images.npy"), images(TEST, 1))
    assert not (sets / "test/modified/labels.npy").exists()

    metrics = json.loads((reports / "metrics.json").read_text())
    assert list(metrics) == ARMS
    assert "test_accuracy" in metrics["simple_mnist"]  # the original MNIST has labels
    assert "external_accuracy" not in metrics["simple_mnist"]
    for arm in ARMS[1:]:
        values = metrics[arm]
        assert not [key for key in values if key.startswith("test")]
        assert values["external_images"] == EXTERNAL
        assert values["external_low"] <= values["external_accuracy"] <= values["external_high"]
        judged = json.loads(
            (repository.path / f"models/evaluations/{arm}-0/metrics.json").read_text()
        )
        assert not [key for key in judged if key.startswith("test")]
    for path in (*reports.rglob("*.json"), reports / "report.html"):
        assert "NaN" not in re.sub(r"base64,[^\"]+", "", path.read_text()), path
    runs = pd.read_csv(reports / "runs.csv").set_index("arm")
    assert runs["test_accuracy"].notna().to_dict() == {
        "simple_mnist": True, "baseline": False, "l2": False
    }  # fmt: skip
    parts = pd.read_csv(reports / "tables/best/data.csv")["part"]
    assert set(parts) == {"training", "validation"}

    submission = pd.read_csv(reports / "submission.csv")
    assert list(submission["Id"]) == list(range(TEST))
    best = runs["validation_accuracy"].drop("simple_mnist").idxmax()
    with np.load(repository.path / f"models/evaluations/{best}-0/predictions.npz") as predictions:
        assert list(submission["Label"]) == list(predictions["test"])
    page = (reports / "report.html").read_text()
    assert "there is no test accuracy" in page
    assert f"The external test set has {EXTERNAL} images" in page

    # Other external images under the same name: taken in when asked, and they train nothing.
    np.savez(folder / "real.npz", **external(EXTERNAL - 1))
    assert not ran(repository.dvc("repro", "admit"), "admit")
    assert ran(repository.dvc("repro", "--force", "admit"), "admit") == ["admit"]
    changed = json.loads(repository.dvc("status", "--json"))
    assert {name for name in changed if name.startswith("evaluate@")} == {
        f"evaluate@{arm}-0" for arm in ARMS
    }
    assert not [name for name in changed if name.startswith(("preprocess", "train"))]


def test_without_files_of_one_s_own_nothing_is_admitted_and_nothing_is_missed(
    checkout: Repository, copy_of: Copy
) -> None:
    repository = copy_of(checkout)
    # Another test of this session may have run the stage: the run cache would skip its words.
    assert "no files of your own" in repository.dvc("repro", "--no-run-cache", "admit")
    shutil.rmtree(repository.path / "data/own")
    repository.dvc("repro", "admit")
    for name in ("competition", "external"):
        assert list((repository.path / "data/own" / name).iterdir()) == []


def test_a_file_that_is_not_there_is_one_line_before_anything_is_composed(
    checkout: Repository, copy_of: Copy
) -> None:
    repository = copy_of(checkout)
    output = repository.dvc("exp", "run", "-S", "data.external=real.npz", "preprocess", check=False)
    assert repository.status != 0
    assert "Traceback" not in output
    assert "admit: data.external = 'real.npz'" in output
    assert not (repository.path / "data/sets").exists()
