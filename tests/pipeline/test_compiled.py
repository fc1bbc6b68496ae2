"""Backend and engine are choices of params.yaml, which DVC knows of as of any other."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ablation.base.files import read_json
from tests.pipeline.repository import Repository, ran

pytestmark = pytest.mark.slow


def test_a_run_by_the_compiled_engine_is_as_any_other(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    compiled = ("-S", "scale=smoke", "-S", "train.backend=jax", "-S", "train.engine=compiled")
    output = repository.dvc("exp", "run", *compiled, "evaluate@baseline-0")
    assert ran(output, "train") == ["train@baseline-0"]

    path = "models/histories/baseline-0/history.csv"
    ours, theirs = (pd.read_csv(place.path / path) for place in (repository, study))
    columns = ["epoch", "metric"]
    assert ours[columns].equals(theirs[columns])
    assert not ours["value"].equals(theirs["value"])  # other masks
    judged = read_json(repository.path / "models/evaluations/baseline-0/metrics.json")
    assert 0 <= judged["test_accuracy"] <= 1
    records = [read_json(file) for file in repository.path.glob("models/provenance/baseline-0/*")]
    assert "jax" in [record["backend"] for record in records]

    # And back: nothing trains.
    steps = ("-S", "scale=smoke", "-S", "train.backend=tensorflow", "-S", "train.engine=steps")
    assert not ran(repository.dvc("exp", "run", *steps, "evaluate@baseline-0"), "train")
