"""A real git and DVC repository with the whole study in it, run once at smoke scale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Repository:
    """A checkout of the project, and what its user types there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = 0
        self.log = ""

    def run(self, *command: str, check: bool = True) -> str:
        """The command's output and messages; a failure fails the test with both."""
        # A shell of the activated environment: DVC's stages say just `python`.
        bin_folder = Path(sys.executable).parent
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_"))},
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            command, cwd=self.path, env=environment, capture_output=True, text=True, check=False
        )
        self.status = done.returncode
        output = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, f"{' '.join(command)}:\n{output[-4000:]}"
        return output

    def dvc(self, *arguments: str, check: bool = True) -> str:
        return self.run("dvc", *arguments, check=check)

    def git(self, *arguments: str) -> str:
        return self.run(
            "git", "-c", "user.name=test", "-c", "user.email=test@example.org", *arguments
        )

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "test")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a text that must be there once or more."""
        file = self.path / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def ran(output: str, stage: str) -> list[str]:
    """The names of the stages called `stage` that DVC says it ran, `train@adam-0` say."""
    names = [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]
    return [name for name in names if name.split("@")[0] == stage]


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
    # The committed results are another scale's.
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.exists() and not name.startswith("reports/") and name != "dvc.lock":
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, path / name)
    repository = Repository(path)
    repository.git("init", "--quiet")
    # Copies of the repository share what was run, as several checkouts of a user do.
    cache = tmp_path_factory.mktemp("cache")
    (path / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {cache}\n")
    repository.edit("params.yaml", "\nscale: ", "\nscale: smoke #")
    repository.commit()
    return repository


@pytest.fixture(scope="session")
def study(checkout: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The whole study at smoke scale, run as `make repro` runs it, with its results committed."""
    repository = Repository(tmp_path_factory.mktemp("study") / "study")
    shutil.copytree(checkout.path, repository.path, symlinks=True)
    repository.log = repository.run(sys.executable, "-m", "runner", "--jobs", "2")
    repository.commit()
    return repository


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Repository], Repository]:
    """Makes a copy of a repository that a test may change."""

    def make(original: Repository) -> Repository:
        shutil.copytree(original.path, tmp_path / "copy", symlinks=True)
        return Repository(tmp_path / "copy")

    return make
