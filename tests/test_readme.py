"""Documents: links lead somewhere, commands exist, the shipped network's numbers are right."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import yaml
from dvc.cli import parse_args

from ablation.base.files import read_config
from ablation.statistics.ranks import shift, shift_interval
from ablation.study.resolution import resolve
from ablation.training.config import ArmConfig
from runner.params import changed, read
from runner.ship import card, shown
from tests.params import ARMS, PAPER, PARAMS, ROOT

DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/*.md", "data/*.md", "models/*.md", "models/shipped/*.md")
    for path in sorted(ROOT.glob(pattern))
]
TEXTS = [path.read_text(encoding="utf-8") for path in DOCUMENTS]


def blocks(language: str) -> list[str]:
    """The blocks of code in that language, and the lines of code inside sentences as `sh`."""
    found = [
        block
        for text in TEXTS
        for block in re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    ]
    inside = [line for text in TEXTS for line in re.findall(r"`((?:make|dvc) [^`]+)`", text)]
    return [*found, *(inside if language == "sh" else [])]


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)[)#]", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_commands_are_there_and_dvc_and_resolve_take_what_they_are_given() -> None:
    helped = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    told = [part for line in lines for part in line.partition("#")[0].split("&&")]
    asked: dict[str, list[list[str]]] = {}
    for program, *words in map(shlex.split, filter(str.strip, told)):
        asked.setdefault(program, []).append(words)
    for name in {words[0] for words in asked["make"]}:
        assert f"make {name} " in helped or "/" in name
    for words in asked["dvc"]:
        parse_args(words)
        if overrides := [value for option, value in pairwise(words) if option == "-S"]:
            resolve(read(changed(params, overrides)), PAPER)
    assert sum("-S" in words for words in asked["dvc"]) >= 4


def test_what_is_to_be_added_to_params_yaml_and_paper_yaml_is_taken() -> None:
    params, paper = copy.deepcopy(PARAMS), copy.deepcopy(PAPER)
    for block in blocks("yaml"):
        for key, entries in yaml.safe_load(block).items():
            tree = paper if key in paper else params
            if key in tree:
                tree[key] |= entries
            else:
                params["arms"][key] = entries
    study = resolve(params, paper).study
    assert len(study.arms) == len(ARMS) + 4


def test_the_shipped_network_s_numbers_are_its_own() -> None:
    about = json.loads((ROOT / "models/shipped/about.json").read_text(encoding="utf-8"))
    arm = read_config(ROOT / "models/shipped/arm.yaml", ArmConfig)
    written = (ROOT / "models/shipped/README.md").read_text(encoding="utf-8")
    assert written == card(about, arm)
    ours = (ROOT / "docs/ours.md").read_text(encoding="utf-8")
    study, others = (each for each in about["elsewhere"] if each["side"] == 128)
    for measured, each in (
        ("10,000 images of 128 px", study),
        ("the same, backgrounds cut from other pictures", others),
    ):
        interval = f"[{100 * each['low']:.2f}, {100 * each['high']:.2f}]"
        assert f"| {measured} | {each['accuracy']:.2%} {interval} |" in ours
    validation = about["metrics"]["validation_accuracy"]
    assert f"| the study's validation images | {validation:.2%} |" in ours
    best = next(row["theirs"] for row in PAPER["headline"] if "varied" in row["arms"])
    assert f"| the competition's best, on its test images | {best:.2%} |" in ours
    hours = about["provenance"]["seconds"] / 3600
    assert f"{arm.train.epochs * shown(arm):,} images in {hours:.1f} hours of a core" in ours


def test_what_an_unseen_family_costs_is_what_the_runs_say() -> None:
    runs = pd.read_csv(ROOT / "docs/unseen.csv")
    runs["accuracy"] = 100 * runs["right"] / runs["images"]
    minus = "\N{MINUS SIGN}"
    ours = (ROOT / "docs/ours.md").read_text(encoding="utf-8")
    for arm, baseline in PAPER["questions"]["unseen"]["pairs"]:
        family = arm.removeprefix("unseen_")
        of_family = runs[runs["family"] == family].set_index("arm")["accuracy"]
        unseen, seen = of_family[arm].to_numpy(), of_family[baseline].to_numpy()
        assert len(unseen) == len(seen) == 5
        low, high = shift_interval(unseen, seen)
        told = f"{shift(unseen, seen):+.1f} [{low:+.1f}, {high:+.1f}]"
        assert f"| {family} | {seen.mean():.1f} | {told.replace('-', minus)} |" in ours


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
