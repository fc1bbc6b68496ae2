"""How a run was made: code, machine, software. A record, on which no number depends."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ablation.training.inputs import digest_of

PACKAGES = ("keras", "tensorflow", "jax", "numpy", "scipy")
# DVC and the runs themselves write these while a study trains.
_RESULTS = ("dvc.lock", "models/", "reports/")
_CPUINFO = Path("/proc/cpuinfo")


def describe(
    backend: str,
    device: str,
    threads: int,
    variables: dict[str, str],
    started: float,
    seconds: float,
    images_per_second: float,
) -> dict[str, Any]:
    """The code, the machine and the software, as they are now, and how long a run took.

    Args:
        variables: what is set of the variables that a framework reads.
        started: seconds since 1970.
        seconds: of its epochs.
    """
    return {
        **_commit(),
        "backend": backend,
        "device": device,
        "threads": threads,
        "processor": processor(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES if name in sys.modules},
        "variables": variables,
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "images_per_second": round(images_per_second, 1),
    }


def processor() -> str:
    """The processor's name, where the system tells it."""
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@dataclass(frozen=True)
class Committed:
    """A run as the last commit has it.

    Attributes:
        record: the circumstances, with the run's `arm`, `inputs` and `outputs`.
        files: path -> content of the record and of all that the run left.
    """

    record: dict[str, Any]
    files: dict[Path, bytes]

    def made_of(self, inputs: Mapping[str, str]) -> bool:
        """Whether the run is that of these files, path -> digest."""
        return self.record["inputs"] == inputs

    def differences(self, arm: Mapping[str, Any], inputs: Mapping[str, str]) -> list[str]:
        """What the run would be made of now that differs from what it was made of.

        Args:
            arm: its configuration now.
            inputs: path -> digest of its files now.

        Returns:
            the files, of its configuration with the keys: `ablation/training/loop.py`,
            `configs/arms/adam.yaml: train.optimizer`.
        """
        old, new = leaves(self.record["arm"]), leaves(arm)
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        found, before = [], self.record["inputs"]
        for path in sorted({**before, **inputs}):
            if before.get(path) != inputs.get(path):
                of = path.startswith("configs/arms/") and keys
                found.append(f"{path}: {', '.join(keys)}" if of else path)
        return found


def read_committed(run: Path, record: Path) -> Committed | None:
    """A run of the last commit; None where it has none, or one that was changed by hand.

    Args:
        run: its folder, from the folder that the process is in.
        record: the file of its circumstances.
    """
    try:
        text = git("show", f"HEAD:./{record.as_posix()}")
        content = json.loads(text)
        files = {run / name: git("show", f"HEAD:./{run / name}") for name in content["outputs"]}
    except (OSError, ValueError, KeyError, TypeError, subprocess.CalledProcessError):
        return None
    if {path.name: digest_of(kept) for path, kept in files.items()} != content["outputs"]:
        return None
    return Committed(content, {**files, record: text})


def outputs(run: Path) -> dict[str, str]:
    """File -> digest of all that a run left in its folder."""
    return {path.name: digest_of(path.read_bytes()) for path in sorted(run.iterdir())}


def leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    """`a.b.c` -> value, of everything in the tree that is no mapping."""
    if not isinstance(tree, Mapping):
        return {prefix: tree}
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= leaves(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def _commit() -> dict[str, Any]:
    """The commit that is checked out, and whether the tree is as it says; None without git."""
    try:
        name = git("rev-parse", "HEAD").decode().strip()
        changed = git("status", "--porcelain", "--untracked-files=no").decode().splitlines()
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}
    return {"commit": name, "clean": all(line[3:].startswith(_RESULTS) for line in changed)}


def git(*arguments: str) -> bytes:
    """What git prints of the repository that the process is in.

    Raises:
        OSError: git is not installed.
        subprocess.CalledProcessError: it failed.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return subprocess.run(["git", *arguments], env=clean, check=True, capture_output=True).stdout
