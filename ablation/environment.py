"""This Python's packages beside those that the project is pinned to; standard library only.

`python -m ablation.environment [FOLDER]` prints this environment's folder, or what is not as
pinned, which make keeps and compares. With the FOLDER where it was, its scripts are told first.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.in"


@cache  # the runner imports a stage, and each asks
def refuse_another() -> None:
    """Ends the process in one line where a package is missing or has another version.

    Another Python may be first in a shell's PATH, and other versions give other numbers.
    """
    if wrong := difference(REQUIREMENTS.read_text(encoding="utf-8")):
        sys.exit(
            f"{sys.executable} {wrong}; `make repro` installs an environment, which `source "
            ".venv/bin/activate` takes"
        )


def difference(requirements: str) -> str | None:
    """The first package that is not as pinned, in words; None where all are.

    Args:
        requirements: lines NAME==VERSION; those after `# Development` are not looked at.
    """
    needed = requirements.partition("# Development")[0]
    for name, pinned in re.findall(r"^([\w-]+)==(\S+)", needed, re.MULTILINE):
        try:
            installed = version(name)
        except PackageNotFoundError:
            return f"has no {name}, which requirements.in pins to {pinned}"
        if installed != pinned:
            return f"has {name} {installed}, which requirements.in pins to {pinned}"
    return None


def relocate(scripts: Path, before: str, now: str) -> None:
    """Writes an environment's folder into the scripts that name the one where it was before."""
    for script in scripts.iterdir():
        content = script.read_bytes() if script.is_file() and not script.is_symlink() else b""
        if b"\0" in content or before.encode() not in content:
            continue
        first, line_end, rest = content.decode().partition("\n")
        if first.startswith("#!") and before in first:
            python = first.rstrip('"').rpartition("/")[2]
            first = f'#!/usr/bin/env -S "{now}/bin/{python}"'  # which may have blanks in its name
        else:
            first = first.replace(before, now)
        script.write_text(first + line_end + rest.replace(before, now), encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    if given and given[0].startswith("/") and given[0] != sys.prefix:
        relocate(Path(sys.prefix) / "bin", given[0], sys.prefix)
    print(difference(REQUIREMENTS.read_text(encoding="utf-8")) or sys.prefix)
