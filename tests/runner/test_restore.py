"""Runs whose results travel, restored in a fresh clone of a real repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner import graph, keep
from runner.graph import StudyError
from runner.leftovers import ASIDE
from runner.restore import Restored, restore
from tests.pipeline.repository import Repository, ran

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),  # of DVC's own
]

BOTH = ["plain-0", "steep-0"]
NETWORK = Path("models/networks/plain-0")


@pytest.fixture(scope="session")
def kept(finished: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The finished small study with its results in the store, committed."""
    repository = finished.copy(tmp_path_factory.mktemp("kept") / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository.path)
        keep.main()
    repository.commit()
    return repository


@pytest.fixture
def fresh(kept: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A fresh clone of it in which configurations are made, as `make repro` makes them first."""
    kept.run("git", "clone", "--quiet", str(kept.path), str(tmp_path / "fresh"))
    monkeypatch.chdir(tmp_path / "fresh")
    repository = Repository(tmp_path / "fresh")
    repository.dvc("repro", "resolve")
    return repository


def test_in_a_fresh_clone_all_is_restored_and_nothing_runs(fresh: Repository) -> None:
    before = Path("dvc.lock").read_bytes()
    assert restore() == Restored(BOTH, BOTH, [])
    assert Path("models/evaluations/plain-0").read_text().startswith('{"rate": 0.5')
    assert "Running stage" not in fresh.dvc("repro", "--allow-missing")
    assert restore() == Restored(BOTH, [], [])
    assert Path("dvc.lock").read_bytes() == before
    assert fresh.git("status", "--short") == ""
    # What DVC calls out of date are these runs alone, and only for their networks.
    assert set(graph.outdated()) == {f"{s}@{key}" for s in graph.STAGES for key in BOTH}


def test_a_changed_arm_trains_alone_and_taken_back_it_is_restored(fresh: Repository) -> None:
    fresh.edit("params.yaml", "rate: 0.5", "rate: 0.25")
    fresh.dvc("repro", "resolve")
    assert restore() == Restored(["steep-0"], ["steep-0"], [])
    assert ran(fresh.dvc("repro", "--allow-missing"), "train") == ["train@plain-0"]
    assert "0.25" in Path("reports/tables/plain.csv").read_text()
    assert NETWORK.exists()

    fresh.edit("params.yaml", "rate: 0.25", "rate: 0.5")
    fresh.dvc("repro", "resolve")
    assert restore() == Restored(BOTH, ["plain-0"], [])
    assert not NETWORK.exists()  # it was of the other rate
    log = fresh.dvc("repro", "--allow-missing")
    assert ran(log, "train") == ran(log, "evaluate") == []
    assert fresh.git("diff", "--stat", "HEAD") == ""


def test_an_experiment_of_dvc_s_own_keeps_what_is_restored(fresh: Repository) -> None:
    restore()
    log = fresh.dvc("exp", "run", "--allow-missing", "-S", "arms.plain.rate=0.25")
    assert ran(log, "train") == ["train@plain-0"]


def test_what_a_removed_arm_left_goes_and_comes_back_with_it(small: Repository) -> None:
    before = Path("dvc.lock").read_bytes()
    small.edit("params.yaml", "  steep:", "  # steep:")
    mine = Path("models/evaluations/mine")
    mine.write_text("my own\n")
    small.dvc("repro", "resolve")
    assert restore() == Restored(["plain-0"], [], [])
    assert {path.name for path in Path("models/evaluations").iterdir()} == {"plain-0", "mine"}
    assert {path.name for path in Path("models/histories").iterdir()} == {"plain-0"}

    mine.unlink()
    small.edit("params.yaml", "  # steep:", "  steep:")
    small.dvc("repro", "resolve")
    assert restore() == Restored(BOTH, ["steep-0"], [])
    assert "up to date" in small.dvc("repro")
    assert Path("dvc.lock").read_bytes() == before


def to_costly(repository: Repository, arm: str) -> None:
    """Moves an arm of the small study to the section whose arms have seeds of their own."""
    file = repository.path / "params.yaml"
    (line,) = (line for line in file.read_text().splitlines() if line.startswith(f"  {arm}:"))
    repository.edit("params.yaml", f"{line}\n", "")
    repository.edit("params.yaml", "costly_arms: {}\n", f"costly_arms:\n{line}\n")
    repository.dvc("repro", "resolve")


def test_an_arm_that_gets_seeds_of_its_own_keeps_its_runs(fresh: Repository) -> None:
    to_costly(fresh, "steep")
    assert restore() == Restored(BOTH, BOTH, [])
    lock = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    assert {name for name in lock if "steep" in name} == {
        "train_costly@steep-0", "evaluate_costly@steep-0"
    }  # fmt: skip
    assert "Running stage" not in fresh.dvc("repro", "--allow-missing", "evaluate_costly")
    stages = {f"{name}@steep-0" for name in ("train_costly", "evaluate_costly")}
    assert stages == {name for name in graph.outdated() if "steep" in name}  # for the network
    assert graph.runs_in(stages, BOTH) == ["steep-0"]

    # Another seed trains alone, and only of the arm without seeds of its own.
    fresh.edit("params.yaml", "\nseeds: [0]", "\nseeds: [0, 1]")
    log = fresh.run(*graph.run_command("plain-1"))
    assert ran(log, "train") == ["train@plain-1"]
    assert ran(log, "evaluate") == ["evaluate@plain-1"]
    assert restore() == Restored(["plain-0", "plain-1", "steep-0"], [], [])
    keep.main()
    fresh.commit()

    # And back again: the runs of both of its seeds are asked for, and one is there.
    fresh.git("checkout", "--quiet", "HEAD~1", "params.yaml")
    fresh.edit("params.yaml", "\nseeds: [0]", "\nseeds: [0, 1]")
    fresh.dvc("repro", "resolve")
    keep.main()  # before the lock file follows
    assert fresh.git("status", "--short", "results") == ""
    assert restore().ready == ["plain-0", "plain-1", "steep-0"]
    assert "train@steep-0" in Path("dvc.lock").read_text()
    assert "costly@" not in Path("dvc.lock").read_text()


def test_another_scale_restores_nothing(fresh: Repository) -> None:
    fresh.edit("params.yaml", "scale: laptop", "scale: smoke")
    fresh.dvc("repro", "resolve")
    assert restore() == Restored([], [], [])


def test_other_code_that_judges_trains_again_since_networks_do_not_travel(
    fresh: Repository,
) -> None:
    with Path("stages/evaluate.py").open("a") as code:
        code.write("# A comment.\n")
    assert restore() == Restored([], [], BOTH)
    commands = [f"{stage}@plain-0" for stage in graph.STAGES]
    log = fresh.dvc("repro", "--single-item", *commands)
    assert ran(log, "train") == ["train@plain-0"]
    assert ran(log, "evaluate") == ["evaluate@plain-0"]
    assert restore() == Restored(["plain-0"], [], ["steep-0"])


def test_what_was_not_trained_here_is_left_out_when_all_is_to_train(fresh: Repository) -> None:
    assert restore(trained_here=True) == Restored([], [], [])
    fresh.dvc("repro", "--single-item", "train@plain-0", "evaluate@plain-0")
    assert restore(trained_here=True) == Restored(["plain-0"], [], [])


def test_a_network_of_no_known_run_is_set_aside(
    fresh: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    NETWORK.parent.mkdir(parents=True)
    NETWORK.write_text("mine\n")
    assert restore().ready == BOTH
    assert not NETWORK.exists()
    assert (ASIDE / NETWORK).read_text() == "mine\n"
    said = capsys.readouterr().out
    assert said == f"{NETWORK}: of no run that DVC has recorded, so now in {ASIDE}\n"


def test_what_a_stopped_stage_left_is_in_nobody_s_way(fresh: Repository) -> None:
    """Before DVC recorded it: no file of it is in the cache, and the place is taken."""
    for name in ("plain-0", "steep-0"):
        left = Path("models/evaluations") / name
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_text("half\n")
    history = Path("models/histories/plain-0/history.csv")
    history.parent.mkdir(parents=True)
    history.write_text("epoch\n")
    assert restore().ready == BOTH
    assert Path("models/evaluations/plain-0").read_text().startswith('{"rate": 0.5')
    assert history.read_text().startswith("epoch,rate")
    assert (ASIDE / history).read_text() == "epoch\n"
    assert "Running stage" not in fresh.dvc("repro", "--allow-missing")


def test_a_run_of_which_a_file_is_lost_or_damaged_is_not_restored(fresh: Repository) -> None:
    (history,) = [path for path in Path("results/files").rglob("*/*") if is_plain(path)]
    text = history.read_text()
    history.write_text(f"{text} ")
    with pytest.raises(StudyError, match="is damaged"):
        restore()
    history.unlink()
    assert restore().ready == ["steep-0"]
    history.write_text(text)
    assert restore().ready == BOTH


def test_what_is_restored_and_what_must_train_for_its_network_is_told() -> None:
    assert Restored(BOTH, [], []).told(2) == []
    assert Restored(BOTH, BOTH, []).told(3) == ["restored 2 of 3 runs from the repository"]
    (line,) = Restored([], [], ["a-0", "a-1", "a-2", "b-0", "b-1"]).told(5)
    assert line.startswith("training again: a-0, a-1, a-2 and 2 more; judging is not as it was")
    assert Restored([], [], ["a-0"]).told(5)[0].startswith("training again: a-0; ")


def is_plain(path: Path) -> bool:
    """Whether a file of the store is the history of the arm `plain`."""
    return path.is_file() and path.read_text().startswith("epoch,rate,1,{'rate': 0.5")
