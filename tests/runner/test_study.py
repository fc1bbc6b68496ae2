"""`make repro`, `make exp` and `make back` on a small study in a real repository."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from runner.__main__ import bring
from runner.jobs import Job, Outcome
from runner.local import cores
from runner.reasons import slower
from tests.runner.conftest import PARAMS, ROOT, Study

ALL = ["large-0", "plain-0", "plain-1", "steep-0", "steep-1"]


def changed(study: Study) -> list[str]:
    return study.git("status", "--short").splitlines()


def test_all_runs_train_and_are_recorded_and_then_nothing_is_to_do(study: Study) -> None:
    assert sorted(path.stem for path in (study.path / "logs").glob("*.log")) == ALL
    assert study.runner() == "everything is up to date\n"
    study.dvc("repro")
    assert study.started() == []
    assert changed(study) == []


def test_what_is_missing_or_edited_is_made_again(study: Study) -> None:
    """From the last commit where it is of the same inputs, by the stage itself."""
    made = ("reports/metrics.json", "reports/data_check.json", "models/runs/plain-0/history.csv")
    kept = {name: (study.path / name).read_bytes() for name in made}
    (study.path / "reports/metrics.json").unlink()
    (study.path / "reports/data_check.json").write_text("edited")
    runs = study.path / "models/runs"
    (runs / "plain-0/history.csv").write_text("edited")
    (runs / "plain-1/history.csv").unlink()
    (runs / "plain-1/history.csv/folder").mkdir(parents=True)
    (runs / "steep-0/more.txt").touch()
    shutil.rmtree(runs / "steep-1")
    (runs / "steep-1").touch()
    said = study.runner()
    assert sorted(study.started()) == ["plain-0", "plain-1", "steep-0", "steep-1"]
    assert "0 of 5 runs to train" in said
    assert changed(study) == []
    assert {name: (study.path / name).read_bytes() for name in kept} == kept


def test_a_clone_trains_nothing(study: Study, tmp_path: Path) -> None:
    study.git("clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Study(tmp_path / "clone")
    clone.runner()
    assert clone.started() == []
    assert changed(clone) == []


def test_before_training_it_says_how_much_how_long_and_why(study: Study) -> None:
    study.edit("networks/cnn.py", "3", "4")
    said = study.runner(SET="train.rate=0.5 seeds=[0,1,2]", JOBS="1")
    # Ninety seconds each by the records, and twenty beside; of four runs more nothing is known.
    assert "7 of 7 runs to train, 1 at a time, about 12 min 50 s" in said
    assert "networks/cnn.py (5 runs); configs/arms/plain.yaml: train.rate (2 runs)" in said
    assert "params.yaml: train.rate: 1e-05 -> 0.5; `make back` undoes it\n" in said


def test_a_disk_that_will_be_full_is_said_before_anything_is_made(study: Study) -> None:
    study.edit("networks/cnn.py", "3", "4")
    full = "from runner import __main__ as runner; runner.ROOM = 1e18; runner.main()"
    said = study.run(sys.executable, "-c", full, check=False)
    assert re.search(r"GB of disk are free for .*; 1000000000 GB are needed", said)
    assert study.started() == []


def test_days_on_a_processor_are_refused_with_an_estimate_but_for_who_insists(
    study: Study,
) -> None:
    days = {"SET": "scales.laptop.epochs=100000"}
    said = study.runner(check=False, **days)
    assert re.search(r"would train for [0-9,]+ hours at scale laptop; FORCE=1 trains here", said)
    assert study.started() == []
    study.runner(**days, FORCE="1")
    assert sorted(study.started()) == ALL


def test_under_nohup_a_closed_terminal_stops_nothing(study: Study) -> None:
    study.hold("plain")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what nohup does, and a child inherits
    process = study.begin(SET="train.rate=0.5")
    signal.signal(signal.SIGHUP, before)
    study.wait(study.started)
    os.kill(process.pid, signal.SIGHUP)
    study.forget()
    assert process.wait() == 0


def test_code_that_judges_asks_networks_again(study: Study) -> None:
    study.edit("judging/accuracy.py", "2", "3")
    assert "0 of 5 runs to train, 1 at a time, about 1 min 40 s" in study.runner(JOBS="1")


def test_a_busy_machine_takes_longer() -> None:
    assert slower(4 * cores()) > 2


def test_a_failing_run_is_named_and_the_others_are_done(study: Study) -> None:
    said = study.runner(check=False, SET="train.rate=2 arms.steep.rate=0.25")
    assert study.status == 1
    assert said.count("FAILED: the rate is too high") == 3
    assert "study: 3 of 5 runs failed, see logs/" in said
    assert study.dvc("status", "train@steep-0") == "Data and pipelines are up to date.\n"
    study.forget()
    study.runner(SET="train.rate=0.125")
    assert sorted(study.started()) == ["large-0", "plain-0", "plain-1"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_at_any_time_the_same_command_goes_on(study: Study, number: signal.Signals) -> None:
    study.hold("plain")
    process = study.begin(SET="train.rate=0.5", JOBS="3")
    study.wait(lambda: "large-0  done" in study.said() and len(study.started()) == 3)
    os.kill(process.pid, number)
    process.wait()
    study.wait(lambda: not trainings(study))
    if number != signal.SIGKILL:
        assert "study: interrupted; the same command continues" in study.said()
    study.forget()
    study.runner()
    assert sorted(study.started()) == ["plain-0", "plain-1"]


def trainings(study: Study) -> list[str]:
    """The processes that train in the study's folder."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    pids = [line.split()[0] for line in listed.stdout.splitlines() if "stages.train" in line]
    return [pid for pid in pids if study.path == Path(f"/proc/{pid}/cwd").resolve()]


