"""A study whose costly arm has fewer seeds, run whole; and the same study as it grows."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pandas as pd
import pytest
import yaml

from tests.pipeline.repository import Repository, ran
from tests.pipeline.small import few_arms

pytestmark = pytest.mark.slow

RUNNER = (sys.executable, "-m", "runner", "--jobs", "2")
RUNS = ["baseline-0", "baseline-1", "no_dropout-0", "no_dropout-1", "l2-0"]


def write(repository: Repository, params: dict) -> None:
    text = yaml.safe_dump(params, sort_keys=False)
    (repository.path / "params.yaml").write_text(text, encoding="utf-8")


def outdated(repository: Repository) -> set[str]:
    return {
        name
        for name in json.loads(repository.dvc("status", "--json"))
        if name.startswith(("train", "evaluate"))
    }


def test_one_costly_arm_of_one_seed_beside_two_arms_of_two(
    checkout: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(checkout)
    params = few_arms(
        yaml.safe_load((repository.path / "params.yaml").read_text()),
        ["baseline", "no_dropout", "l2"],
        ["no_dropout", "l2"],
    )
    params |= {"seeds": [0, 1], "costly_seeds": [0]}
    params["costly_arms"] = {"l2": params["arms"].pop("l2")}
    write(repository, params)
    log = repository.run(*RUNNER)
    assert "training 5 of 5 runs" in log
    assert "restored 0 runs, trained 5" in log
    lock = yaml.safe_load((repository.path / "dvc.lock").read_text())["stages"]
    assert {name for name in lock if "@l2" in name} == {"train_costly@l2-0", "evaluate_costly@l2-0"}

    reports = repository.path / "reports"
    runs = pd.read_csv(reports / "runs.csv")
    assert [f"{row.arm}-{row.seed}" for row in runs.itertuples()] == RUNS
    comparisons = pd.read_csv(reports / "comparison.csv").set_index(["arm", "other", "metric"])
    counts = comparisons.xs("test_accuracy", level="metric")["seeds"]
    assert counts.to_dict() == {
        ("no_dropout", "baseline"): 2, ("l2", "baseline"): 1, ("l2", "no_dropout"): 1
    }  # fmt: skip
    assert comparisons["unpaired"].isna().all()
    votes = pd.read_csv(reports / "errors/votes.csv").set_index("arm")["seeds"]
    assert votes.to_dict() == {"baseline": 2, "no_dropout": 2, "l2": 1}
    page = (reports / "report.html").read_text()
    assert "3 arms, 1 to 2 seeds" in page
    assert "2 seeds (L2: 1)" in (reports / "tables/arms.md").read_text()
    assert len(json.loads((reports / "provenance.json").read_text())) == 5
    assert "up to date" in repository.dvc("status")

    # Results are kept, the study grows, and nothing that is there trains or goes.
    assert repository.run(sys.executable, "-m", "runner.keep").startswith("5 of 5 runs are in the")
    repository.commit()
    write(repository, params | {"seeds": [0, 1, 2], "costly_seeds": [0, 2]})
    repository.dvc("repro", "split")
    assert outdated(repository) == {
        f"{stage}{group}@{run}"
        for stage in ("train", "evaluate")
        for group, run in (("", "baseline-2"), ("", "no_dropout-2"), ("_costly", "l2-2"))
    }
    said = repository.run(sys.executable, "-m", "runner.keep")
    assert said.startswith("5 of 8 runs are in the store, 0 of them new; 0 files")

    # With seeds like the others' the arm may stand beside them; its runs are found again.
    params["arms"]["l2"] = params["costly_arms"].pop("l2")
    write(repository, params)
    repository.dvc("repro", "resolve")
    assert outdated(repository) >= {"train@l2-0", "train@l2-1"}
    log = repository.run(*RUNNER)
    assert "training 1 of 6 runs" in log
    assert log.rstrip().endswith("trained 1")
    assert "train@l2-1" in ran((repository.path / "logs/l2-1.log").read_text(), "train")
    assert "up to date" in repository.dvc("status")
