"""Runs on a real scheduler and real workers: what they give, and what becomes of those that die."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install -r requirements-cluster.txt")
import cloudpickle

from ablation.base.errors import UserError
from runner.cluster.executor import executor
from tests.params import ROOT
from tests.runner.cluster.conftest import Processes, job, until
from tests.runner.conftest import Study


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do not see the head's folder, as on another machine."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr("runner.cluster.worker.sees", lambda study: False)


def there(pid: Path) -> bool:
    return Path("/proc", pid.read_text()).exists()


def waiting(pid: Path) -> str:
    """Behaviour: its process's number is written, then it trains for long."""
    return f"Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)"


def test_workers_that_see_the_head_s_folder_train_in_it(head: Path, processes: Processes) -> None:
    processes.worker("w1")
    Path("params.yaml").write_text("seeds: [1]\n")  # not committed: here it need not be
    with executor(processes.address) as cluster:
        assert cluster.places == 1
        futures = [cluster.submit(job("adam-0")), cluster.submit(job("sgd-0", "sys.exit(3)"))]
        done, failed = [future.result() for future in futures]
    assert (done.key, done.status, done.log, done.files) == ("adam-0", 0, "training adam-0\n", {})
    assert Path("models/runs/adam-0/history.csv").read_text() == "adam-0seeds: [0]\n"
    assert (failed.key, failed.status, failed.files) == ("sgd-0", 3, {})
    assert Path("logs/sgd-0.log").read_text() == "training sgd-0\n"


def test_make_repro_trains_on_the_workers_and_records_what_they_made(
    study: Study, processes: Processes
) -> None:
    processes.variables["PYTHONPATH"] = str(ROOT)  # the small study has no `ablation` of its own
    processes.worker("w1")
    said = study.runner(SCHEDULER=processes.address, SET="train.rate=0.5")
    assert "3 of 5 runs to train, 1 at a time\n" in said
    assert sorted(study.started()) == ["large-0", "plain-0", "plain-1"]
    assert study.runner() == "everything is up to date\n"


