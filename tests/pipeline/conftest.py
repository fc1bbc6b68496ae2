"""A real git and DVC repository with a small study in it, run once by plain DVC."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import merged
from tests.params import ROOT
from tests.pipeline.repository import Repository

RESULTS = ("reports/", "models/runs/", "models/provenance/", "dvc.lock")  # of another scale
ARMS = ("simple_mnist", "baseline", "adam", "largest_fresh")
SIZES = {"images": 150, "test_images": 40, "mnist_images": 150, "mnist_test_images": 40}


def small(params: dict[str, Any], paper: dict[str, Any]) -> None:
    """Makes them those of a study of five arms, one seed, few images and a figure of every kind."""
    arms = params["arms"]
    for name, arm in arms.items():  # what they extend goes
        while parent := arm.pop("extends", None):
            arm = merged(arms[parent], arm)
        arms[name] = arm
    smoke = params["scales"]["smoke"]
    smoke["data"] |= SIZES
    smoke["train"] |= {"epochs": 1, "batch_size": 30}
    smoke["arms"] = {name: smoke["arms"][name] for name in ("vgg_raw",)}
    params |= {
        "scale": "smoke", "seeds": [0], "costly_seeds": [0], "scales": {"smoke": smoke},
        "arms": {name: arms[name] for name in ARMS},
        "costly_arms": {"vgg_raw": params["costly_arms"]["vgg_raw"]},
    }  # fmt: skip
    # One figure a kind, under the name of its kind.
    paper["figures"] = {figure["kind"]: figure for figure in paper["figures"].values()}
    for figure in paper["figures"].values():
        if "arms" in figure:
            figure["arms"] = ["baseline", "adam"] if figure["kind"] == "curves" else ["baseline"]
        if figure["kind"] == "best":
            figure["groups"] = {"CNN": ["baseline", "adam"], "VGG-16": ["vgg_raw"]}
    there = {*params["arms"], *params["costly_arms"]}
    for question in paper["questions"].values():
        question["pairs"] = [pair for pair in question["pairs"] if there >= {*pair}]
        question["figure"] = None
    paper["questions"] = {name: q for name, q in paper["questions"].items() if q["pairs"]}
    paper["headline"] = [row for row in paper["headline"] if {*row["arms"]} <= there]
    paper["statistics"]["fails_in_paper"] = []
    for regime in paper["regimes"].values():
        regime["arms"] = ["baseline"]
    paper["claims"] = {
        name: claim
        for name, claim in paper["claims"].items()
        if set(claim.get("arms", [])) <= there
    }


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of the tests have."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if folder.name.startswith("popen-gw") else folder


@pytest.fixture(scope="session")
def study(shared: Path) -> Repository:
    """The small study, run by `dvc repro`, with its results committed. No test changes it."""
    repository = Repository(shared / "study")
    with (shared / "study.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the first process makes it
        if not (shared / "study.done").exists():
            _make(repository)
            (shared / "study.done").touch()
    return repository


def _make(repository: Repository) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, repository.path / name
        if source.exists() and not name.startswith(RESULTS):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    repository.git("init", "--quiet", "--initial-branch=main")
    params, paper = repository.yaml("params.yaml"), repository.yaml("paper.yaml")
    small(params, paper)
    repository.write_yaml("params.yaml", params)
    repository.write_yaml("paper.yaml", paper)
    repository.commit()
    (repository.path / "first.log").write_text(repository.dvc("repro"))
    repository.commit()


@pytest.fixture
def copy(study: Repository, tmp_path: Path) -> Repository:
    """The finished study, for a test that changes it."""
    return study.copy(tmp_path / "copy")


@pytest.fixture
def clone(study: Repository, tmp_path: Path) -> Repository:
    """A fresh clone of the finished study: no network and no data but the downloads are there."""
    return study.clone(tmp_path / "clone")
