"""The study on a Dask cluster: bit for bit that of one machine, also where a worker dies."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipeline.repository import Repository

pytest.importorskip("distributed", reason="pip install -r requirements-cluster.txt")
from tests.runner.cluster.processes import Processes, until

pytestmark = pytest.mark.slow

# What trains again: three small networks of the study, with dropout and without.
RUNS = ("adam-0", "baseline-0", "dense_1024-0")
WORKERS = ("w1", "w2", "w3")


def test_runs_of_a_cluster_with_a_worker_killed_are_those_of_one_machine_bit_for_bit(
    study: Repository, tmp_path: Path
) -> None:
    kept = study.copy(tmp_path / "kept")
    kept.run(sys.executable, "-m", "runner.keep")
    head = kept.copy(tmp_path / "head")
    local = yaml.safe_load((head.path / "dvc.lock").read_text())["stages"]
    forget(head)
    with Processes(tmp_path / "cluster") as processes:
        folders = {name: processes.worker(name) for name in WORKERS}
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = head.start(
                sys.executable, "-m", "runner", "--scheduler", processes.address, output=output
            )

        def trains() -> str | None:
            assert process.poll() is None, log.read_text()
            at = [n for n in WORKERS if list(folders[n].glob("study/*/.scratch/progress/*.json"))]
            return at[0] if at else None

        until(trains)
        victim = str(trains())
        assert any("stages.train" in command for command in processes.kill(victim))
        process.wait()
    said = log.read_text()
    assert process.returncode == 0, said
    assert f": {victim} was lost while it ran" in said
    assert re.search(r"^restored \d+ runs, trained 3$", said, re.MULTILINE)
    assert "3 at a time on 3 workers of tcp://" in said

    ours = yaml.safe_load((head.path / "dvc.lock").read_text())["stages"]
    differing = {name for name in local if ours[name] != local[name]}
    # Which worker a run was on is in the record, and the page shows the record.
    assert differing <= {"provenance", "report"}
    records = yaml.safe_load((head.path / "reports/provenance.json").read_text())
    assert all(records[key]["worker"] in set(WORKERS) - {victim} for key in RUNS)
    assert not any((head.path / f"models/networks/{key}.keras").exists() for key in RUNS)


def forget(repository: Repository) -> None:
    """Makes the study one in which the runs have never trained, and commits it."""
    file = repository.path / "dvc.lock"
    content = yaml.safe_load(file.read_text())
    for key in RUNS:
        for stage in ("train", "evaluate"):
            del content["stages"][f"{stage}@{key}"]
        (repository.path / f"models/networks/{key}.keras").unlink()
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    repository.run("sh", "-c", "rm -rf models/histories/adam-0 models/provenance")
    # A cache of its own, without what DVC remembers of runs.
    repository.commit()
