"""The competition's images and an external test set, from a person's files to the submission."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd

from tests.pipeline.conftest import SIZES
from tests.pipeline.repository import Repository, ran, trained

TRAIN, TEST, EXTERNAL = SIZES["images"], 40, 16


def images(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 128, 128), np.uint8)


def external(count: int) -> dict[str, np.ndarray]:
    return {"images": images(count, 2), "labels": np.arange(count) % 10}


def test_the_competition_s_images_have_no_test_metrics_and_a_submission(copy: Repository) -> None:
    folder, reports = copy.path / "own", copy.path / "reports"
    folder.mkdir()
    labels = np.random.default_rng(3).integers(0, 10, TRAIN + 10)
    (folder / "train_max_x").write_bytes(pickle.dumps(images(TRAIN + 10, 0), protocol=2))
    (folder / "test_max_x").write_bytes(pickle.dumps(images(TEST, 1).astype(float), protocol=4))
    rows = [f'"{key}","{label}"' for key, label in enumerate(labels)]
    (folder / "train_max_y.csv").write_text("\n".join(['"Id","Label"', *rows[::-1]]))
    np.savez(folder / "real.npz", **external(EXTERNAL))
    params, paper = copy.yaml("params.yaml"), copy.yaml("paper.yaml")
    params["data"] |= {"source": "kaggle", "kaggle_dir": "own", "external": "own/real.npz"}
    params["scales"]["smoke"]["data"]["canvas"] = 128
    params["scales"]["smoke"]["input"]["downscale"] = 8
    params["arms"] = {arm: params["arms"][arm] for arm in ("simple_mnist", "baseline", "adam")}
    params["costly_arms"] = {}
    params["scales"]["smoke"]["arms"] = {}
    paper["figures"]["best"]["groups"] = {"CNN": ["baseline", "adam"]}
    paper["claims"] = {
        name: claim
        for name, claim in paper["claims"].items()
        if set(claim.get("arms", [])) <= set(params["arms"])
    }
    pairs = [["adam", "baseline"]]
    paper["questions"] = {"optimizer": {"title": "Optimizers", "figure": None, "pairs": pairs}}
    copy.write_yaml("params.yaml", params)
    copy.write_yaml("paper.yaml", paper)

    output = copy.dvc("repro")
    assert f"admit: {TRAIN + 10} training and {TEST} test images" in output
    assert "no external accuracy: the network takes images of 28 px" in output
    sets = copy.path / "data/sets"
    np.testing.assert_array_equal(
        np.load(sets / "train/modified/images.npy"), images(TRAIN + 10, 0)[:TRAIN]
    )
    np.testing.assert_array_equal(np.load(sets / "train/modified/labels.npy"), labels[:TRAIN])
    np.testing.assert_array_equal(np.load(sets / "test/modified/images.npy"), images(TEST, 1))
    assert not (sets / "test/modified/labels.npy").exists()

    metrics = json.loads((reports / "arms.json").read_text())
    assert list(metrics) == list(params["arms"])
    assert "test_accuracy" in metrics["simple_mnist"]  # the original MNIST has labels
    assert "external_accuracy" not in metrics["simple_mnist"]
    for arm in ("baseline", "adam"):
        values = metrics[arm]
        assert not [key for key in values if key.startswith("test")]
        assert values["external_images"] == EXTERNAL
        assert values["external_low"] <= values["external_accuracy"] <= values["external_high"]
    runs = pd.read_csv(reports / "runs.csv").set_index("arm")
    assert runs["test_accuracy"].notna().to_dict() == {
        "simple_mnist": True, "baseline": False, "adam": False
    }  # fmt: skip

    submission = pd.read_csv(reports / "submission.csv")
    assert list(submission["Id"]) == list(range(TEST))
    best = runs["validation_accuracy"].drop("simple_mnist").idxmax()
    with np.load(copy.path / f"models/runs/{best}-0/answers.npz") as answers:
        assert list(submission["Label"]) == list(answers["test"])
    assert f"The external test set has {EXTERNAL} images" in (reports / "report.html").read_text()

    # Other external images under the same name: taken in when asked, and they train nothing.
    np.savez(folder / "real.npz", **external(EXTERNAL - 1))
    assert not ran(copy.dvc("repro", "admit"), "admit")
    assert ran(copy.dvc("repro", "--force", "admit"), "admit") == ["admit"]
    output = copy.dvc("repro", "evaluate")
    assert trained(output) == []
    assert output.count("only predicts") == 3
    assert json.loads((reports / "arms.json").read_text())["adam"]["external_images"] == 15
