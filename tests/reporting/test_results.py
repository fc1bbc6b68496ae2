"""What evaluation and summary left of runs is read whole, or refused with its name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_json
from ablation.reporting.answers import read_answers, read_composed, read_images
from ablation.reporting.results import (
    read_claims,
    read_judged,
    read_metrics,
    read_records,
    read_runs,
)
from ablation.statistics.verdicts import Judgement

RUNS = [("adam", 0), ("adam", 1)]
JUDGED: dict[str, Any] = {
    "train_accuracy": 0.9, "train_images": 80, "validation_accuracy": 0.8, "validation_images": 20,
}  # fmt: skip
TESTED = {"test_accuracy": 0.7, "test_images": 40, "test_macro_f1": 0.6}
SAID = np.array([3, 9, 0], np.uint8)
SURE = np.full((3, 10), 0.1, np.float16)


def runs(path: Path, **changes: Any) -> Path:
    table = {"arm": ["adam", "adam"], "seed": [0, 1], "train_accuracy": [0.9, 0.9],
             "validation_accuracy": [0.8, 0.7], "test_accuracy": [0.7, None], "train_images": 80,
             "validation_images": 20, "test_images": [40, None]}  # fmt: skip
    pd.DataFrame(table | changes).to_csv(path / "runs.csv", index=False)
    return path / "runs.csv"


def test_runs_that_are_the_study_s_are_read(tmp_path: Path) -> None:
    assert list(read_runs(runs(tmp_path), RUNS)["validation_accuracy"]) == [0.8, 0.7]


@pytest.mark.parametrize(
    "changes",
    [{"arm": ["adam", "sgd"]}, {"seed": [0, 0]}, {"seed": ["0", "x"]}, {"arm": [1, 2]},
     {"validation_accuracy": [0.8, 80]}, {"train_accuracy": [0.8, None]},
     {"train_accuracy": ["0.8", "high"]}, {"test_accuracy": [0.8, -1]}, {"train_images": 0},
     {"test_images": [0.5, None]}, {"validation_images": [20, None]}],
)  # fmt: skip
def test_other_runs_are_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(
        UserError, match=r"runs\.csv has .*; remove runs\.csv and run `dvc repro su"
    ):
        read_runs(runs(tmp_path, **changes), RUNS)


def test_metrics_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, JUDGED)
    assert read_judged(path, "evaluate@adam-0", labels=False) == JUDGED
    with pytest.raises(UserError, match=r"it lacks 'test_accuracy'; remove metrics\.json"):
        read_judged(path, "evaluate@adam-0", labels=True)
    write_json(path, JUDGED | TESTED)
    assert read_judged(path, "evaluate@adam-0", labels=True) == JUDGED | TESTED
    for wrong in ({"train_accuracy": "0.9"}, {"train_accuracy": None}, {"test_accuracy": 90.0},
                  {"test_macro_f1": -0.1}, {"validation_images": True}, {"x": [1]},
                  {"train_images": float("inf")}, {"train_accuracy": float("nan")}):  # fmt: skip
        write_json(path, JUDGED | wrong)
        with pytest.raises(
            UserError, match=rf"metrics\.json has the {next(iter(wrong))} .*@adam-0"
        ):
            read_judged(path, "evaluate@adam-0", labels=False)
    for content in ([], None, 3, {k: v for k, v in JUDGED.items() if k != "train_images"}):
        write_json(path, content)
        with pytest.raises(UserError, match=r"metrics\.json is no set of metrics"):
            read_judged(path, "evaluate@adam-0", labels=False)


def test_the_study_s_metrics_are_of_its_arms(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json(path, {"a": {"test_accuracy": 0.5}, "gone": {"failed": "gone-0: killed"}})
    assert read_metrics(path, ["a"]) == {"a": {"test_accuracy": 0.5}}
    for content in ([], 3, {}, {"a": 3}, {"a": {"x": "0.5"}}, {"a": {"x": None}}):
        write_json(path, content)
        with pytest.raises(UserError, match=r"metrics\.json .*`dvc repro summarize`$"):
            read_metrics(path, ["a"])


def test_records_have_what_the_page_tells_of_them(tmp_path: Path) -> None:
    path = tmp_path / "provenance.json"
    record = {
        "commit": None, "processor": "A", "device": "cpu", "python": "3.11", "threads": 1,
        "packages": {"numpy": "2"}, "seconds": 2.5, "images_per_second": 9, "history": "0",
    }  # fmt: skip
    whole = {"adam-0": record, "adam-1": {"history": "1"}}
    write_json(path, whole)
    assert read_records(path) == whole
    for content in ([], 3, {"adam-0": True}, {"adam-0": record | {"seconds": "two"}},
                    {"adam-0": record | {"packages": []}}, {"adam-0": {"seconds": 1}}):  # fmt: skip
        write_json(path, content)
        with pytest.raises(UserError, match=r"provenance\.json is .*`dvc repro provenance`$"):
            read_records(path)


def test_claims_are_the_study_s(tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    found = asdict(Judgement("it", "3.1", "A is good.", "accuracy", "undecided", values=(0.5,)))
    write_json(path, [found])
    assert read_claims(path, ["it"]) == [found]
    for content in ([], {}, [found, found], [found | {"claim": "x"}], [found | {"verdict": "so"}],
                    [found | {"value": "high"}], [3], [{"claim": "it"}]):  # fmt: skip
        write_json(path, content)
        with pytest.raises(UserError, match=r"claims\.json is .*`dvc repro compare`$") as error:
            read_claims(path, ["it"])
        assert "\n" not in str(error.value)


def test_answers_are_labels_of_the_images(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, test=SAID, test_probabilities=SURE)
    said, sure = read_answers(path, 3, "evaluate@adam-0", probabilities=True)
    assert said.tolist() == [3, 9, 0]
    assert sure.shape == (3, 10)
    assert read_answers(path, None, "evaluate@adam-0")[1].shape == (0, 10)
    diverged = np.full_like(SURE, np.nan)
    np.savez(path, test=SAID, test_probabilities=diverged)
    read_answers(path, 3, "evaluate@adam-0", probabilities=True)


def test_images_are_as_many_and_as_large_as_they_should_be(tmp_path: Path) -> None:
    path = tmp_path / "images.npy"
    whole = np.zeros((3, 12, 12), np.uint8)
    np.save(path, whole)
    assert read_images(path, 3, 12).shape == (3, 12, 12)
    for wrong in (whole[:2], whole[0], whole[..., 1:], whole.astype(np.int64), np.uint8(0)):
        np.save(path, wrong)
        with pytest.raises(UserError, match=r"images\.npy holds .*`dvc repro preprocess`$"):
            read_images(path, 3, 12)


def test_how_images_were_composed_is_of_those_images(tmp_path: Path) -> None:
    path = tmp_path / "test.npz"
    whole = {"families": np.array([0, 6], np.uint8), "digit_labels": np.array([[1, 2], [9, 0]]),
             "corners": np.zeros((2, 2, 2), np.int16)}  # fmt: skip
    np.savez(path, **whole)
    assert set(read_composed(path, 2, 7, corners=True)) == set(whole)
    assert "corners" not in read_composed(path, 2, 7)
    for wrong in ({"families": np.array([0, 7])}, {"families": np.array([0])},
                  {"families": np.array([0.0, 1.0])}, {"digit_labels": np.array([1, 2])},
                  {"digit_labels": np.array([[1, 2], [-1, 0]])},
                  {"corners": np.zeros((2, 2))}):  # fmt: skip
        np.savez(path, **whole | wrong)
        with pytest.raises(UserError, match=r"test\.npz holds .*`dvc repro preprocess`$"):
            read_composed(path, 2, 7, corners=True)


@pytest.mark.parametrize(
    ("said", "sure"),
    [(SAID[:2], SURE[:2]), (SAID + 1, SURE), (SAID.astype(float), SURE), (SAID[:, None], SURE),
     (SAID.astype(str), SURE), (SAID, SURE[:, :9]), (SAID, SURE * 20), (SAID, SURE.astype(str)),
     (SAID, np.where(np.arange(10) < 1, np.nan, SURE))],
)  # fmt: skip
def test_other_answers_are_refused(tmp_path: Path, said: Any, sure: Any) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, test=said, test_probabilities=sure)
    with pytest.raises(UserError, match=r"predictions\.npz .*`dvc repro evaluate@adam-0`$"):
        read_answers(path, 3, "evaluate@adam-0", probabilities=True)
