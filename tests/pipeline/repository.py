"""A checkout of the project, and what its user types there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import yaml

CONFIGURATION = """\
[core]
    analytics = false
    autostage = true
    remote = results
['remote "results"']
    url = ../results
"""


class Repository:
    """A checkout of the project, and what its user types there."""

    def __init__(self, path: Path, beside: Path | None = None) -> None:
        """`beside`: where `make` may write, by default the folder above."""
        self.path = path
        self.beside = beside or path.parent
        self.status = 0
        self.log = ""

    def run(self, *command: str, check: bool = True) -> str:
        """The command's output and messages; a failure fails the test with both."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.status = done.returncode
        output = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, f"{' '.join(command)}:\n{output[-4000:]}"
        return output

    def make(self, *arguments: str) -> str:
        """What `make` with these says, in this environment; its targets make none of their own."""
        activated = self.beside / f"{self.path.name}-environment"
        activated.mkdir(exist_ok=True)
        (activated / "activate").touch()
        for installed in (".installed", ".extra", ".cluster"):  # newer than the pins
            (activated / installed).touch()
        return self.run("make", "--silent", f"BIN={activated}", *arguments)

    def start(
        self, *command: str, output: IO[bytes] | int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """Starts the command and does not wait for it; what it says goes there, or is lost."""
        silent = subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=self.path, env=_environment(), stdin=silent, stdout=output, stderr=output
        )

    def copy(self, path: Path) -> Repository:
        """The same at another place."""
        shutil.copytree(self.path, path, symlinks=True)
        return Repository(path)

    def clone(self, path: Path) -> Repository:
        """A fresh clone of the last commit, as of a new user who has the downloads.

        DVC's cache has nothing else; they stand in for the internet.
        """
        self.run("git", "clone", "--quiet", str(self.path), str(path))
        clone, cache = Repository(path), path.with_name(f"{path.name}-cache")
        lock = yaml.safe_load((self.path / "dvc.lock").read_text())
        (raw,) = (out["md5"] for out in lock["stages"]["fetch"]["outs"])
        old = Path((self.path / ".dvc/config.local").read_text().rpartition("= ")[2].strip())
        listed = json.loads((old / "files/md5" / raw[:2] / raw[2:]).read_text())
        for digest in (raw, *(item["md5"] for item in listed)):
            name = Path("files/md5", digest[:2], digest[2:])
            (cache / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(old / name, cache / name)
        clone.dvc("config", "--local", "cache.dir", str(cache))
        clone.dvc("checkout", "fetch")
        return clone

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


def made_of(path: Path, files: Mapping[str, str]) -> Repository:
    """A git and DVC repository with these files and a remote for results; nothing is committed."""
    repository = Repository(path)
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    repository.git("init", "--quiet")
    repository.dvc("init", "--quiet")
    (path / ".dvc/config").write_text(CONFIGURATION)
    return repository


def _environment() -> dict[str, str]:
    """A shell of the activated environment: DVC's stages say just `python`."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_", "MAKE"))}
    return {**outer, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def ran(output: str, stage: str) -> list[str]:
    """The names of the stages called `stage` that DVC says it ran, `train@adam-0` say."""
    names = [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]
    return [name for name in names if name.split("@")[0] == stage]
