"""The stages from `evaluate` to `figures` on runs that nobody trained: files in, numbers out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.base.files import read_json, read_yaml
from ablation.evaluation.metrics import macro_f1, wilson
from tests.stages.made_study import FEWER, SEEDS, answered, make, stage, write_history


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def study(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with all its numbers; tests read it and change nothing."""
    folder = shutil.copytree(made, tmp_path_factory.mktemp("study"), dirs_exist_ok=True)
    shutil.copytree(folder / "models/runs/sgd-0", folder / "models/runs/gone-0")  # no arm any more
    for name in ("evaluate", "compare", "errors", "submission"):
        stage(folder, name)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """The study before `evaluate`, for a test of its own."""
    return shutil.copytree(made, tmp_path, dirs_exist_ok=True)


def answers(folder: Path, run: str) -> dict[str, np.ndarray]:
    with np.load(folder / f"models/runs/{run}/answers.npz") as stored:
        return dict(stored)


def runs(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "reports/runs.csv").set_index(["arm", "seed"])


# --- evaluate ---------------------------------------------------------------------------------


def test_a_run_s_numbers_are_those_of_its_digits(study: Path) -> None:
    row = runs(study).loc["baseline", 0]
    assert row[["train_images", "validation_images", "test_images"]].tolist() == [2000, 500, 400]
    # Labels in another order than that of the answers would give some 15%.
    for part in ("train", "validation", "test"):
        assert row[f"{part}_accuracy"] == 0.85
    assert row["generalization_gap"] == 0
    labels = np.load(study / "data/sets/test/modified/labels.npy")
    assert row["test_macro_f1"] == macro_f1(labels, answered(labels, 0.85))
    layers = pd.read_csv(study / "models/runs/baseline-0/layers.csv")
    assert row["parameters"] == layers["parameters"].sum()
    assert np.isnan(row["external_accuracy"])
    fewer = runs(study).loc["simple", 0]
    assert (fewer["train_images"], fewer["train_accuracy"]) == (FEWER, 0.27)


def test_only_the_study_s_runs_are_there_in_its_order(study: Path) -> None:
    arms = list(read_yaml(study / "configs/study.yaml")["arms"])
    found = pd.read_csv(study / "reports/runs.csv")
    assert list(zip(found["arm"], found["seed"], strict=True)) == [
        (arm, seed) for arm in arms for seed in SEEDS
    ]
    curves = pd.read_csv(study / "reports/curves.csv")
    assert list(curves["arm"].unique()) == arms
    assert "penalty" not in set(curves["metric"])
    written = [path.read_text() for path in (study / "reports").rglob("*.csv")]
    assert not any("gone" in text for text in written)


def test_metrics_by_arm_are_means_and_dvc_s_two_of_them(study: Path) -> None:
    every = read_json(study / "reports/arms.json")
    assert every["sgd"]["test_accuracy"] == 0.8625  # of 0.86 and of 0.865
    assert "external_accuracy" not in every["sgd"]
    assert "test_images" not in every["sgd"]
    shown = read_json(study / "reports/metrics.json")
    assert shown["sgd"] == {"validation_accuracy": 0.862, "test_accuracy": 0.8625}
    assert list(shown) == list(every)


def test_without_labels_there_are_no_test_metrics_and_the_rest_goes_on(own: Path) -> None:
    (own / "data/sets/test/modified/labels.npy").unlink()
    for name in ("evaluate", "compare", "errors", "submission"):
        stage(own, name)
    found = runs(own)
    assert found.loc["baseline", "test_accuracy"].isna().all()
    assert found.loc["simple_mnist", "test_accuracy"].notna().all()
    assert "test_accuracy" not in read_json(own / "reports/metrics.json")["baseline"]
    assert set(pd.read_csv(own / "reports/comparison.csv")["metric"]) >= {"validation_accuracy"}
    assert pd.read_csv(own / "reports/errors/votes.csv").empty
    assert len(pd.read_csv(own / "reports/submission.csv")) == 400


