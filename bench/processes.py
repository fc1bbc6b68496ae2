"""Fresh processes that measure, and two measurements taken in turns."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

Measured = TypeVar("Measured")

ROOT = Path(__file__).resolve().parents[1]


def child(module: str, *arguments: object) -> Any:
    """What `python -m MODULE ARGUMENTS` says in its last line, which is JSON.

    Raises:
        RuntimeError: it failed; the message ends with what it said.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    # What this process has set for itself is no wish of a person's for its children.
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turns(
    measurements: Mapping[str, Callable[[], Measured]], rounds: int
) -> dict[str, list[Measured]]:
    """Name -> its measurements, one of each a round: a machine's drift meets all of them."""
    taken: dict[str, list[Measured]] = defaultdict(list)
    for _ in range(rounds):
        for name, measure in measurements.items():
            taken[name].append(measure())
    return dict(taken)


def peak_bytes(who: int = resource.RUSAGE_SELF) -> int:
    """The most memory that this process, or one of its ended children, has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit
