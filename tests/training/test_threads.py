"""A run computes in one thread where it is told so: the processor time of each of its threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.training.config import ArmConfig

ROOT = Path(__file__).resolve().parents[2]
MULTIPLY = """
import json, sys
from pathlib import Path
from ablation.training import framework
from ablation.training.config import ArmConfig

def spent():
    # Fields 14 and 15 of a thread's stat, counted from its name in parentheses.
    fields = {p.parent.name: p.read_text().rpartition(")")[2].split()
              for p in Path("/proc/self/task").glob("*/stat")}
    return {thread: int(of[11]) + int(of[12]) for thread, of in fields.items()}

framework.start(ArmConfig(**json.loads(sys.argv[1])).train)
from keras import ops
matrix = ops.ones((2000, 2000))
before = spent()
while sum(spent().values()) - sum(before.values()) < 100:  # hundredths of a second
    ops.convert_to_numpy(ops.matmul(matrix, matrix))
print(json.dumps([ticks - before.get(thread, 0) for thread, ticks in spent().items()]))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells it")
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("threads", [1, 2])
def test_one_thread_computes_or_more_as_the_arm_says(
    threads: int, backend: str, tiny_arm: Callable[..., ArmConfig]
) -> None:
    arm = tiny_arm({"train": {"backend": backend, "threads": threads}})
    done = subprocess.run(
        [sys.executable, "-c", MULTIPLY, arm.model_dump_json()],
        cwd=ROOT, env={**os.environ, "KERAS_BACKEND": backend}, check=False, text=True,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    spent = json.loads(done.stdout)
    most = max(spent) / sum(spent)  # of the processor time, by one thread
    # Some time goes to handing over; and of two pools of two, JAX may use all four in turn.
    assert most > 0.9 if threads == 1 else most < 0.8, spent
