"""Temporary git and DVC repositories to measure in, each with a cache of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ablation.base.files import read_yaml, write_yaml
from bench.processes import ROOT


class Checkout:
    """A git and DVC repository, and commands in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *command: str) -> str:
        """The command's output.

        Raises:
            RuntimeError: it failed; the message ends with what it said.
        """
        # The stages say just `python`, which must be this one.
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_"))}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command, cwd=self.path, env=environment, check=False, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}")
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        return self.run(sys.executable, "-m", "dvc", *arguments)

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
        return self.run("git", *who, *arguments)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "bench")

    def copy(self, path: Path) -> Checkout:
        """The same with a cache of its own."""
        shutil.copytree(self.path, path, symlinks=True)
        return Checkout(path)

    def seconds_of_nothing(self) -> float:
        """How long `dvc repro` takes to find that nothing is to be done."""
        started = time.perf_counter()
        output = self.dvc("repro")
        seconds = time.perf_counter() - started
        if "Running stage" in output or "up to date" not in output:
            raise RuntimeError(f"`dvc repro` was to do nothing:\n{output[-3000:]}")
        return seconds


def project(path: Path, scale: str) -> Checkout:
    """The project's files as they are, at a scale, with nothing run."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        # The committed results are another scale's.
        if (ROOT / name).is_file() and not name.startswith("reports/") and name != "dvc.lock":
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    (path / ".dvc" / "config.local").write_text("[cache]\n    dir = cache\n")
    write_yaml(path / "params.yaml", read_yaml(path / "params.yaml") | {"scale": scale})
    checkout = Checkout(path)
    checkout.git("init", "--quiet")
    checkout.commit()
    return checkout


def fetched(path: Path, scale: str) -> Checkout:
    """The project's files with what the stage `fetch` gets, from the project where it has it."""
    checkout = project(path, scale)
    raw = Path("data/raw")
    if (ROOT / raw).is_dir() and any((ROOT / raw).iterdir()):
        checkout.dvc("repro", "resolve")
        shutil.copytree(ROOT / raw, path / raw)
        checkout.dvc("commit", "--force", "fetch")
    else:
        checkout.dvc("repro", "fetch")
    return checkout


def one_stage(path: Path) -> Checkout:
    """An empty repository with one stage, which has run."""
    path.mkdir()
    checkout = Checkout(path)
    checkout.git("init", "--quiet")
    checkout.dvc("init", "--quiet")
    (path / "in.txt").write_text("in\n")
    stage = {"cmd": "cp in.txt out.txt", "deps": ["in.txt"], "outs": ["out.txt"]}
    write_yaml(path / "dvc.yaml", {"stages": {"one": stage}})
    checkout.dvc("repro")
    checkout.commit()
    return checkout


def up_to_date(path: Path, arms: int | None = None, seeds: int = 1) -> Checkout:
    """The project's whole graph with a stub for each file that a stage makes, all up to date.

    Args:
        arms: so many arms instead of the project's own.
        seeds: of each arm.
    """
    checkout = project(path, "smoke")
    params = read_yaml(path / "params.yaml") | {"seeds": list(range(seeds))}
    if arms is not None:
        params["arms"] = {f"arm_{i}": {"label": f"arm {i}"} for i in range(arms)}
        params["costly_arms"] = {}
    write_yaml(path / "params.yaml", params)
    stub(checkout)
    checkout.commit()
    return checkout


def stub(checkout: Checkout) -> None:
    """Puts something in place of all that stages make, and tells DVC that they have run."""
    make_stubs(checkout.path)
    checkout.dvc("commit", "--force")


def make_stubs(path: Path) -> None:
    """Puts something in place of all that stages make."""
    for place in _made_by_stages(path):
        file = place if place.suffix else place / "stub"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{place.relative_to(path)}\n")


def _made_by_stages(path: Path) -> list[Path]:
    """Every file and folder that a stage of the graph makes, or reads and that is not there."""
    from dvc.repo import Repo

    with Repo(str(path)) as repo:
        stages = list(repo.index.stages)
        places = {Path(out.fs_path) for stage in stages for out in (*stage.outs, *stage.deps)}
    return sorted(place for place in places if not place.exists())
