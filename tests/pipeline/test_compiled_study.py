"""The whole study at smoke scale under JAX, a compiled epoch at a time, through DVC."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import pandas as pd
import pytest

from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow


def test_the_whole_study_trains_with_the_compiled_engine(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    change = ("train.backend=jax", "train.engine=compiled")
    output = repository.run(sys.executable, "-m", "runner", "--jobs", "2", "--set", *change)
    assert "training 14 of 14 runs" in output
    provenance = json.loads((repository.path / "reports/provenance.json").read_text())
    assert {record["backend"] for record in provenance.values()} == {"jax"}
    ours, theirs = (
        pd.read_csv(of.path / "reports/runs.csv").set_index("arm") for of in (repository, study)
    )
    assert list(ours.index) == list(theirs.index)
    assert (ours["parameters"] == theirs["parameters"]).all()
    assert ours["test_accuracy"].between(0, 1).all()
    # Another backend draws other masks, so the numbers are others where there is dropout.
    assert (ours["validation_accuracy"] != theirs["validation_accuracy"]).any()
    assert "up to date" in repository.dvc("status")
