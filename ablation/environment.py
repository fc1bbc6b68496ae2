"""This Python's packages beside those that the project is pinned to; standard library only."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.in"


def refuse_another() -> None:
    """Ends the process in one line where a package is missing or has another version.

    Another Python may be first in a shell's PATH, and other versions give other numbers.
    """
    if wrong := difference(REQUIREMENTS.read_text(encoding="utf-8")):
        sys.exit(
            f"{sys.executable} {wrong}; `source .venv/bin/activate` takes the environment that "
            "`make` installs, and `python -m pip install -r requirements.txt` makes this one so"
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
