"""`make check` in a real repository: whether results belong to what lies beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import check
from runner.graph import StudyError
from tests.pipeline.repository import Repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),  # of DVC's own
]

ALL_WELL = "The results belong to the code and the parameters beside them: 6 stages, 2 runs."


def verdict(folder: Path) -> check.Verdict:
    with check.copied(folder) as copy:
        check.resolve(copy)
        return check.compare(copy)


def test_in_a_fresh_clone_the_results_belong_and_the_clone_stays_as_it_is(
    clone: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clone.git("status", "--short", "--ignored")
    assert check.main() == 0
    assert capsys.readouterr().out.splitlines() == [ALL_WELL, *check.UNSEEN]
    assert clone.git("status", "--short", "--ignored") == before
    assert not Path("configs").exists()


def test_beside_the_data_it_says_the_same(small: Repository) -> None:
    assert verdict(small.path).causes == {}
    small.edit("networks/cnn.py", "Three", "Two")
    assert set(verdict(small.path).causes) == {"train@plain-0", "train@steep-0"}


def test_code_concerns_the_stages_that_depend_on_it_and_what_comes_after(
    clone: Repository,
) -> None:
    clone.edit("networks/cnn.py", "Three", "Two")
    found = verdict(clone.path)
    assert found.causes == {"train@plain-0": ["networks"], "train@steep-0": ["networks"]}
    assert found.after == ["evaluate@plain-0", "evaluate@steep-0", "summarize", "report"]


def test_a_new_file_in_a_folder_of_code_counts_before_it_is_added(clone: Repository) -> None:
    Path("networks/vgg.py").write_text("# Five blocks.\n")
    assert set(verdict(clone.path).causes) == {"train@plain-0", "train@steep-0"}
    Path("networks/vgg.py").unlink()
    Path("networks/__pycache__").mkdir()
    Path("networks/__pycache__/cnn.cpython-311.pyc").write_bytes(b"compiled")
    assert verdict(clone.path).causes == {}


def test_a_parameter_of_one_arm_concerns_its_runs(clone: Repository) -> None:
    clone.edit("params.yaml", "rate: 0.5", "rate: 0.25")
    found = verdict(clone.path)
    assert found.causes == {"train@plain-0": ["configs/arms/plain.yaml"]}
    assert found.after == ["evaluate@plain-0", "summarize", "report"]


def test_a_scale_concerns_every_run_and_another_scale_s_size_none(clone: Repository) -> None:
    clone.edit("params.yaml", "smoke: {size: 1}", "smoke: {size: 2}")
    assert verdict(clone.path).causes == {}
    clone.edit("params.yaml", "scale: laptop", "scale: smoke")
    assert set(verdict(clone.path).causes) == {"train@plain-0", "train@steep-0"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("one run an arm", "just one run"), ("the plain one", "the plainest"), ("0.00001", "1.0e-5")],
)
def test_what_changes_no_configuration_concerns_nothing(
    clone: Repository, old: str, new: str
) -> None:
    clone.edit("params.yaml", old, new)
    assert verdict(clone.path).causes == {}


def test_an_edited_report_is_found_and_concerns_no_run(clone: Repository) -> None:
    clone.edit("reports/report.html", "0.5", "0.9")
    found = verdict(clone.path)
    assert found.causes == {"report": ["reports/report.html"]}
    assert found.after == []
    _, _, head, row, *_ = check.lines(found, 100)  # a stage's name is shorter than the head
    assert head.split("  ") == ["out of date", "not as it was then"]
    assert row.index("reports/") == head.index("not as")


def test_a_table_that_is_edited_or_lost_concerns_what_made_it_and_what_reads_it(
    clone: Repository,
) -> None:
    expected = {"summarize": ["reports/tables"], "report": ["reports/tables"]}
    clone.edit("reports/tables/plain.csv", "0.5", "0.9")
    assert verdict(clone.path).causes == expected
    Path("reports/tables/plain.csv").unlink()
    assert verdict(clone.path).causes == expected


def test_a_new_arm_has_never_run(clone: Repository) -> None:
    clone.edit("params.yaml", "arms:\n", "arms:\n  own: {label: mine, rate: 2}\n")
    found = verdict(clone.path)
    assert found.causes["train@own-0"] == found.causes["evaluate@own-0"] == ["never run"]
    assert found.causes["summarize"] == ["configs/study.yaml"]
    assert set(found.causes) == {"train@own-0", "evaluate@own-0", "summarize"}


def test_another_command_and_a_new_dependency_count(clone: Repository) -> None:
    clone.edit("dvc.yaml", "stages.report\n    deps: [", "stages.report \n    deps: [README.md, ")
    assert verdict(clone.path).causes == {"report": ["README.md"]}  # a blank is no other command
    clone.edit("dvc.yaml", "stages.train ", "stages.train  --fast ")
    assert verdict(clone.path).causes["train@plain-0"] == ["its command in dvc.yaml"]


def test_a_run_trained_again_and_not_judged_again_is_found_in_the_lock_file(
    small: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.edit("networks/cnn.py", "Three", "Two")
    small.dvc("repro", "train")
    small.commit()
    small.run("git", "clone", "--quiet", str(small.path), str(tmp_path / "again"))
    monkeypatch.chdir(tmp_path / "again")
    assert verdict(tmp_path / "again").causes == {
        f"evaluate@{arm}-0": [f"models/networks/{arm}-0"] for arm in ("plain", "steep")
    }


def test_a_mistake_in_params_yaml_is_told_in_the_words_of_resolve(clone: Repository) -> None:
    clone.edit("params.yaml", "seeds:", "speed: 3\nseeds:")
    with pytest.raises(StudyError) as error:
        check.main()
    assert str(error.value) == "resolve: params.yaml: speed: unknown key"


def test_a_graph_that_dvc_cannot_read_is_one_line(clone: Repository) -> None:
    clone.edit("dvc.yaml", "outs: [configs:", "ous: [configs:")
    with pytest.raises(StudyError) as error:
        check.main()
    assert str(error.value) == "'dvc.yaml' validation failed; `dvc status` says more"


def test_without_a_lock_file_nothing_has_run(clone: Repository) -> None:
    Path("dvc.lock").unlink()
    assert set(map(tuple, verdict(clone.path).causes.values())) == {("never run",)}


# --- what is said of it -----------------------------------------------------------------------

STAGES = [
    "preprocess",
    *(f"{stage}@arm{n}-0" for stage in ("train", "evaluate") for n in range(12)),
    "compare",
    *(f"figures@figure{n}" for n in range(11)),
    "report",
]


def test_few_stages_are_named_and_many_counted() -> None:
    one = {"train@arm3-0": ["configs/arms/arm3.yaml"], "report": ["reports/report.html"]}
    told = check.lines(check.Verdict(STAGES, one, ["evaluate@arm3-0", "compare"]), 120)
    assert told == [
        "Not all results belong to the code and the parameters beside them.",
        "",
        "out of date   not as it was then",
        "train@arm3-0  configs/arms/arm3.yaml",
        "report        reports/report.html",
        "",
        "1 of 12 runs are out of date: arm3-0",
        "What comes after them: evaluate@arm3-0, compare",
        *check.UNSEEN,
    ]
    trained = [name for name in STAGES if name.startswith("train@")]
    many = {name: ["ablation/networks", f"configs/arms/{name[6:-2]}.yaml"] for name in trained}
    told = check.lines(check.Verdict(STAGES, many, STAGES[13:]), 120)
    assert "train (12 of 12)  ablation/networks, configs/arms/ (12 in it)" in told
    assert "What comes after them: evaluate (12 of 12), compare, figures (11 of 11), report" in told


def test_where_no_run_is_concerned_it_says_so() -> None:
    told = check.lines(check.Verdict(STAGES, {"report": ["reports/report.html"]}, []), 120)
    assert "0 of 12 runs are out of date." in told


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_into_the_terminal(columns: int) -> None:
    causes = {name: [f"ablation/part_{n}" for n in range(30)] for name in STAGES}
    told = check.lines(check.Verdict(STAGES, causes, []), columns)
    assert max(map(len, told)) <= columns
