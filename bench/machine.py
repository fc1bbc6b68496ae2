"""The machine in words: what a speed depends on, and nothing that names the machine itself."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runner.cores import cores

LIBRARIES = ("tensorflow", "keras", "numpy", "scipy", "dvc")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system and library versions."""
    return {
        "processor": processor(_read(Path("/proc/cpuinfo"))),
        "cores": cores(),
        "memory_gib": memory_gib(_read(Path("/proc/meminfo"))),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def processor(cpuinfo: str) -> str:
    """The processor's model, and the vector instructions that decide its matrix rate."""
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    known = set(flags[1].split()) if flags else set()
    vectors = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in known]
    name = model[1].strip() if model else platform.processor() or platform.machine()
    return f"{name} ({', '.join(vectors)})" if vectors else name


def memory_gib(meminfo: str) -> float | None:
    """The memory in GiB, None where the system does not say."""
    total = re.search(r"^MemTotal:\s*(\d+) kB$", meminfo, re.MULTILINE)
    return round(int(total[1]) / 2**20, 1) if total else None


def load_average() -> list[float] | None:
    """Processes that ran or waited, over 1, 5 and 15 minutes; None where the system has none."""
    return [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
