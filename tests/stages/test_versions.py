"""A stage that another Python starts, first in a person's PATH."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_python_with_other_packages_is_one_line() -> None:
    command = [sys.executable, "-S", "-m", "stages.report"]  # without site-packages
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("jax is not there for ")
    assert done.stderr.count("\n") == 1
