"""Another Python, with other packages than the pinned ones, is refused in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ablation.environment import difference, relocate
from tests.params import ROOT


@pytest.mark.parametrize(
    ("requirements", "told"),
    [
        (f"numpy=={np.__version__}  # a comment\nonnx\n# Development\nruff==0\n", None),
        ("numpy==0.1\n", f"has numpy {np.__version__}, which requirements.in pins to 0.1"),
        ("no-such-package==2\n", "has no no-such-package, which requirements.in pins to 2"),
    ],
)
def test_the_first_package_that_is_not_as_pinned_is_told(
    requirements: str, told: str | None
) -> None:
    assert difference(requirements) == told


@pytest.mark.parametrize("module", ["stages.split", "runner", "runner.predict"])
def test_a_python_without_the_packages_ends_in_one_line(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "has no dvc, which requirements.in pins" in done.stderr
    assert "`make repro` installs an environment" in done.stderr
    assert done.stderr.count("\n") == 1


def test_scripts_of_a_moved_environment_find_it(tmp_path: Path) -> None:
    now = f"{tmp_path}/new & place/.venv"
    scripts = Path(now) / "bin"
    scripts.mkdir(parents=True)
    (scripts / "dvc").write_text("#!/old/.venv/bin/python3\nimport dvc\n")
    (scripts / "activate").write_text("VIRTUAL_ENV=/old/.venv\n")
    (scripts / "other").write_text("#!/bin/sh\n")
    (scripts / "binary").write_bytes(b"\0/old/.venv")
    relocate(scripts, "/old/.venv", now)
    relocate(scripts, "/old/.venv", now)
    assert (scripts / "dvc").read_text() == f'#!/usr/bin/env -S "{now}/bin/python3"\nimport dvc\n'
    assert (scripts / "activate").read_text() == f"VIRTUAL_ENV={now}\n"
    assert (scripts / "other").read_text() == "#!/bin/sh\n"
    assert (scripts / "binary").read_bytes() == b"\0/old/.venv"
