"""`make keep` in a real repository: what goes into the store, what goes out, and what is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import graph, keep, lock, store
from runner.graph import StudyError
from tests.pipeline.repository import Repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),  # of DVC's own
]

GATHERED = Path("reports/provenance.json")


def place() -> store.Place:
    with store.opened() as repo:
        return store.place(repo)


def stored() -> dict[str, bytes]:
    """Name -> content of every file in the store."""
    return {path.as_posix(): path.read_bytes() for path in place().store.present()}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    keep.main()
    return capsys.readouterr().out


def test_the_small_outputs_of_finished_runs_are_kept_and_their_records(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys).startswith("2 of 2 runs are in the store, 2 of them new; 0 files")
    # Of two runs a history, in a folder, and an evaluation.
    assert sorted(content.decode()[:5] for content in stored().values()) == [
        '[{"md', '[{"md', "epoch", "epoch", '{"rat', '{"rat'
    ]  # fmt: skip
    records = json.loads(GATHERED.read_text())
    assert list(records) == ["plain-0", "steep-0"]
    assert records["plain-0"]["commit"] == "abc"

    before, text = stored(), GATHERED.read_text()
    assert said(capsys).startswith("2 of 2 runs are in the store, 0 of them new; 0 files")
    assert (stored(), GATHERED.read_text()) == (before, text)
    assert "up to date" in small.dvc("status", "train", "evaluate")
    small.dvc("push")  # DVC's own has nothing to add: what is large is withheld
    assert stored() == before


def test_what_is_kept_dvc_restores_in_a_clone(small: Repository, tmp_path: Path) -> None:
    keep.main()
    small.commit()
    small.git("clone", "--quiet", ".", str(tmp_path / "other"))
    other = Repository(tmp_path / "other")
    other.dvc("pull", "--allow-missing", "train", "evaluate")
    for path in ("histories/plain-0/history.csv", "evaluations/steep-0"):
        assert (other.path / "models" / path).read_bytes() == Path("models", path).read_bytes()
    assert list(other.path.glob("models/networks/*")) == []


def test_a_run_that_is_trained_and_not_judged_is_not_kept(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    keep.main()
    small.edit("params.yaml", "rate: 0.5", "rate: 0.25")
    small.dvc("repro", "resolve")
    small.dvc("repro", "--single-item", "train@plain-0")
    capsys.readouterr()
    assert said(capsys).startswith("1 of 2 runs are in the store, 0 of them new; 3 files")
    small.dvc("repro", "--single-item", "evaluate@plain-0")
    assert said(capsys).startswith("2 of 2 runs are in the store, 1 of them new; 0 files")
    assert '"rate": 0.25' in str(stored())
    assert '"rate": 0.5' not in str(stored())


def test_what_belongs_to_no_run_of_the_graph_goes_out(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    keep.main()
    (place().store.folder / "00").mkdir()
    (place().store.folder / "00" / "half.tmp").write_text("left by a kill")
    # The lock file still has the removed arm's run.
    small.edit("params.yaml", "  steep:", "  # steep:")
    capsys.readouterr()
    assert said(capsys).startswith("1 of 1 runs are in the store, 0 of them new; 4 files")
    digests = place().results(lock.finished(lock.read(place().lock), place().runs)["plain-0"])
    assert place().store.present() == {
        place().store.path(md5) for md5 in place().store.reached(digests.values())
    }
    assert not (place().store.folder / "00").exists()


def test_a_study_that_grows_keeps_its_runs_while_the_new_ones_train(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    keep.main()
    before = stored()
    small.edit("params.yaml", "\nseeds: [0]", "\nseeds: [0, 1, 2]")
    study = small.start(*graph.DVC, "repro")
    while study.poll() is None:
        keep.main()
        assert before.items() <= stored().items()
    assert study.returncode == 0
    capsys.readouterr()
    assert said(capsys).startswith("6 of 6 runs are in the store, ")
    assert said(capsys).startswith("6 of 6 runs are in the store, 0 of them new; 0 files")
    assert set(json.loads(GATHERED.read_text())) == {
        f"{arm}-{seed}" for seed in range(3) for arm in ("plain", "steep")
    }  # fmt: skip
    assert "up to date" in small.dvc("status")


def test_a_run_of_which_something_is_lost_is_not_kept_at_all(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = lock.finished(lock.read(place().lock), place().runs)
    (evaluation,) = [
        md5 for path, md5 in place().results(runs["plain-0"]).items() if "evaluations" in path
    ]
    place().cache.path(evaluation).unlink()
    assert said(capsys).startswith("1 of 2 runs are in the store, 1 of them new; 0 files")
    assert "0.5" not in str(stored())


def test_a_damaged_file_is_not_kept(small: Repository) -> None:
    runs = lock.finished(lock.read(place().lock), place().runs)
    for path, md5 in place().results(runs["plain-0"]).items():
        if "evaluations" in path:
            place().cache.path(md5).chmod(0o644)
            place().cache.path(md5).write_text("other")
    with pytest.raises(StudyError, match="is damaged"):
        keep.main()


def test_a_record_that_is_known_stays(small: Repository) -> None:
    keep.main()
    records = json.loads(GATHERED.read_text())
    records["plain-0"]["commit"] = "of another machine"
    GATHERED.write_text(json.dumps(records))
    keep.main()
    assert json.loads(GATHERED.read_text()) == records


def test_more_than_the_limit_is_said(small: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "MOST_BYTES", 100)
    with pytest.raises(StudyError, match="more than 0 MB, which is its limit"):
        keep.main()
