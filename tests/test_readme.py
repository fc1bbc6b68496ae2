"""The README: its links lead somewhere, and what it types is there to be typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# In blocks of code and between backticks; of a command what comes before its values.
TYPED = sorted(
    set(re.findall(r"(?:^|`)(make [a-z]+|dvc [a-z]+(?: [a-z]+)?)", README, re.MULTILINE))
)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)[)#]", README))))
def test_its_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_its_commands_are_there() -> None:
    helped = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for command in TYPED:
        program, *words = command.split()
        if program == "make":
            assert command in helped
        else:
            dvc = [sys.executable, "-m", "dvc", *words, "--help"]
            subprocess.run(dvc, check=True, capture_output=True)
