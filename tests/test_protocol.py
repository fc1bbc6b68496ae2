"""The protocol was fixed before the first of the runs that it judges, and it still is as it was."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from tests.params import ROOT

DOCUMENT = "docs/statistics.md"
FIXED = "Protocol fixed: 6"  # a line of the document
RULES = "## What so many runs can find"  # before this heading of it
PARTS = ("questions", "statistics", "regimes", "metrics", "claims")  # of paper.yaml
SCALE = ("seeds", "costly_seeds", "data")  # of params.yaml, at laptop
FIRST_SEED = 20  # earlier ones are pilots


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture
def protocol() -> str:
    """The commit that fixed it."""
    if git("rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        pytest.skip("a shallow clone, or none: no commits to ask")
    assert FIXED in (ROOT / DOCUMENT).read_text(encoding="utf-8").splitlines()
    return git("log", "--reverse", "--format=%H", f"-S{FIXED}", "--", DOCUMENT).stdout.split()[0]


def runs() -> dict[str, str]:
    """ARM-SEED -> commit of every run of the study."""
    records = (ROOT / "models/provenance").glob("*.json")
    judged = [path for path in records if int(path.stem.rsplit("-", 1)[1]) >= FIRST_SEED]
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))["commit"] for path in judged}


def test_every_run_is_of_a_commit_after_the_protocol_s(protocol: str) -> None:
    before = {
        run: commit
        for run, commit in runs().items()
        if git("merge-base", "--is-ancestor", protocol, commit).returncode != 0
    }
    assert before == {}


def test_what_judges_the_runs_is_the_protocol_s_or_named_as_a_departure(protocol: str) -> None:
    _, _, departures = (ROOT / DOCUMENT).read_text(encoding="utf-8").partition("## Departures")
    then = yaml.safe_load(git("show", f"{protocol}:paper.yaml").stdout)
    now = yaml.safe_load((ROOT / "paper.yaml").read_text(encoding="utf-8"))
    changed = [
        f"{part}.{key}"
        for part in PARTS
        for key in {**then[part], **now[part]}
        if then[part].get(key) != now[part].get(key)
    ]
    assert [key for key in changed if f"`{key}`" not in departures] == []


def test_its_rules_its_seeds_and_its_images_are_as_they_were(protocol: str) -> None:
    then = {path: git("show", f"{protocol}:{path}").stdout for path in (DOCUMENT, "params.yaml")}
    now = {path: (ROOT / path).read_text(encoding="utf-8") for path in then}
    ruled, ruling = (text[DOCUMENT].partition(RULES) for text in (then, now))
    assert ruled[1]
    assert ruling[0] == ruled[0]
    chosen, choice = (yaml.safe_load(text["params.yaml"]) for text in (then, now))
    for key in SCALE:
        assert choice["scales"]["laptop"][key] == chosen["scales"]["laptop"][key]