def test_a_run_from_elsewhere_is_refused_where_its_inputs_have_changed_here(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study.path)
    run, record = Path("models/runs/plain-0"), Path("models/provenance/plain-0.json")
    job = Job("plain-0", "train@plain-0", [], [str(run), str(record)])
    files = {str(path): path.read_bytes() for path in (run / "history.csv", record)}
    study.edit("models/runs/plain-0/history.csv", "sgd", "older")
    bring(job, Outcome("plain-0", 0, "", files))
    assert changed(study) == []
    study.edit("networks/cnn.py", "3", "4")
    with pytest.raises(UserError, match=r"networks/cnn\.py changed here while plain-0 trained"):
        bring(job, Outcome("plain-0", 0, "", files))


def test_a_second_one_says_that_one_runs(study: Study) -> None:
    study.hold("plain")
    process = study.begin(SET="train.rate=0.5")
    study.wait(study.started)
    for name, module in (("study", "runner"), ("back", "runner.back")):
        said = study.runner(check=False, module=module)
        assert said == f"{name}: another study runs in this folder (PID {process.pid})\n"
    said = study.dvc("repro", "--single-item", "train@plain-0", check=False)
    assert f"(PID {process.pid})" in said
    study.forget()
    assert process.wait() == 0


def test_an_experiment_has_its_results_and_back_takes_it_back(study: Study) -> None:
    (study.path / "reports/thoughts.md").write_text("mine\n")
    study.edit("README.md", "small", "tiny")
    study.runner(SET="arms.steep.rate=0.25 +arms.new.label=neu")
    assert sorted(study.started()) == ["new-0", "new-1", "steep-0", "steep-1"]
    refs = study.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").splitlines()
    (experiment,) = {ref.split()[0] for ref in refs if "/exec/" not in ref}
    listed = study.git("ls-tree", "-r", "--name-only", experiment).split()
    assert {"models/runs/new-1/history.csv", "models/provenance/new-1.json"} <= set(listed)
    assert "0.25" in study.dvc("exp", "show", "--only-changed", "--csv")
    said = study.runner(module="runner.back")
    assert "params.yaml: arms.steep.rate: 0.25 -> 0.5\n" in said
    assert "params.yaml.before-back\n" in said
    assert "4 new files are removed" in said
    kept = (study.path / ".scratch/params.yaml.before-back").read_text()
    assert "rate: 0.25" in kept
    assert changed(study) == [" M README.md", "?? reports/thoughts.md"]
    study.forget()
    study.runner()
    assert study.started() == []
    assert changed(study) == [" M README.md", "?? reports/thoughts.md"]
    # As docs/add-an-arm.md says of taking it over.
    study.edit("README.md", "tiny", "own")
    study.dvc("exp", "apply", study.dvc("exp", "list", "--name-only").strip())
    assert "tiny" in (study.path / "README.md").read_text()  # as it was when it ran
    study.runner()
    assert study.started() == []
    assert (study.path / "models/runs/new-1/history.csv").exists()
    study.runner(module="runner.back")
    study.git("checkout", ".")
    assert changed(study) == ["?? reports/thoughts.md"]
    study.git("checkout", "refs/exps/apply/stash", "README.md")
    assert "own" in (study.path / "README.md").read_text()


