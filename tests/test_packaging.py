"""What tools read of the project: its packaging, its line ends."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_file_that_the_packages_read_is_packed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    for package in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]:
        folder = ROOT / package.rstrip("*")
        assert list(folder.glob("*.py"))
        others = [
            path.name
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")
        ]
        assert [name for name in others if not any(fnmatch(name, each) for each in patterns)] == []


def test_a_clone_has_the_same_bytes_whatever_git_does_with_line_ends() -> None:
    asked = ["git", "check-attr", "text", "--", "params.yaml"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "params.yaml: text: unset\n"
