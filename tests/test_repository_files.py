"""What tools read of the project: its citation, its hooks, its files as git has them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from tests.params import ROOT


def test_citation_and_hooks_are_whole() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["license"] == "MIT"
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]]
    lint = next(
        line
        for line in (ROOT / "Makefile").read_text().splitlines()
        if "ruff check" in line and not line.startswith("#")
    )
    assert all(entry.removeprefix(".venv/bin/") in lint for entry in entries)


def test_a_clone_has_the_same_bytes_whatever_git_does_with_line_ends(tmp_path: Path) -> None:
    found = []
    for name, settings in (("unix", []), ("windows", ["core.autocrlf=true", "core.eol=crlf"])):
        options = [word for setting in settings for word in ("-c", setting)]
        clone = ["git", *options, "clone", "--quiet", *options, str(ROOT), str(tmp_path / name)]
        subprocess.run(clone, check=True)
        files = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        found.append(
            {
                path.relative_to(tmp_path / name): path.read_bytes()
                for path in files
                if ".git" not in path.parts
            }
        )
    assert found[0] == found[1]
    assert Path("params.yaml") in found[0]
