"""A study that is killed, not interrupted: nothing is tidied up, and it goes on all the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest

from ablation.base.files import read_json
from runner import graph, pool
from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]
Weights = dict[str, np.ndarray]

RUN = "baseline-0"  # with dropout, so that the random state counts too
TRAINING = ("--single-item", f"train@{RUN}")
EPOCHS = 60  # far more than three starts take, on a busy machine too
PATIENCE = 120.0  # seconds for what takes a few


def test_a_training_killed_three_times_ends_as_one_that_was_not(
    to_kill: Repository, uninterrupted: Weights
) -> None:
    command = ("repro", *TRAINING)
    kill_three_times(to_kill, command, np.random.default_rng(0))
    assert f"{RUN}  goes on from" in to_kill.dvc(*command)
    assert_same(weights(to_kill), uninterrupted)


def test_an_experiment_in_a_temporary_folder_killed_three_times_ends_as_one_that_was_not(
    to_kill: Repository, uninterrupted: Weights
) -> None:
    command = ("exp", "run", "--temp", "--name", "killed", *TRAINING)
    kill_three_times(to_kill, command, np.random.default_rng(1))
    assert f"{RUN}  goes on from" in to_kill.dvc(*command)
    to_kill.dvc("exp", "apply", "killed")
    assert_same(weights(to_kill), uninterrupted)


def test_a_study_killed_with_two_runs_in_flight_is_finished_by_a_second_call(
    study: Repository, copy_of: Copy
) -> None:
    repository = copy_of(study)
    rates = {"slow": 0.001, "fast": 0.02}
    arms = "".join(
        f"  {arm}: {{label: {arm}, train: {{optimizers: {{sgd_nesterov: "
        f"{{learning_rate: {rate}}}}}}}}}\n"
        for arm, rate in rates.items()
    )
    repository.edit("params.yaml", "\narms:\n", f"\narms:\n{arms}")
    command = (sys.executable, "-m", "runner", "--jobs", "2")
    process = repository.start(*command)
    progress = [repository.path / f".scratch/progress/{arm}-0.json" for arm in rates]
    until(process, lambda: all(path.exists() for path in progress))
    killed = kill(process)
    for arm in rates:  # DVC may run a stage through a shell, which names it too
        stages = [f"stages.{stage} {arm} 0" for stage in ("train", "evaluate")]
        assert any(stage in command for stage in stages for command in killed), arm

    output = repository.run(*command)
    assert "runs failed" not in output
    for arm in rates:
        metrics = read_json(repository.path / f"models/evaluations/{arm}-0/metrics.json")
        assert 0 <= metrics["test_accuracy"] <= 1
        assert arm in (repository.path / "reports/metrics.json").read_text()
    assert "up to date" in repository.dvc("status")


def test_fifty_runs_at_once_do_not_trip_over_dvc_s_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / "fifty")
    repository.path.mkdir()
    arms = [f"arm_{number}" for number in range(50)]
    stages = {
        "train": {
            "matrix": {"arm": arms, "seed": [0]},
            "cmd": "echo ${item.arm} > ${item.arm}-${item.seed}.network",
            "outs": ["${item.arm}-${item.seed}.network"],
        },
        "evaluate": {
            "matrix": {"arm": arms, "seed": [0]},
            "cmd": "cp ${item.arm}-${item.seed}.network ${item.arm}-${item.seed}.metrics",
            "deps": ["${item.arm}-${item.seed}.network"],
            "outs": ["${item.arm}-${item.seed}.metrics"],
        },
    }
    (repository.path / "dvc.yaml").write_text(json.dumps({"stages": stages}))
    repository.dvc("init", "--no-scm", "--quiet")
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    keys = [f"{arm}-0" for arm in arms]
    commands = {key: graph.run_command(key) for key in keys}
    most = []
    state = pool.run(commands, [{}] * 50, tmp_path / "logs", lambda s: most.append(len(s.running)))
    logs = {key: (tmp_path / f"logs/{key}.log").read_text() for key in state.failed}
    assert not state.failed, logs
    assert max(most) > 25  # on a busy machine the first have ended before the last begins
    assert graph.outdated() == set()
    for arm in arms:
        assert (repository.path / f"{arm}-0.metrics").read_text() == f"{arm}\n"


@pytest.fixture(scope="module")
def long_run(study: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The study with more epochs, all before training up to date and committed."""
    repository = study.copy(tmp_path_factory.mktemp("long") / "study")
    repository.edit("params.yaml", "      epochs: 2   ", f"      epochs: {EPOCHS}   ")
    repository.dvc("repro", "split")
    repository.commit()
    return repository


@pytest.fixture(scope="module")
def uninterrupted(long_run: Repository, tmp_path_factory: pytest.TempPathFactory) -> Weights:
    repository = long_run.copy(tmp_path_factory.mktemp("uninterrupted") / "study")
    assert "goes on from" not in repository.dvc("repro", *TRAINING)
    return weights(repository)


@pytest.fixture
def to_kill(long_run: Repository, tmp_path: Path) -> Repository:
    """A copy whose cache knows nothing of what others have trained."""
    repository = long_run.copy(tmp_path / "study")
    shared = Path(repository.dvc("cache", "dir").strip())
    own = tmp_path / "cache"
    shutil.copytree(shared, own, ignore=shutil.ignore_patterns("runs"), copy_function=os.link)
    repository.dvc("config", "--local", "cache.dir", str(own))
    return repository


def kill_three_times(
    repository: Repository, arguments: Sequence[str], rng: np.random.Generator
) -> None:
    """Starts the training three times and kills it and DVC at a random moment, each time later.

    The last start may have come further than was waited for, so that each counts from there.
    """
    for more in rng.integers(1, 6, 3):
        before = epochs_done(repository)
        process = repository.start("dvc", *arguments)
        until(process, lambda least=before + more: epochs_done(repository) >= least)
        time.sleep(rng.uniform(0.0, 0.1))
        assert any("stages.train" in command for command in kill(process))
        assert before + more <= epochs_done(repository) < EPOCHS


def epochs_done(repository: Repository) -> int:
    """How far the run's checkpoint is; 0 without one."""
    paths = list(repository.path.glob(f".scratch/runs/{RUN}/*/state.npz"))
    assert len(paths) <= 1, "the run took itself for another"
    if not paths:
        return 0
    with np.load(paths[0]) as stored:
        return len(json.loads(str(stored["state"]))["history"])


def until(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "it ended before its time"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill(process: subprocess.Popen[bytes]) -> list[str]:
    """Kills the process with all that it started, as a machine that stops does; their commands."""
    everyone = [psutil.Process(process.pid)]
    everyone += everyone[0].children(recursive=True)
    commands = []
    for one in everyone:  # none can start another while it is stopped
        one.suspend()
        commands.append(" ".join(one.cmdline()))
    for one in everyone:
        one.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(everyone, timeout=PATIENCE)
    return commands


def weights(repository: Repository) -> Weights:
    """Every array of the run's trained network."""
    found: Weights = {}

    def collect(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with (
        zipfile.ZipFile(repository.path / f"models/networks/{RUN}.keras") as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as stored,
    ):
        stored.visititems(collect)
    assert found
    return found


def assert_same(ours: Weights, theirs: Weights) -> None:
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
