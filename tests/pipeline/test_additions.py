"""An arm, a figure and a claim are an edit of params.yaml alone: the one of docs/add-an-arm.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.conftest import merged
from tests.pipeline.repository import Repository, ran

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/add-an-arm.md"
(LINES,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
ADDED: dict[str, Any] = yaml.safe_load(LINES)


def test_the_document_takes_eleven_lines() -> None:
    assert len(LINES.splitlines()) == 11
    assert set(ADDED) == {"arms", "figures", "claims"}


def test_an_arm_a_figure_and_a_claim_are_an_edit_of_params_alone(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    file = repository.path / "params.yaml"
    before = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(merged(before, ADDED), sort_keys=False))
    (arm,), (figure,), (claim,) = (list(ADDED[key]) for key in ("arms", "figures", "claims"))

    output = repository.dvc("repro")
    assert ran(output, "train") == [f"train@{arm}-0"]
    assert ran(output, "evaluate") == [f"evaluate@{arm}-0"]
    drawn = ran(output, "figures")
    assert f"figures@{figure}" in drawn
    assert "figures@differences" in drawn
    assert "figures@dropout" not in drawn
    assert not ran(output, "preprocess")

    reports = repository.path / "reports"
    assert (reports / f"figures/{figure}.png").read_bytes().startswith(b"\x89PNG")
    assert arm in json.loads((reports / "metrics.json").read_text())
    comparisons = pd.read_csv(reports / "comparison.csv")
    added = comparisons[comparisons["arm"] == arm]
    assert set(added["other"]) == {"baseline"}
    assert set(added["metric"]) == {"test_accuracy", "validation_accuracy"}
    found = {row["claim"]: row for row in json.loads((reports / "claims.json").read_text())}
    assert list(found)[-1] == claim
    assert found[claim]["verdict"] == "undecided"
    assert set(added["family"]) == {"added"}
    sentence = ADDED["claims"][claim]["sentence"]
    assert sentence in (reports / "claims.md").read_text()
    page = (reports / "report.html").read_text()
    assert sentence in page
    assert f'id="{figure}"' in page