def test_back_takes_back_what_dvc_cannot_read(study: Study) -> None:
    study.edit("params.yaml", "arms:", "arms: [")
    (study.path / "dvc.lock").write_text("<<<<<<< HEAD\n")
    study.runner(module="runner.back")
    assert changed(study) == []
    (study.path / "params.yaml").unlink()
    study.runner(module="runner.back")
    assert changed(study) == []


def test_a_scale_brings_its_seeds_and_takes_them_with_it(study: Study) -> None:
    study.runner(SCALE="smoke")
    assert sorted(study.started()) == ["large-0", "plain-0", "steep-0"]
    text = (study.path / "params.yaml").read_text()
    assert "scale: smoke   # which" in text
    assert "seeds: [0]      # a run" in text
    study.forget()
    study.runner(SCALE="laptop")
    assert sorted(study.started()) == ["large-0", "plain-0", "steep-0"]  # seed 1 is as it was
    assert changed(study) == []


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"SET": "train.rat=1"}, "train.rat: unknown key of train; allowed: optimizer, rate"),
        ({"SET": "arm.x=1"}, "arm.x: unknown key; allowed: scale, seeds"),
        ({"SET": "seeds=0,1"}, "a list needs brackets, for example seeds=[0,1]"),
        ({"SET": "train.rate='1"}, "a quote is not closed"),
        ({"SET": "train.optimizer=sgdd"}, "resolve: params.yaml: train.optimizer: allowed: sgd"),
        ({"SCALE": "tiny"}, "SCALE is 'tiny'; allowed: smoke, laptop"),
        ({"JOBS": "two", "SCALE": "smoke"}, "JOBS is 'two'; allowed: a whole number"),
        ({"GPU": "1", "SCALE": "smoke"}, "GPU=1 needs an NVIDIA GPU"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_params_yaml(
    study: Study, choices: dict[str, str], told: str
) -> None:
    before = (study.path / "params.yaml").read_text()
    said = study.runner(check=False, **choices)
    assert study.status == 1
    assert told in said
    assert "Traceback" not in said
    assert study.started() == []
    assert (study.path / "params.yaml").read_text() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seeds: [0]\n seeds: [1]\n", "study: params.yaml: line 2: not valid YAML"),
        ("seeds: [0]\nseeds: [1]\n", "study: params.yaml: line 2: not valid YAML: found dupl"),
        (PARAMS.replace("seeds: [0, 1]", "seeds: 3", 1), "study: params.yaml: "),
        (None, "study: params.yaml is missing; `git checkout params.yaml` brings it back"),
    ],
)
def test_what_dvc_cannot_read_is_one_line_with_its_place(
    study: Study, text: str | None, told: str
) -> None:
    path = study.path / "params.yaml"
    path.unlink() if text is None else path.write_text(text)
    (study.path / "paper.yaml").write_text((ROOT / "paper.yaml").read_text())
    assert told in study.runner(check=False)
    assert not (study.path / "logs/study.traceback.txt").exists()


def test_a_conflict_and_a_folder_without_git_are_called_so(study: Study) -> None:
    study.edit("params.yaml", "scale: laptop", "scale: smoke")
    study.git("checkout", "--quiet", "-b", "other")
    shutil.copytree(study.path / "models/runs/plain-0", study.path / "models/runs/new-0")
    study.edit("dvc.lock", "schema", "# the other's\nschema")
    study.commit()
    study.git("checkout", "--quiet", "-")
    study.edit("params.yaml", "scale: laptop", "scale: half")
    study.edit("dvc.lock", "schema", "# ours\nschema")
    study.commit()
    study.git("merge", "other", check=False)
    told = "in dvc.lock, params.yaml: resolve params.yaml by hand, `git checkout HEAD -- dvc.lock`"
    assert told in study.runner(check=False)
    study.git("checkout", "--ours", "dvc.lock", "params.yaml")
    study.git("add", "--all")
    assert "a merge is not finished and adds models/runs/new-0/" in study.runner(check=False)
    shutil.rmtree(study.path / ".git")
    assert "this folder is no git repository, which DVC needs" in study.runner(check=False)
