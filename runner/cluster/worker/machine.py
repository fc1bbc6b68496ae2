"""What a worker's machine is: runs that are compared by seed must be of one kind of it."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Those whose version changes the last bits of a result.
PACKAGES = ("tensorflow", "keras", "jax", "numpy")


def describe(gpu: bool) -> dict[str, str]:
    """Python, packages and processor in words, and with `gpu` the kind of GPU."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["processor"] = processor()
    if gpu:
        found["GPU"] = _gpu()
    return found


def processor() -> str:
    """The processor's name, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def flags() -> str:
    """What the system tells of the processor; empty where it tells nothing."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    return next((line for line in text.splitlines() if line.startswith(("flags", "Feat"))), "")


def settings(names: Mapping[str, str]) -> dict[str, Any]:
    """Dask's, in this process: name -> value of each key; None where it is not set."""
    import dask

    return {name: dask.config.get(key, None) for name, key in names.items()}


def _gpu() -> str:
    query = ("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    try:
        done = subprocess.run(query, check=True, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return "none that nvidia-smi lists"
    return ", ".join(sorted(set(map(str.strip, done.stdout.splitlines())))) or "none"
