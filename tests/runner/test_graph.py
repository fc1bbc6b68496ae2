"""What DVC says of the graph, asked of a real repository with stages of no work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner import graph

DVC_YAML = """
stages:
  prepare:
    cmd: cp source.txt data.txt
    deps: [source.txt]
    outs: [data.txt]
  train:
    matrix: {arm: [a, b], seed: [0]}
    cmd: cp data.txt ${item.arm}-${item.seed}.network && cat ${item.arm}.yaml >> COUNT
    deps: [data.txt, "${item.arm}.yaml"]
    outs: ["${item.arm}-${item.seed}.network"]
  evaluate:
    matrix: {arm: [a, b], seed: [0]}
    cmd: cp ${item.arm}-${item.seed}.network ${item.arm}-${item.seed}.metrics
    deps: [judge.txt, "${item.arm}-${item.seed}.network"]
    outs: ["${item.arm}-${item.seed}.metrics"]
"""
KEYS = ["a-0", "b-0"]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose two runs have not run; the work done is counted in COUNT."""
    for name in [name for name in os.environ if name.startswith(("DVC_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    folder = tmp_path / "study"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("source.txt", "judge.txt", "a.yaml", "b.yaml"):
        (folder / name).write_text(f"{name}\n")
    (folder / "dvc.yaml").write_text(DVC_YAML)
    subprocess.run([*graph.DVC, "init", "--quiet", "--no-scm"], check=True)
    return folder


def test_a_run_s_command_names_its_two_stages_and_leaves_the_rest_alone() -> None:
    command = graph.run_command("adam-0")
    assert command[:3] == [sys.executable, "-m", "runner.dvc"]
    assert command[-3:] == ["--glob", "train*@adam-0", "evaluate*@adam-0"]
    assert "--single-item" in command
    assert command.index("--wait-for-lock") < command.index("repro")  # an option of dvc itself


def test_figures_share_a_process_and_leave_the_rest_alone() -> None:
    command = graph.figures_command(["dropout", "best"])
    assert command[:-2] == graph.run_command("adam-0")[:-3]
    assert command[-2:] == ["figures@dropout", "figures@best"]


def test_a_run_is_out_of_date_with_its_training_or_its_evaluation() -> None:
    stages = {"data_check", "train@b-0", "evaluate@a-0", "figures@c-0", "evaluate_costly@d-0"}
    assert graph.runs_in(stages, ["d-0", "c-0", "b-0", "a-0"]) == ["d-0", "b-0", "a-0"]


def test_a_run_s_stages_have_other_names_where_its_arm_has_seeds_of_its_own() -> None:
    for name in ("train@adam-0", "train_costly@adam-0"):
        assert graph.of_run(name) == ("train", "adam-0")
        assert graph.trained("adam-0", f"Running stage '{name}':")
    for name in ("train", "train_x@a-0", "figures@train@a-0"):
        assert graph.of_run(name) is None
    for name in ("train@adam-01", "evaluate@adam-0", "train_costly@sgd-0"):
        assert not graph.trained("adam-0", f"Running stage '{name}':")
    for name in ("train@adam-0", "evaluate_costly@vgg-3", "split", "figures@best"):
        assert graph.moved(graph.moved(name)) == name
        assert graph.of_run(graph.moved(name)) == graph.of_run(name)
    assert graph.moved("evaluate@adam-0") == "evaluate_costly@adam-0"
    assert graph.moved("figures@best") == "figures@best"


@pytest.mark.slow
def test_what_is_out_of_date_is_told_stage_by_stage(study: Path) -> None:
    def runs() -> list[str]:
        return graph.runs_in(graph.outdated(), KEYS)

    assert graph.outdated() == {"prepare", *(f"{s}@{k}" for s in graph.STAGES for k in KEYS)}
    graph.repro("prepare")
    assert runs() == KEYS

    # One run: training and evaluation, not the other.
    subprocess.run(graph.run_command("a-0"), check=True, capture_output=True)
    assert (study / "a-0.metrics").exists()
    assert runs() == ["b-0"]

    graph.repro()
    assert graph.outdated() == set()
    assert (study / "COUNT").read_text() == "a.yaml\nb.yaml\n"

    # An arm's configuration concerns its runs, the judge every run.
    (study / "b.yaml").write_text("another\n")
    assert runs() == ["b-0"]
    (study / "judge.txt").write_text("stricter\n")
    assert runs() == KEYS


@pytest.mark.slow
def test_what_dvc_cannot_do_is_one_line(study: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written = (study / "dvc.yaml").read_text()
    (study / "dvc.yaml").write_text(written.replace("deps: [source.txt]", "dips: [source.txt]"))
    with pytest.raises(graph.StudyError, match="dvc status") as error:
        graph.outdated()
    assert "dips" in str(error.value)
    assert "\n" not in str(error.value)
    (study / "dvc.yaml").write_text(written)

    (study / "source.txt").unlink()
    with pytest.raises(graph.StudyError, match="dvc repro prepare") as error:
        graph.repro("prepare")
    assert "\n" not in str(error.value)
    assert "source.txt" in capfd.readouterr().err  # DVC's own message reached the person


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("arms.adm.label=x", "arms.adm.label: unknown key of arms; allowed: adam, sgd"),
        ("train.optimiser=adam", "train.optimiser: unknown key of train; allowed: optimizer"),
        ("scal=smoke", "scal: unknown key; allowed: scale, train, arms, seeds"),
        ("scale.x=smoke", "scale.x: unknown key of scale"),
        ("seeds=0,1", "a list stands in brackets, as in seeds=[0,1]"),
    ],
)
def test_an_override_of_no_key_says_which_keys_there_are(
    override: str, told: str, tmp_path: Path
) -> None:
    params = tmp_path / "params.yaml"
    text = "scale: laptop\ntrain: {optimizer: sgd}\narms: {adam: {label: a}, sgd: {}}\nseeds: [0]\n"
    params.write_text(text, encoding="utf-8")
    with pytest.raises(graph.StudyError) as refused:
        graph.change([override], params)
    assert told in str(refused.value)
    assert params.read_text(encoding="utf-8") == text
