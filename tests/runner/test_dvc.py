"""The lock file as the runner's DVC writes it: the same content, whole, and read by plain DVC."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from runner import dvc

ROOT = Path(__file__).resolve().parents[2]
# What YAML could take for something else: a float, an octal, a base of 60, a truth, nothing.
TRICKY = ["12e34", "0123", "0o17", "1:30:00", "true", "on", "null", "~", "", "1e-05", "-", "a: b"]
values = st.recursive(
    st.sampled_from(TRICKY) | st.text(max_size=8) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_what_is_written_is_read_back_by_dvc_s_own_reader(content: dict) -> None:
    text = dvc.write(content)
    assert dvc.read(text) == content
    assert (YAML(typ="rt").load(text) or {}) == content


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.slow
def test_both_write_the_same_lock_file(tmp_path: Path) -> None:
    stages = {
        f"stage_{n}": {"cmd": f"echo {n} > {n}.txt", "deps": ["in.txt"], "outs": [f"{n}.txt"]}
        for n in range(2)
    }
    locks = []
    for name, module in (("plain", "dvc"), ("ours", "runner.dvc")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "in.txt").write_text("in\n")
        (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
        run(folder, "dvc", "init", "--no-scm", "--quiet")
        run(folder, module, "repro")
        locks.append((folder / "dvc.lock").read_text())
        assert "up to date" in run(folder, "dvc", "status")
        assert not list(folder.glob(".dvc-*"))
    assert locks[0] == locks[1]


@pytest.mark.slow
def test_an_interrupt_between_command_and_record_loses_no_result(tmp_path: Path) -> None:
    """The stage interrupts DVC itself as it ends, while nothing of it is recorded yet."""
    strike = "import os, signal; os.kill(os.getppid(), signal.SIGTERM); open('out', 'w').close()"
    stages = {
        "first": {"cmd": f'exec {sys.executable} -c "{strike}"', "outs": ["out"]},
        "second": {"cmd": "touch second", "deps": ["out"], "outs": ["second"]},
    }
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    run(tmp_path, "dvc", "init", "--no-scm", "--quiet")
    command = [sys.executable, "-m", "runner.dvc", "repro"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "SHELL": "/bin/sh"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True)
    assert done.returncode != 0
    recorded = dvc.read((tmp_path / "dvc.lock").read_text())["stages"]
    assert list(recorded) == ["first"]
    assert (tmp_path / ".dvc/tmp/dvc.lock").read_text() == (tmp_path / "dvc.lock").read_text()
    assert not (tmp_path / "second").exists()