def test_an_external_test_set_is_judged_by_the_runs_that_answer_to_it(own: Path) -> None:
    labels = np.arange(20, dtype=np.uint8) % 10
    np.save(own / "data/own/external/labels.npy", labels)
    said = answers(own, "sgd-0") | {"external": answered(labels, 0.9)}
    np.savez(own / "models/runs/sgd-0/answers.npz", **said)
    stage(own, "evaluate")
    row = runs(own).loc["sgd", 0]
    assert (row["external_accuracy"], row["external_images"]) == (0.9, 20)
    assert (row["external_low"], row["external_high"]) == wilson(18, 20)
    assert runs(own)["external_accuracy"].notna().sum() == 1


def test_a_run_has_every_metric_of_paper_yaml_and_whether_it_was_stuck(own: Path) -> None:
    run = own / "models/runs/sgd-0"
    write_history(run, np.array([0.3, 0.5]), running_accuracy=np.array([0.4, 0.7]),
                  validation_loss=np.array([1.0, np.nan]))  # fmt: skip
    stage(own, "evaluate")
    metrics = read_yaml(own / "configs/claims.yaml")["metrics"]
    table = runs(own)
    assert set(metrics) < set(table)
    row = table.loc["sgd", 0]
    assert (row["stuck"], row["training_accuracy"], row["convergence"]) == (True, 0.7, np.inf)
    assert row[["loss_rise", "instability", "at_once"]].isna().all()
    labels = np.load(own / "data/sets/train/modified/labels.npy")
    assert row["majority"] == pytest.approx(np.bincount(labels).max() / len(labels), abs=0.03)
    assert "convergence" not in read_json(own / "reports/arms.json")["sgd"]  # it has no mean


# --- compare ----------------------------------------------------------------------------------


def test_two_seeds_compare_the_questions_pairs_and_decide_no_claim_on_runs(study: Path) -> None:
    found = pd.read_csv(study / "reports/comparison.csv")
    assert (set(found["found"]), set(found["n"])) == ({"open"}, {2})
    questions = read_yaml(study / "configs/claims.yaml")["questions"]
    assert set(found["question"]) == set(questions)
    row = found.set_index(["arm", "other", "metric"]).loc["sgd", "baseline", "test_accuracy"]
    assert row["difference"] == pytest.approx(0.01)
    judged = read_json(study / "reports/claims.json")
    claims = {claim["claim"]: claim for claim in judged["claims"]}
    assert list(claims) == list(read_yaml(study / "configs/claims.yaml")["claims"])
    assert [regime["met"] for regime in judged["regimes"]] == [False, False]
    decided = {name for name, claim in claims.items() if claim["verdict"] in ("holds", "fails")}
    assert decided == {"labels_skewed"}  # by the official labels, whatever the scale
    page = (study / "reports/claims.md").read_text(encoding="utf-8")
    assert page.count("\n| ") == 2 + len(claims)


def test_what_pilots_reach_is_read(own: Path) -> None:
    facts = read_yaml(own / "configs/claims.yaml")["arms"]["baseline"]
    images, rate = facts["epochs"] * facts["epoch_images"], facts["learning_rate"]
    with (own / "docs/pilots.csv").open("a") as pilots:
        pilots.write(f"full,baseline,0,{rate},{images},False,0.995,0.97,0.93,abc\n")
    for name in ("evaluate", "compare"):
        stage(own, name)
    met = {each["name"]: each["met"] for each in read_json(own / "reports/claims.json")["regimes"]}
    assert met == {"cnn": True, "vgg": False}


def test_each_figure_has_its_table(study: Path) -> None:
    tables = study / "reports/tables"
    declared = read_yaml(study / "configs/study.yaml")["figures"]
    assert {path.name for path in tables.iterdir() if path.is_dir()} == set(declared)
    samples = study / "data/samples/augmentation.npz"
    assert (tables / "augmentation/data.npz").read_bytes() == samples.read_bytes()
    curves = pd.read_csv(tables / "optimizer/data.csv")
    assert list(curves["arm"].unique()) == ["baseline", "adam", "sgd"]
    # A table's numbers are the trained networks', though the curves end in another order.
    ends = curves[curves["metric"] == "validation_accuracy"].groupby("arm")["value"].last()
    ended = pd.read_csv(tables / "optimizer/runs.csv").groupby("arm")["validation_accuracy"].mean()
    assert ends["sgd"] < ends["baseline"]
    assert ended["sgd"] > ended["baseline"]
    architectures = pd.read_csv(tables / "architectures/data.csv")
    assert list(architectures["arm"].unique()) == ["vgg_augmented", "head_512_32"]


