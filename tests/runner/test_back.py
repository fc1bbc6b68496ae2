"""`make back` in a real repository: what it brings back, and what of a person's it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from runner.leftovers import ASIDE

from runner import back, keep, written
from runner.graph import StudyError
from tests.pipeline.repository import Repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),  # of DVC's own
]

AS_COMMITTED = "Data and pipelines are up to date."


def changed(repository: Repository) -> list[str]:
    """What git counts as changed, in the folder or in the index."""
    return repository.git("status", "--short").splitlines()


def to_smoke(repository: Repository) -> None:
    repository.edit("params.yaml", "scale: laptop", "scale: smoke")
    repository.dvc("repro")
    assert "M  dvc.lock" in changed(repository)  # DVC has put it into the index


def test_after_another_scale_all_is_as_committed_index_included(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    to_smoke(small)
    back.main()
    assert changed(small) == []
    assert AS_COMMITTED in small.dvc("status")  # the data too
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "params.yaml: scale is laptop again",
        "dvc.lock and 5 files of results are as committed",
    ]


def test_after_an_experiment_with_another_scale_all_is_as_committed(small: Repository) -> None:
    """DVC lays out all of params.yaml anew there; nothing in it is a person's."""
    small.dvc("exp", "run", "-S", "scale=smoke")
    assert "seeds: [0]" not in (small.path / "params.yaml").read_text()
    back.main()
    assert changed(small) == []
    assert AS_COMMITTED in small.dvc("status")


def test_results_that_were_kept_of_another_scale_go_back_too(small: Repository) -> None:
    keep.main()
    small.commit()
    to_smoke(small)
    keep.main()
    assert any("results/files" in line for line in changed(small))
    back.main()
    assert changed(small) == []
    assert AS_COMMITTED in small.dvc("status")


def test_where_nothing_changed_nothing_changes(small: Repository) -> None:
    back.main()
    assert changed(small) == []
    assert AS_COMMITTED in small.dvc("status")


@pytest.mark.parametrize("laid_out_anew", [False, True])
def test_what_a_person_changed_in_params_yaml_stays_and_is_named(
    small: Repository, capsys: pytest.CaptureFixture[str], laid_out_anew: bool
) -> None:
    small.edit("params.yaml", "rate: 0.5}", "rate: 0.25}\n  own: {label: mine, rate: 2}")
    if laid_out_anew:
        small.dvc("exp", "run", "-S", "scale=smoke")
    else:
        to_smoke(small)
    assert Path("reports/tables/own.csv").exists()
    back.main()
    assert changed(small) == [" M params.yaml"]
    text = Path("params.yaml").read_text()
    assert "scale: laptop " in text
    assert "rate: 0.25" in text
    assert "own: {" in text or "own:\n" in text
    assert not Path("reports/tables/own.csv").exists()
    said = capsys.readouterr().out
    assert (
        "params.yaml keeps what else you changed, see `git diff params.yaml`: "
        "arms.plain.rate=0.25  +arms.own.label=mine  +arms.own.rate=2\n"
    ) in said
    assert "2 that the commit has not are removed" in said  # its table and its headline
    assert "`make repro` brings the results up to date" in said


def test_a_comment_of_a_person_s_stays(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    small.edit("params.yaml", "# one run an arm", "# just one run an arm")
    to_smoke(small)
    back.main()
    assert changed(small) == [" M params.yaml"]
    assert "# just one run an arm" in Path("params.yaml").read_text()
    said = capsys.readouterr().out
    assert "see `git diff params.yaml`: no value, its comments or layout\n" in said
    assert "make repro" not in said


def test_what_no_stage_makes_is_left_alone(small: Repository) -> None:
    to_smoke(small)
    small.edit("README.md", "small", "tiny")
    small.edit("reports/notes.md", "by hand", "by my hand")
    small.edit("networks/cnn.py", "Three", "Two")
    small.git("add", "networks/cnn.py")
    Path("reports/thoughts.md").write_text("mine\n")
    back.main()
    assert changed(small) == [
        " M README.md",
        "M  networks/cnn.py",
        " M reports/notes.md",
        "?? reports/thoughts.md",
    ]


def test_in_a_clone_without_the_data_it_says_what_is_missing(
    clone: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    to_smoke(clone)
    back.main()
    assert changed(clone) == []
    said = capsys.readouterr().out
    assert "of 5 stages nothing has been made on this machine yet; `make repro` makes it" in said
    assert not Path("models/networks/plain-0").exists()  # it was of the other scale


def test_what_is_in_no_cache_is_set_aside(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person's own, or what a stage wrote that was stopped before DVC recorded it."""
    to_smoke(small)
    network = Path("models/networks/plain-0")
    network.chmod(0o644)
    network.write_text("mine\n")
    back.main()
    assert network.read_text() != "mine\n"
    assert (ASIDE / network).read_text() == "mine\n"
    assert f"{network}: of no run that DVC has recorded, so now in {ASIDE}\n" in (
        capsys.readouterr().out
    )
    assert AS_COMMITTED in small.dvc("status")
    assert changed(small) == []


def test_what_make_exp_wrote_goes_and_what_a_person_wrote_stays(
    small: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    committed = Path("params.yaml").read_text()
    written.set_up("smoke", overrides=["arms.plain.rate=0.25", "+arms.steep.note=a"])
    written.set_up(None, overrides=["arms.plain.rate=0.125"])
    back.main()
    assert Path("params.yaml").read_text() == committed  # its layout too
    said = capsys.readouterr().out
    assert "scale is laptop again\n" in said
    assert "what `make` wrote is taken back: arms.plain.rate=0.125  +arms.steep.note=a\n" in said
    assert "keeps" not in said

    small.edit("params.yaml", "seeds: [0]      # one run", "seeds: [0, 1]   # mine: one run")
    mine = Path("params.yaml").read_text()
    written.set_up(None, overrides=["arms.plain.rate=0.25"])
    written.set_up("smoke")
    assert "seeds: [0, 1]" not in Path("params.yaml").read_text()  # DVC has laid it out anew
    back.main()
    assert Path("params.yaml").read_text() == mine  # its layout too
    assert "keeps what else you changed, see `git diff params.yaml`: seeds=[0, 1]\n" in (
        capsys.readouterr().out
    )

    # What was edited after it stays as well, as DVC lays it out.
    written.set_up(None, overrides=["arms.plain.rate=0.25"])
    small.edit("params.yaml", "# mine: one run", "# mine, later: one run")
    back.main()
    text = Path("params.yaml").read_text()
    assert "# mine, later: one run" in text
    assert "rate: 0.5" in text
    capsys.readouterr()

    # Once back, the same value is a person's own.
    small.git("checkout", "params.yaml")
    small.edit("params.yaml", "rate: 0.5", "rate: 0.25")
    back.main()
    assert "rate: 0.25" in Path("params.yaml").read_text()


def test_where_no_results_are_committed_it_refuses_and_changes_nothing(small: Repository) -> None:
    small.git("rm", "--quiet", "--cached", "dvc.lock")
    small.git("commit", "--quiet", "--message", "without")
    small.edit("params.yaml", "scale: laptop", "scale: smoke")
    with pytest.raises(StudyError, match=r"^no results are committed") as error:
        back.main()
    assert "\n" not in str(error.value)
    assert "scale: smoke" in Path("params.yaml").read_text()
