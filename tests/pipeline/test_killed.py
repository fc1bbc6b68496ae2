"""A training that is killed, not interrupted: nothing is tidied up, and it goes on all the same."""

from __future__ import annotations

import json
import shutil
import signal
import time

import numpy as np
import psutil

from tests.pipeline.repository import Repository, trained

RUN = "baseline-0"  # with dropout, so that the random state counts too
EPOCHS = 40  # far more than one start takes, on a busy machine too


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not_in_an_experiment_s_copy_too(
    copy: Repository,
) -> None:
    params = copy.yaml("params.yaml")
    params["scales"]["smoke"]["train"]["epochs"] = EPOCHS
    copy.write_yaml("params.yaml", params)
    copy.dvc("repro", "split")
    copy.commit()
    target = ("--single-item", f"train@{RUN}")
    command = ("exp", "run", "--temp", "--name", "killed", *target)
    process = copy.start("dvc", *command)
    deadline = time.monotonic() + 240
    while epochs_done(copy) < 2:
        assert process.poll() is None, "it ended before its time"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kill(process.pid)
    assert 2 <= epochs_done(copy) < EPOCHS
    assert f"{RUN}  resumes from" in copy.dvc(*command)
    killed = copy.git("for-each-ref", "--format=%(refname)", "refs/exps/*/*/killed").strip()

    shutil.rmtree(copy.path / "models/networks" / RUN)  # else it would only answer
    output = copy.dvc("repro", *target)
    assert trained(output) == [RUN]
    assert copy.git("diff", "--name-only", killed, "--", "models/runs") == ""


def epochs_done(repository: Repository) -> int:
    """How far the run's checkpoint is; 0 without one."""
    paths = list(repository.path.glob(f".scratch/runs/{RUN}/*/state.npz"))
    assert len(paths) <= 1, "the run took itself for another"
    if not paths:
        return 0
    with np.load(paths[0]) as stored:
        return len(json.loads(str(stored["state"]))["history"])


def kill(pid: int) -> None:
    """Kills the process with all that it started, as a machine that stops does."""
    everyone = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for one in everyone:  # none can start another while it is stopped
        one.suspend()
    for one in everyone:
        one.send_signal(signal.SIGKILL)
    psutil.wait_procs(everyone, timeout=60)