def test_tables_to_paste_have_every_arm(study: Path) -> None:
    arms, latex, claims = (
        (study / "reports/tables" / name).read_text(encoding="utf-8")
        for name in ("arms.md", "arms.tex", "claims.tex")
    )
    for label in read_yaml(study / "configs/study.yaml")["arms"].values():
        assert f"| {label} " in arms
        assert f"\n{label} &" in latex
    head, declared = 1, read_yaml(study / "configs/claims.yaml")["claims"]
    assert claims.count(r"\\") == head + len(declared)
    row = next(line for line in arms.splitlines() if line.startswith("| SGD"))
    assert "86.2 [83.7, 88.7]" in row


# --- errors, submission, figures --------------------------------------------------------------


def test_errors_and_votes_are_those_of_the_digits(study: Path) -> None:
    errors = study / "reports/errors"
    votes = pd.read_csv(errors / "votes.csv").set_index("arm")
    assert "simple_mnist" not in votes.index  # it sees other images
    row: Any = votes.loc["baseline"]
    assert (row["seeds"], row["images"], row["wrong"]) == (2, 400, 60 + 58)
    # Both say the same but for two images, on which the vote is a tie.
    assert 0.85 <= row["vote"] <= 0.855
    accuracy = pd.read_csv(errors / "accuracy.csv")
    assert set(accuracy["by"]) == {"label", "background"}
    labels = np.load(study / "data/sets/test/modified/labels.npy")
    counts = pd.read_csv(errors / "confusion.csv")
    assert list(counts["arm"].unique()) == ["baseline", "largest_fresh"]
    right = counts[(counts["arm"] == "baseline") & (counts["label"] == counts["said"])]
    assert right["count"].sum() == 340 + 342
    with np.load(errors / "hardest.npz") as hardest:
        assert str(hardest["arm"]) == "largest_fresh"
        wrong = answered(labels, 0.955) != labels
        assert set(hardest["numbers"] - 1) >= set(np.flatnonzero(wrong)[:1])
        np.testing.assert_array_equal(hardest["labels"], labels[hardest["numbers"] - 1])
        assert set(hardest["backgrounds"]) <= set(
            read_yaml(study / "configs/data.yaml")["backgrounds"]
        )


def test_errors_of_another_set_are_not_told_by_the_backgrounds_of_modified(own: Path) -> None:
    study = own / "configs/study.yaml"
    study.write_text(study.read_text().replace("baseline: baseline", "baseline: simple_mnist"))
    images = np.zeros((len(np.load(own / "data/sets/test/mnist/labels.npy")), 28, 28), np.uint8)
    np.save(own / "data/sets/test/mnist/images.npy", images)
    for name in ("evaluate", "errors"):
        stage(own, name)
    assert set(pd.read_csv(own / "reports/errors/accuracy.csv")["by"]) == {"label"}


def test_the_submission_is_the_best_run_s_of_the_best_arm(study: Path) -> None:
    table = pd.read_csv(study / "reports/submission.csv")
    assert list(table["Id"]) == list(range(400))
    assert list(table["Label"]) == list(answers(study, "largest_fresh-1")["test"])


def test_where_no_arm_sees_the_competition_s_images_the_submission_is_empty(own: Path) -> None:
    study = own / "configs/study.yaml"
    study.write_text(study.read_text().replace(": modified", ": mnist"))
    stage(own, "submission")
    assert (own / "reports/submission.csv").read_text() == "Id,Label\n"


def test_a_figure_is_drawn_in_both_formats(study: Path) -> None:
    stage(study, "figures", "label_density")
    png, svg = (study / f"reports/figures/label_density.{kind}" for kind in ("png", "svg"))
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "(paper: figure 1)</title>" in svg.read_text(encoding="utf-8")
