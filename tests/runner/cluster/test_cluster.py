"""Runs on a real scheduler and real workers: what they give, what becomes of those that die."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install -r requirements-cluster.txt")
from runner import lock
from runner.cluster.connection import Connection
from runner.cluster.executor import Cluster
from runner.graph import StudyError
from runner.pool import State
from tests.pipeline.repository import Repository
from tests.runner.cluster.conftest import ARMS, COSTLY
from tests.runner.cluster.processes import Processes, until

pytestmark = pytest.mark.slow

RUNS = [f"{arm}-0" for arm in ARMS]
WORKERS = ("w1", "w2", "w3")


@pytest.fixture(scope="module")
def _three(tmp_path_factory: pytest.TempPathFactory, _behaviours: Path) -> Iterator[Processes]:
    with Processes(tmp_path_factory.mktemp("three") / "cluster") as processes:
        processes.workers(*WORKERS)
        yield processes


@pytest.fixture
def three(_three: Processes, behaviour: Path) -> Processes:
    """A scheduler and three workers, which know where behaviours stand and have done nothing."""
    _three.forget()
    return _three


def cluster(processes: Processes, networks: bool = False) -> Cluster:
    workers = Cluster(Connection(processes.address, "THREADS"), False, networks, None)
    workers.check()
    return workers


def entries() -> dict[str, object]:
    return lock.read(Path("dvc.lock").read_text())


def test_runs_that_die_or_meet_a_full_disk_are_tried_elsewhere_and_the_lock_is_a_local_study_s(
    head: Repository, three: Processes, behaviour: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    local = head.copy(tmp_path / "local")
    local.dvc("repro")

    wait = f"while Path({str(behaviour / 'hold')!r}).exists(): time.sleep(0.05)"
    (behaviour / "hold").touch()
    (behaviour / "plain").write_text(wait)
    once = behaviour / "full"
    (behaviour / "deep").write_text(
        f"mark = Path({str(once)!r})\n"
        "if not mark.exists():\n    mark.touch(); sys.exit('train: No space left on device')"
    )
    (behaviour / "wide").write_text("sys.exit('train: it diverged')")
    killed: list[str] = []

    def kill_the_worker_of_the_one_that_waits(state: State) -> None:
        trains = "plain-0" in state.where and Path(".scratch/progress/plain-0.json").exists()
        if trains and not killed:
            killed.append(state.where["plain-0"])
            assert any("stages.train plain 0" in one for one in three.kill(killed[0]))
            (behaviour / "hold").unlink()

    state = cluster(three).run(RUNS, {}, Path("logs"), kill_the_worker_of_the_one_that_waits)
    three.workers(*killed)  # for other tests
    assert sorted(state.done) == ["deep-0", "plain-0", "steep-0"]
    assert state.failed == ["wide-0"]
    assert "train: it diverged" in Path("logs/wide-0.log").read_text()
    assert "training plain-0" in Path("logs/plain-0.log").read_text()

    said = capsys.readouterr().out
    assert f"{killed[0]} was lost while it ran" in said
    assert "deep-0 is tried again elsewhere: " in said
    assert "No space left on device" in said
    assert "wide-0 is tried again" not in said  # no machine is to blame

    ours, theirs = entries(), lock.read((local.path / "dvc.lock").read_text())
    for name in list(theirs):
        if "wide" in name:
            theirs.pop(name)
    assert ours == theirs
    assert {f"train_costly@{COSTLY}-0", f"evaluate_costly@{COSTLY}-0"} <= set(ours)
    assert not list(Path("models/networks").glob("*"))  # nobody asked for them
    for path in ("models/histories/plain-0/history.csv", "models/evaluations/deep-0/metrics.json"):
        assert (head.path / path).read_bytes() == (local.path / path).read_bytes()
    record = json.loads(Path("models/provenance/plain-0/0.json").read_text())
    assert record["worker"] != killed[0]
    assert record["worker"] in WORKERS


def test_a_study_outlives_its_scheduler_and_a_finished_run_is_not_trained_again(
    head: Repository, tmp_path: Path, behaviour: Path
) -> None:
    count, hold = behaviour / "count", behaviour / "hold"
    (behaviour / "steep").write_text(f"open({str(count)!r}, 'a').write('x')")
    hold.touch()
    (behaviour / "wide").write_text(f"while Path({str(hold)!r}).exists(): time.sleep(0.05)")
    with Processes(tmp_path / "cluster") as processes:
        folder = processes.worker("a", "shared")
        processes.worker("b", "shared")
        processes.wait_for("a", "b")
        before = Path("dvc.lock").read_text()

        def restart_the_scheduler(state: State) -> None:
            if hold.exists() and len(state.done) == 3 and "wide-0" in state.where:
                processes.restart_scheduler()
                for name in ("a", "b"):
                    processes.worker(name, "shared")
                hold.unlink()

        state = cluster(processes).run(RUNS, {}, Path("logs"), restart_the_scheduler)
        assert state.happened == ["the scheduler was gone; handed out again: wide-0"]
        assert sorted(state.done) == sorted(RUNS)
        Path("dvc.lock").write_text(before)  # as for a head that died before it was told
        again = cluster(processes).run(RUNS, {}, Path("logs"), lambda _: None)
        assert (sorted(again.done), count.read_text()) == (sorted(RUNS), "x")
        (checkout,) = (path for path in (folder / "study").iterdir() if path.is_dir())
        assert (checkout / "data/sets/images").exists()
        assert not list((checkout / "models/networks").glob("*"))  # disks fill up

        assert cluster(processes, networks=True).run(
            RUNS, {}, Path("logs"), lambda _: None
        ).failed == []  # fmt: skip
        assert len(list(Path("models/networks").glob("*.keras"))) == 4
        assert head.dvc("status").strip() == "Data and pipelines are up to date."


def test_an_interrupted_head_leaves_nothing_running(
    head: Repository, three: Processes, behaviour: Path
) -> None:
    pid = behaviour / "pid"
    (behaviour / "plain").write_text(
        f"Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(600)"
    )

    def interrupt(state: State) -> None:
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cluster(three).run(["plain-0"], {}, Path("logs"), interrupt)
    until(lambda: not Path(f"/proc/{pid.read_text()}").exists())


def test_what_changes_while_runs_train_is_not_recorded(
    head: Repository, three: Processes, behaviour: Path
) -> None:
    before = Path("dvc.lock").read_text()

    def edit(state: State) -> None:
        if state.where:
            Path("networks/cnn.py").write_text("# Four blocks.\n")

    (behaviour / "plain").write_text("time.sleep(1)")
    with pytest.raises(StudyError, match=r"^networks changed while the study trained"):
        cluster(three).run(["plain-0"], {}, Path("logs"), edit)
    assert Path("dvc.lock").read_text() == before


def test_a_command_beside_the_runs_that_fails_ends_them(
    head: Repository, three: Processes, behaviour: Path
) -> None:
    (behaviour / "plain").write_text("time.sleep(600)")
    started = time.monotonic()
    beside = {"data_check": ["sh", "-c", "echo too dark; exit 1"]}
    state = cluster(three).run(["plain-0"], beside, Path("logs"), lambda _: None)
    assert state.failed == ["data_check"]
    assert Path("logs/data_check.log").read_text() == "too dark\n"
    assert time.monotonic() - started < 300
    assert threading.active_count() < 50


def test_what_is_not_fit_is_refused_in_one_line(
    head: Repository, tmp_path: Path, behaviour: Path
) -> None:
    with Processes(tmp_path / "cluster") as processes:

        def refusal(resource: str = "THREADS", source: str | None = None) -> str:
            with pytest.raises(StudyError) as error:
                Cluster(Connection(processes.address, resource), False, False, source).check()
            assert "\n" not in str(error.value)
            return str(error.value)

        assert refusal().startswith("there is no worker with the resource THREADS")
        processes.workers("w1")
        assert refusal("GPU").startswith("none of 1 workers has the resource GPU=1 at tcp://")
        nowhere = str(tmp_path / "nowhere.git")
        assert refusal(source=nowhere).startswith("w1 cannot get commit ")
        Path("networks/cnn.py").write_text("# Four blocks.\n")
        assert refusal().startswith("networks/cnn.py is not as in the last commit, which is what")
    with Processes(tmp_path / "plain", None) as processes:
        processes.workers("w1")
        head.git("checkout", "--quiet", "networks/cnn.py")
        assert refusal().startswith("the scheduler runs without the study's settings (work-stea")


def test_nobody_at_the_address_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.cluster.connection.PATIENCE", 1.0)
    with pytest.raises(StudyError, match=r"^no scheduler answers at tcp://127.0.0.1:9 .*start one"):
        Connection("tcp://127.0.0.1:9", "THREADS")
