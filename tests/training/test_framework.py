"""The framework under Keras is as the project sets it: its threads, its device, its defaults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from ablation.training import framework
from ablation.training.config import ArmConfig
from tests.params import ROOT

Arm = Callable[..., ArmConfig]

# It steps once, says what a person's surroundings left of themselves, and computes for a second.
TRAIN = """
import json, os, sys
from pathlib import Path
from ablation.training import framework
from ablation.training.config import ArmConfig

arm = ArmConfig(**json.loads(sys.argv[1]))
framework.start(arm.train)
import keras, numpy as np
from ablation.networks import architectures
from ablation.training import loop
model = architectures.build(arm, 0, None)
loop.compile_for(model, arm, 1)
framework.device()
model.train_on_batch(np.zeros((8, 12, 12), np.uint8), np.zeros(8, np.uint8))
model.predict(np.zeros((8, 12, 12), np.uint8), verbose=0)
sys.stderr.write("an error is seen")

def spent():
    # Fields 14 and 15 of a thread's stat, counted from its name in parentheses.
    fields = {p.parent.name: p.read_text().rpartition(")")[2].split()
              for p in Path("/proc/self/task").glob("*/stat")}
    return {thread: int(of[11]) + int(of[12]) for thread, of in fields.items()}

matrix = keras.ops.ones((2000, 2000))
keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix))  # compiled, by the main thread
before = spent()
while sum(spent().values()) - sum(before.values()) < 150:  # hundredths of a second
    keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix))
print(json.dumps({
    "format": keras.config.image_data_format(), "floats": keras.config.floatx(),
    "epsilon": keras.config.epsilon(), "policy": keras.config.dtype_policy().name,
    "variables": framework.in_force(),
    "spent": [ticks - before.get(thread, 0) for thread, ticks in spent().items()],
}))
"""
HOME_S = {
    "backend": "jax", "image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1,
    "dtype_policy": "mixed_float16",
}  # fmt: skip
VARIABLES = {
    "TF_NUM_INTRAOP_THREADS": "7", "TF_ENABLE_ONEDNN_OPTS": "0", "OMP_NUM_THREADS": "7",
    "TF_DETERMINISTIC_OPS": "1", "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "JAX_ENABLE_X64": "1", "KERAS_FLOATX": "float16",
}  # fmt: skip


def started(code: str, arm: ArmConfig, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, arm.model_dump_json()],
        cwd=ROOT, env={**os.environ, "KERAS_BACKEND": arm.train.backend, **variables}, check=False,
        text=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Linux tells a thread's time")
@pytest.mark.parametrize(("backend", "threads"), [("tensorflow", 2), ("jax", 1)])
def test_a_run_is_as_its_arm_says_whatever_the_surroundings_and_says_nothing(
    backend: str, threads: int, tiny_arm: Arm, tmp_path: Path
) -> None:
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras/keras.json").write_text(json.dumps(HOME_S))
    arm = tiny_arm({"train": {"backend": backend, "threads": threads}})
    done = started(TRAIN, arm, HOME=str(tmp_path), **VARIABLES)
    assert (done.returncode, done.stderr) == (0, "an error is seen")
    told = json.loads(done.stdout)
    settings = [told[key] for key in ("format", "floats", "epsilon", "policy")]
    assert settings == ["channels_last", "float32", 1e-7, "float32"]
    variables = told["variables"]
    assert variables["TF_NUM_INTRAOP_THREADS"] == variables["OMP_NUM_THREADS"] == str(threads)
    assert variables["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert {*VARIABLES} - {*variables} == {
        "TF_DETERMINISTIC_OPS", "XLA_FLAGS", "JAX_ENABLE_X64", "KERAS_FLOATX"
    }  # fmt: skip
    # The processor time of each thread. Some goes to handing over; and of two pools of two, JAX may
    # use all four in turn.
    most = max(told["spent"]) / sum(told["spent"])
    assert most > 0.9 if threads == 1 else most < 0.8, told["spent"]


def test_a_device_that_jax_does_not_find_is_one_line(tiny_arm: Arm) -> None:
    """Rather than days on the processor. There is no TPU where this is tested."""
    code = (
        "import json, sys\n"
        "from ablation.base.errors import UserError\n"
        "from ablation.training import framework\n"
        "from ablation.training.config import ArmConfig\n"
        "try:\n    framework.start(ArmConfig(**json.loads(sys.argv[1])).train)\n"
        "except UserError as error:\n    print(error)"
    )
    done = started(code, tiny_arm({"train": {"backend": "jax"}}), JAX_PLATFORMS="tpu")
    assert done.stdout.startswith("JAX finds no device of JAX_PLATFORMS=tpu: "), done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_another_backend_than_the_arm_s_is_refused(
    tiny_arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(UserError, match=r"KERAS_BACKEND is 'jax'.*set train\.backend=jax"):
        framework.start(tiny_arm({"train": {"backend": "tensorflow"}}).train)
    with pytest.raises(UserError, match="start a process of its own"):  # Keras runs here already
        framework.start(tiny_arm({"train": {"backend": "jax"}}).train)
