"""Under what circumstances a run was trained: for the record, not for any number.

The same training may run anywhere at any time, so this is no result: it lies beside the results,
under the digest of the history that it belongs to.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError, brief
from ablation.base.files import read_json, write_json
from ablation.base.reading import refusing
from ablation.monitoring import live

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy")
_CPUINFO = Path("/proc/cpuinfo")


def describe(backend: str, device: str, threads: int, variables: dict[str, str]) -> dict[str, Any]:
    """The machine and the software, as they are now.

    Args:
        variables: what is set of the variables that a framework reads.
    """
    return {
        **commit(Path()),
        "backend": backend,
        "device": device,
        "threads": threads,
        "processor": processor(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "variables": variables,
    }


def timed(started: float, seconds: float, images_per_second: float) -> dict[str, Any]:
    """When a run began (seconds since 1970), how long its epochs took, and its speed."""
    return {
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "images_per_second": round(images_per_second, 1),
    }


def commit(folder: Path) -> dict[str, Any]:
    """The commit that is checked out, and whether the tree is as it says; None without git."""
    try:
        name = _git(folder, "rev-parse", "HEAD")
        changes = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "clean": None}
    changed = [line[3:] for line in changes.splitlines()]
    # DVC writes the lock file and the reports while a study runs.
    own = [path for path in changed if path != "dvc.lock" and not path.startswith("reports/")]
    return {"commit": name, "clean": not own}


def processor() -> str:
    """The processor's name, where the system tells it."""
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def place(folder: Path, key: str, history: Path) -> Path:
    """Where the record of a run lies whose history is this file."""
    return folder / key / f"{digest(history)}.json"


def digest(history: Path) -> str:
    """Of a run's history: the same training gives the same one."""
    return hashlib.sha256(history.read_bytes()).hexdigest()[:16]


def write(folder: Path, key: str, history: Path, record: dict[str, Any]) -> None:
    """Keeps the record of a run that has ended, and completes its live curves, if it has any."""
    write_json(place(folder, key, history), record)
    live.ended(key, history)


def gather(
    folder: Path, histories: dict[str, Path], before: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """The record of each run, by its key.

    Args:
        folder: where this machine keeps records.
        histories: run -> its history.csv.
        before: what was gathered last, which serves runs that were trained elsewhere.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, history in histories.items():
        path, name = place(folder, key, history), digest(history)
        known = before.get(key, {})
        if path.exists():
            found[key] = {"history": name, **read_records(path)}
        else:
            found[key] = known if known.get("history") == name else {"history": name}
    return found


def read_records(path: Path, made_by: str | None = None) -> dict[str, Any]:
    """The record of a run, or those of all.

    Raises:
        UserError: the file is no such record.
    """
    content = read_json(path)
    with refusing(path, "record", made_by):
        if not isinstance(content, dict):
            raise UserError(f"is no record of how runs were trained: {brief(content)}")
    return content


def _version(package: str) -> str | None:
    """Of a package that this process has loaded."""
    return version(package) if package in sys.modules else None


def _git(folder: Path, *arguments: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=clean, check=True, capture_output=True, text=True
    )
    return done.stdout.rstrip("\n")
