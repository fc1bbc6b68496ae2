"""Whether this machine's processor multiplies bfloat16 in hardware."""

from __future__ import annotations

import re
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}  # x86 and Arm


def multiplies_bfloat16() -> bool:
    """True also where the system does not tell."""
    return not CPUINFO.exists() or has_bfloat16(CPUINFO.read_text(encoding="utf-8"))


def has_bfloat16(cpuinfo: str) -> bool:
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return flags is None or bool(BFLOAT16 & set(flags[1].split()))
