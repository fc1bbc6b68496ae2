"""The protocol was fixed before the first of the runs that it judges."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FIXED = "Protocol fixed: 1"  # a line of docs/statistics.md
FIRST_SEED = 20  # earlier ones are pilots


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)


def runs() -> dict[str, str]:
    """ARM-SEED -> commit of every run of the study."""
    records = (ROOT / "models/provenance").glob("*.json")
    judged = [path for path in records if int(path.stem.rsplit("-", 1)[1]) >= FIRST_SEED]
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))["commit"] for path in judged}


def test_every_run_is_of_a_commit_after_the_protocol_s() -> None:
    assert FIXED in (ROOT / "docs/statistics.md").read_text(encoding="utf-8").splitlines()
    found = runs()
    if not found:
        return
    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("a shallow clone, or none: no commits to ask")
    log = git("log", "--reverse", "--format=%H", f"-S{FIXED}", "--", "docs/statistics.md").stdout
    protocol = log.split()[0]
    before = {
        run: commit
        for run, commit in found.items()
        if git("merge-base", "--is-ancestor", protocol, commit).returncode != 0
    }
    assert before == {}
