"""A real git and DVC repository with the whole study in it, run once at smoke scale."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("reports/", "results/files/")  # the committed results, which are another scale's
# Marked with the tests of the finished study, so that both halves of `make test` take as long.
BESIDE = ("test_experiments.py", "test_own_files.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that share the finished study, so that one process makes it, and once.

    With them those of `BESIDE`.
    """
    for item in items:
        if Path(__file__).parent not in item.path.parents or not isinstance(item, pytest.Function):
            continue
        if "study" in item.fixturenames or item.path.name in BESIDE:
            item.add_marker("study")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The project's files as they are, committed at smoke scale, with nothing run."""
    path = tmp_path_factory.mktemp("checkout") / "study"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.exists() and not name.startswith(OTHERS) and name != "dvc.lock":
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, path / name)
    repository = Repository(path)
    repository.git("init", "--quiet")
    # Copies of the repository share what was run, as several checkouts of a user do.
    cache = tmp_path_factory.mktemp("cache")
    (path / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {cache}\n")
    repository.edit("params.yaml", "\nscale: ", "\nscale: smoke #")
    repository.edit("params.yaml", "\nseeds: ", "\nseeds: [0] #")
    repository.edit("params.yaml", "\ncostly_seeds: ", "\ncostly_seeds: [0] #")
    repository.commit()
    return repository


@pytest.fixture(scope="session")
def study(checkout: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The whole study at smoke scale, run as `make repro` runs it, with its results committed."""
    repository = checkout.copy(tmp_path_factory.mktemp("study") / "study")
    repository.log = repository.make("repro", "JOBS=2")
    repository.commit()
    return repository


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Repository], Repository]:
    """Makes a copy of a repository that a test may change."""

    def make(original: Repository) -> Repository:
        return original.copy(tmp_path / "copy")

    return make
