"""The framework under Keras is as the project sets it: its threads, its device."""

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
ops.convert_to_numpy(ops.matmul(matrix, matrix))  # compiled, by the main thread
before = spent()
while sum(spent().values()) - sum(before.values()) < 200:  # hundredths of a second
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
    done = started(MULTIPLY, arm)
    assert done.returncode == 0, done.stderr
    # The processor time of each thread.
    spent = json.loads(done.stdout)
    most = max(spent) / sum(spent)  # of the processor time, by one thread
    # Some time goes to handing over; and of two pools of two, JAX may use all four in turn.
    assert most > 0.9 if threads == 1 else most < 0.8, spent


def test_a_device_that_jax_does_not_find_is_one_line(tiny_arm: Callable[..., ArmConfig]) -> None:
    """Rather than days on the processor. There is no TPU where this is tested."""
    code = (
        "import json\n"
        "from ablation.base.cli import run\n"
        "from ablation.training import framework\n"
        "from ablation.training.config import ArmConfig\n"
        "run('train', lambda arm: framework.start(ArmConfig(**json.loads(arm)).train), arm=str)"
    )
    done = started(code, tiny_arm({"train": {"backend": "jax"}}), JAX_PLATFORMS="tpu")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "train: JAX finds no device of JAX_PLATFORMS=tpu: "
    )
    assert "Traceback" not in done.stderr


FIRST_STEP = """
import json, sys
from ablation.training import framework
from ablation.training.config import ArmConfig

arm = ArmConfig(**json.loads(sys.argv[1]))
framework.start(arm.train)
import numpy as np
from ablation.networks import architectures
from ablation.training import loop
model = architectures.build(arm, 0, None)
loop.compile_for(model, arm, 1)
framework.device()
model.train_on_batch(np.zeros((8, 12, 12), np.uint8), np.zeros(8, np.uint8))
model.predict(np.zeros((8, 12, 12), np.uint8), verbose=0)
sys.stderr.write("an error is seen")
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_nothing_is_said_before_the_progress(
    backend: str, tiny_arm: Callable[..., ArmConfig]
) -> None:
    done = started(FIRST_STEP, tiny_arm({"train": {"backend": backend}}))
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "an error is seen")


def started(code: str, arm: ArmConfig, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, arm.model_dump_json()],
        cwd=ROOT, env={**os.environ, "KERAS_BACKEND": arm.train.backend, **variables}, check=False,
        text=True, capture_output=True,
    )  # fmt: skip
