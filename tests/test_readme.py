"""Documents: links lead somewhere, commands exist, the shipped network's numbers are right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from ablation.base.files import read_config
from ablation.training.config import ArmConfig
from runner.ship import card
from tests.params import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
# In blocks of code and between backticks; of a command what comes before its values.
TYPED = sorted(
    set(re.findall(r"(?:^|`)(make [a-z]+|dvc [a-z]+(?: [a-z]+)?)", README, re.MULTILINE))
)


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))],
)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for link in re.findall(r"\]\(([^)#:]+)[)#]", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_its_commands_are_there() -> None:
    helped = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in TYPED:
        program, *words = command.split()
        if program == "make":
            assert command in helped
        else:
            dvc = [sys.executable, "-m", "dvc", *words, "--help"]
            subprocess.run(dvc, check=True, capture_output=True)


def test_the_shipped_network_s_numbers_are_its_own() -> None:
    about = json.loads((ROOT / "models/shipped/about.json").read_text(encoding="utf-8"))
    arm = read_config(ROOT / "models/shipped/arm.yaml", ArmConfig)
    written = (ROOT / "models/shipped/README.md").read_text(encoding="utf-8")
    assert written == card(about, arm)


def test_the_notebook_s_cells_run_on_the_committed_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "docs")
    names: dict[str, Any] = {}
    with plt.rc_context(), plt.ioff():
        for cell in json.loads(Path("results.ipynb").read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
                assert not cell["outputs"]  # they would be older than the results
        drawn = [axes.get_xlabel() for n in plt.get_fignums() for axes in plt.figure(n).axes]
        plt.close("all")
    assert drawn
    assert set(names["runs"]["arm"]) == set(names["order"])