def test_others_clone_the_commit_and_the_run_of_a_killed_one_is_tried_again(
    head: Path,
    processes: Processes,
    unseen: None,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    folders = {name: processes.worker(name) for name in ("w1", "w2")}
    first = tmp_path / "first"
    # The first try says where it is and waits, the second finds that and goes on.
    behaviour = f"""
first = Path({str(first)!r})
if not first.exists():
    first.write_text(f"{{os.getpid()}} {{Path.cwd().parents[1].name}}")
    time.sleep(600)
"""
    with executor(processes.address, networks=True) as cluster:
        assert cluster.places == 2
        futures = [cluster.submit(job("adam-0", behaviour)), cluster.submit(job("sgd-0"))]
        until(lambda: first.exists() and first.read_text())
        until(Path(".scratch/progress/adam-0.json").exists)
        pid, victim = first.read_text().split()
        processes.end(victim)
        outcomes = [future.result() for future in futures]
        until(lambda: not Path("/proc", pid).exists())
    assert json.loads(Path(".scratch/progress/adam-0.json").read_text())["share"] == 0.5
    assert f"worker {victim} has left; others train its runs" in capfd.readouterr().out
    for outcome in outcomes:
        assert outcome.status == 0
        assert outcome.files == {
            f"models/runs/{outcome.key}/history.csv": f"{outcome.key}seeds: [0]\n".encode(),
            f"models/networks/{outcome.key}/network.keras": b"weights",
        }
    assert not Path("models").exists()
    (clone,) = (path for path in (folders[victim] / "study").iterdir() if path.is_dir())
    assert (clone / "data/sets/images").exists()


def test_a_head_that_is_interrupted_leaves_nothing_running(
    head: Path, processes: Processes, tmp_path: Path
) -> None:
    processes.worker("w1")
    pid = tmp_path / "pid"
    with pytest.raises(KeyboardInterrupt), executor(processes.address) as cluster:  # noqa: PT012
        cluster.submit(job("adam-0", waiting(pid)))
        until(lambda: pid.exists() and pid.read_text())
        raise KeyboardInterrupt
    until(lambda: not there(pid))


def test_a_worker_that_closes_and_a_scheduler_that_dies_leave_nothing_running(
    head: Path, processes: Processes, tmp_path: Path
) -> None:
    processes.worker("w1")
    one, other = tmp_path / "one", tmp_path / "other"
    behaviour = f"if not Path({str(one)!r}).exists(): {waiting(one)}\n{waiting(other)}"
    with executor(processes.address) as cluster:
        future = cluster.submit(job("adam-0", behaviour))
        until(lambda: one.exists() and one.read_text())
        processes.end("w1", signal.SIGTERM)
        assert not there(one)
        processes.worker("w2")
        until(lambda: other.exists() and other.read_text())
        processes.end("scheduler")
        with pytest.raises(UserError, match=r"^the scheduler has stopped; start it and its work"):
            future.result()
    until(lambda: not there(other))


def test_a_worker_that_cannot_train_leaves_and_another_takes_its_run(
    head: Path, processes: Processes, unseen: None, capfd: pytest.CaptureFixture[str]
) -> None:
    processes.worker("w1")
    with executor(processes.address) as cluster:
        # It comes later, and has no place for a clone.
        (processes.worker("w2") / "study").write_text("a file")
        futures = [cluster.submit(job(f"{arm}-0", "time.sleep(0.5)")) for arm in ("adam", "sgd")]
        assert [future.result().status for future in futures] == [0, 0]
    assert "worker w2 cannot train and leaves: [Errno" in capfd.readouterr().out


def test_what_is_not_fit_is_refused_in_one_line(
    head: Path, processes: Processes, unseen: None, tmp_path: Path
) -> None:
    def refusal(gpu: bool = False, source: str | None = None) -> str:
        with pytest.raises(UserError) as error, executor(processes.address, gpu, source):
            pass
        assert "\n" not in str(error.value)
        return str(error.value)

    assert refusal().startswith("no worker has the resource RUNS at tcp://")
    processes.worker("w1")
    assert refusal(gpu=True).startswith("none of 1 workers has the resource GPU at tcp://")
    said = refusal(source=str(tmp_path / "nowhere.git"))
    assert said.startswith("worker w1 cannot train this study: it cannot get commit ")
    assert said.endswith("`git push` it, or give its address with GIT=ADDRESS")

    Path("data/sets/images").write_text("others")
    assert refusal().endswith("configs/arms, data/sets differ from those of the head")
    Path("notes.txt").write_text("nothing reads it")
    Path("params.yaml").write_text("seeds: [1]\n")
    assert refusal().startswith("params.yaml is not as in the last commit, which workers clone")

    driver = processes.folder / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho GPU of $(basename $PWD)\n")
    driver.chmod(0o755)
    processes.worker("w2", "GPU=1")
    processes.worker("w3", "GPU=1")
    assert "with GPU of w2 on w2; " in (said := refusal(gpu=True))
    assert said.startswith("workers differ: ")
    (processes.folder / "w4/keras-0.0.dist-info").mkdir(parents=True)
    (processes.folder / "w4/keras-0.0.dist-info/METADATA").write_text("Version: 0.0\n")
    processes.worker("w4")
    assert refusal().startswith("worker w4 has other versions than this environment: keras 0.0 th")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("host:8786", "SCHEDULER is 'host:8786'; allowed: tcp://HOST:PORT, as "),
        ("tcp://a b:1", "SCHEDULER is "),
        ("tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9 "),
    ],
)
def test_where_nobody_is_is_one_line(
    address: str, said: str, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.cluster.executor.PATIENCE", 1.0)
    with pytest.raises(UserError) as error, executor(address):
        pass
    assert str(error.value).startswith(said)
