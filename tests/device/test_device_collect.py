"""What the results of a study trained by the driver say they stand on."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.base.errors import UserError
from ablation.study.config import StudyConfig
from device.collect import provenance

STUDY = StudyConfig(
    scale="paper",
    seeds=[0, 1],
    baseline="a",
    arms={"a": "A"},
    data_sets={"a": "modified"},
    multiply_adds={"a": 1},
)
CONFIGURATIONS = {"a": {"train": {"epochs": 60}}}


def notes() -> dict[str, dict[str, Any]]:
    return {
        f"a-{seed}": {
            "device": "a GPU",
            "libraries": {"jax": "1"},
            "commit": "abc",
            "epochs": 60,
            "trained_together": 2,
            "training_seconds": 100.0,
            "configuration": CONFIGURATIONS["a"],
        }
        for seed in (0, 1)
    }


def test_it_says_on_what_it_ran_and_how_long() -> None:
    found = provenance(STUDY, CONFIGURATIONS, notes())
    assert (found["device"], found["commit"], found["libraries"]) == ("a GPU", "abc", {"jax": "1"})
    assert (found["scale"], found["seeds"]) == ("paper", [0, 1])
    assert found["runs"]["a-1"]["epochs"] == 60
    assert found["training_seconds"] == 100.0  # both at once


def test_a_run_that_was_made_elsewhere_is_refused() -> None:
    with pytest.raises(UserError, match=r"^not trained by `python -m device`: a-1$"):
        provenance(STUDY, CONFIGURATIONS, {"a-0": notes()["a-0"]})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("configuration", {"train": {"epochs": 2}}, "another configuration than the study's: a-1"),
        ("commit", "xyz", "not of one commit with the others: a-1"),
        ("device", "a CPU", "not of one device with the others: a-1"),
        ("libraries", {"jax": "2"}, "not of one set of libraries with the others: a-1"),
    ],
)
def test_runs_of_two_kinds_are_refused(key: str, value: Any, said: str) -> None:
    both = notes()
    both["a-1"][key] = value
    with pytest.raises(UserError, match=said):
        provenance(STUDY, CONFIGURATIONS, both)
