"""The study on a Dask cluster: bit for bit that of one machine, also where a worker dies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from ablation.base.files import read_json
from tests.pipeline.repository import Repository

pytest.importorskip("distributed", reason="pip install -r requirements-cluster.txt")
from tests.runner.cluster.processes import Processes, until

pytestmark = pytest.mark.slow

RUNS = ("baseline-0", "simple-0")  # with dropout and without; the other arms' results are kept
WORKERS = ("w1", "w2", "w3")


def test_runs_of_a_cluster_with_a_worker_killed_are_those_of_one_machine_bit_for_bit(
    study: Repository, tmp_path: Path
) -> None:
    local = entries(study)
    head = study.copy(tmp_path / "head")
    forget(head)
    log = tmp_path / "log"
    with Processes(tmp_path / "cluster") as processes, log.open("wb") as output:
        folders = processes.workers(*WORKERS)
        command = (sys.executable, "-m", "runner", "--scheduler", processes.address)
        process = head.start(*command, output=output)

        def training() -> list[str]:
            """The workers on which a run is under way and has told how far it is."""
            assert process.poll() is None, log.read_text()
            progress = "study/*/.scratch/progress/*.json"
            return [name for name in WORKERS if any(folders[name].glob(progress))]

        try:
            until(training)
            victim = training()[0]
            assert any("stages.train" in command for command in processes.kill(victim))
            process.wait()
        finally:
            process.terminate()
    said = log.read_text()
    assert process.returncode == 0, said
    assert "training 2 of " in said
    assert "3 at a time on 3 workers of tcp://" in said
    assert f": {victim} was lost while it ran" in said
    assert said.splitlines()[-1] == "restored 0 runs, trained 2"

    assert entries(head) == local
    for key in RUNS:
        (record,) = (head.path / "models/provenance" / key).glob("*.json")
        assert read_json(record)["worker"] in set(WORKERS) - {victim}
        assert not (head.path / f"models/networks/{key}.keras").exists()  # nobody asked for it


def entries(repository: Repository) -> dict[str, object]:
    """What the lock file says of each stage."""
    text = (repository.path / "dvc.lock").read_text()
    return yaml.load(text, yaml.CSafeLoader)["stages"]


def forget(repository: Repository) -> None:
    """Makes the study one in which the runs have never trained, and commits it."""
    stages = entries(repository)
    for key in RUNS:
        for stage in [name for name in stages if name.partition("@")[2] == key]:
            del stages[stage]
        for path in (repository.path / "models").glob(f"*/{key}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    content = {"schema": "2.0", "stages": stages}
    (repository.path / "dvc.lock").write_text(yaml.safe_dump(content, sort_keys=False))
    repository.commit()
