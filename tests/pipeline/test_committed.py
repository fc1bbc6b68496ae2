"""The committed results: whether they belong to what lies beside them, and the way back to them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]

BELONG = "The results belong to the code and the parameters beside them"


def checked(repository: Repository) -> str:
    """What `make check` says; its status agrees with it."""
    said = repository.run(sys.executable, "-m", "runner.check", check=False)
    assert repository.status == (0 if BELONG in said else 1), said
    return said


def outdated(said: str) -> tuple[int, list[str]]:
    """How many runs are out of the study, and which."""
    (told,) = re.findall(r"^(\d+) of 14 runs are out of date(?:: ([^A-Z]*))?", said, re.MULTILINE)
    return int(told[0]), told[1].replace(",", "").split()


@pytest.fixture
def clone(study: Repository, tmp_path: Path) -> Repository:
    """A fresh clone: without data, networks and configurations."""
    study.run("git", "clone", "--quiet", str(study.path), str(tmp_path / "clone"))
    return Repository(tmp_path / "clone")


def test_in_a_fresh_clone_the_results_belong_to_the_code_and_the_parameters(
    clone: Repository,
) -> None:
    assert BELONG in checked(clone)
    left = clone.git("status", "--short", "--ignored").splitlines()
    assert [line for line in left if "__pycache__" not in line] == []


def test_what_was_edited_is_named_with_the_runs_that_it_concerns(clone: Repository) -> None:
    clone.edit("params.yaml", "train: {optimizer: adam}", "train: {optimizer: sgd}")
    said = checked(clone)
    assert "configs/arms/adam.yaml" in said
    assert outdated(said) == (1, ["adam-0"])
    clone.git("checkout", "--quiet", "params.yaml")

    with (clone.path / "reports/report.html").open("a") as report:
        report.write("edited")
    said = checked(clone)
    assert re.search("^report  +reports/report.html$", said, re.MULTILINE)
    assert outdated(said) == (0, [])
    clone.git("checkout", "--quiet", "reports")

    with (clone.path / "ablation/networks/cnn.py").open("a") as code:
        code.write("\n# A comment.\n")
    said = checked(clone)
    assert re.search(r"^train \(12 of 12\)  +ablation/networks$", said, re.MULTILINE)
    assert outdated(said)[0] == 14
    clone.git("checkout", "--quiet", "ablation")
    assert BELONG in checked(clone)


def test_another_scale_and_back_as_the_readme_says(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    # A second scale of the same size, so that nothing need be trained.
    params = yaml.safe_load((repository.path / "params.yaml").read_text())
    same = yaml.safe_dump({"again": params["scales"]["smoke"]}, default_flow_style=True, width=9999)
    repository.edit("params.yaml", "\nscales:\n", f"\nscales:\n  {same.strip()[1:-1]}\n")
    repository.dvc("repro", "resolve")
    repository.commit()

    log = repository.make("repro", "SCALE=again", "JOBS=2")
    assert "params.yaml: scale is again now; `make back` takes it back" in log
    changed = repository.git("status", "--short").splitlines()
    assert {"M  dvc.lock", " M params.yaml", " M reports/report.html"} <= set(changed)
    # What one would type first does not go back: DVC has put its lock file into the index.
    repository.git("checkout", "params.yaml", "dvc.lock", "reports")
    assert repository.git("status", "--short") == "M  dvc.lock\n"

    said = repository.make("back")
    assert "files of results are as committed" in said
    assert repository.git("status", "--short") == ""
    assert repository.dvc("status").strip() == "Data and pipelines are up to date."
    assert BELONG in checked(repository)
