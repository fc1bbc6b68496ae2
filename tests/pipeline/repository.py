"""A checkout of the project, and what its user types there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ablation.base.files import read_yaml, write_yaml
from tests.params import WHO


class Repository:
    """A checkout of the project, and what its user types there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.status = 0

    def run(self, *command: str, check: bool = True) -> str:
        """The command's output and messages; a failure fails the test with both."""
        done = subprocess.run(
            command, cwd=self.path, env=environment(), capture_output=True, text=True, check=False
        )
        self.status = done.returncode
        output = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, f"{' '.join(command)}:\n{output[-4000:]}"
        return output

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Starts the command and does not wait for it; what it says is lost."""
        silent = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=self.path, env=environment(), stdin=silent, stdout=silent, stderr=silent
        )

    def dvc(self, *arguments: str, check: bool = True) -> str:
        return self.run("dvc", *arguments, check=check)

    def git(self, *arguments: str, check: bool = True) -> str:
        return self.run("git", *WHO, *arguments, check=check)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "test")

    def copy(self, path: Path) -> Repository:
        """The same at another place, with all that was made: a checkout that goes on."""
        shutil.copytree(self.path, path, symlinks=True)
        return Repository(path)

    def clone(self, path: Path) -> Repository:
        """A fresh clone of the last commit, as of a new user who has the downloads.

        DVC's cache has nothing else; they stand in for the internet.
        """
        self.run("git", "clone", "--quiet", str(self.path), str(path))
        clone = Repository(path)
        shutil.copytree(self.path / "data/raw", path / "data/raw")
        clone.dvc("commit", "--force", "fetch")
        clone.git("reset", "--quiet", "--hard")
        return clone

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a text that must be there once or more."""
        file = self.path / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def yaml(self, name: str) -> dict[str, Any]:
        return read_yaml(self.path / name)

    def write_yaml(self, name: str, content: dict[str, Any]) -> None:
        write_yaml(self.path / name, content)


def environment() -> dict[str, str]:
    """A shell of the activated environment: DVC's stages say just `python`."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_", "MAKE"))}
    return {**outer, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def ran(output: str, stage: str = "") -> list[str]:
    """The stages, of those called `stage` where one is given, that DVC says it ran."""
    names = [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]
    return [name for name in names if stage in ("", name.split("@")[0])]


def trained(output: str) -> list[str]:
    """The runs, ARM-SEED, that trained an epoch or more."""
    lines = [line for line in output.splitlines() if "  epoch 1/" in line]
    return sorted(line.split("  epoch ")[0] for line in lines)
