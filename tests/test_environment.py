"""Another Python, with other packages than the pinned ones, is refused in one line."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ablation.environment import difference
from tests.conftest import ROOT


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
    assert "`source .venv/bin/activate`" in done.stderr
    assert done.stderr.count("\n") == 1
