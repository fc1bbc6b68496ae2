"""Plain DVC in a fresh clone: nothing trains but what somebody changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.pipeline.repository import Repository, ran, trained

WIDTH = 120  # columns that what DVC prints may take


def test_a_clone_makes_the_data_trains_nothing_and_an_experiment_trains_what_inherits(
    clone: Repository,
) -> None:
    output = clone.dvc("repro")
    assert {"resolve", "preprocess", "split"} <= set(ran(output))
    assert not ran(output, "train")
    assert not ran(output, "train_costly")
    assert clone.git("status", "--porcelain") == ""
    assert ran(clone.dvc("repro")) == []

    output = clone.dvc("exp", "run", "-S", "train.optimizer=adam")
    assert trained(output) == ["baseline-0", "simple_mnist-0"]
    assert "these changed: configs/arms/baseline.yaml: train.optimizer" in output
    changed = json.loads(clone.dvc("metrics", "diff", "--json"))["reports/metrics.json"]
    assert {key.split(".")[0] for key in changed} <= {"baseline", "simple_mnist"}
    for told in (clone.dvc("metrics", "diff"), clone.dvc("params", "diff")):
        assert max(map(len, told.splitlines())) <= WIDTH
    shown = clone.dvc("exp", "show", "--only-changed", "--csv").splitlines()
    assert "train.optimizer" in shown[0]
    assert "seeds" not in shown[0]

    clone.git("checkout", ".")
    output = clone.dvc("repro")
    assert trained(output) == []
    assert not ran(output, "train")
    assert clone.git("status", "--porcelain", "--untracked-files=no") == ""


def test_experiments_in_a_copy_and_in_the_queue_leave_their_runs_in_their_commit(
    clone: Repository,
) -> None:
    arm = "{label: new, train: {optimizers: {adam: {learning_rate: 0.001}}, optimizer: adam}}"
    output = clone.dvc("exp", "run", "--temp", "--name", "copied", "-S", f"+arms.new={arm}")
    assert trained(output) == ["new-0"]
    assert clone.git("status", "--porcelain") == ""
    clone.dvc("exp", "run", "--queue", "--name", "queued", "-S", "arms.adam.train.optimizer=sgd")
    clone.dvc("queue", "start")
    clone.dvc("queue", "logs", "--follow", "queued")
    for name, run, other in (("copied", "new-0", "adam-0"), ("queued", "adam-0", "baseline-0")):
        ref = clone.git("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").strip()
        changed = clone.git("diff", "--name-only", "HEAD", ref).splitlines()
        assert f"models/runs/{run}/answers.npz" in changed
        assert f"models/provenance/{run}.json" in changed
        assert f"models/runs/{other}/answers.npz" not in changed
        assert "reports/report.html" in changed


def test_what_is_missing_or_damaged_comes_back_with_the_same_bytes(clone: Repository) -> None:
    clone.dvc("repro")
    run = clone.path / "models/runs/baseline-0"
    (run / "answers.npz").write_bytes((run / "answers.npz").read_bytes()[:100])
    (clone.path / "models/provenance/adam-0.json").unlink()
    shutil.rmtree(clone.path / "models/runs/simple_mnist-0")
    shutil.rmtree(clone.path / "reports")
    shutil.rmtree(clone.path / "data/sets")
    output = clone.dvc("repro")
    again = ["train@adam-0", "train@baseline-0", "train@simple_mnist-0"]
    assert sorted(ran(output, "train")) == again
    assert trained(output) == []
    assert clone.git("diff", "HEAD", "--name-only") == ""


def test_a_comment_in_training_code_or_a_lost_lock_file_trains_nothing(clone: Repository) -> None:
    with (clone.path / "ablation/training/loop.py").open("a") as code:
        code.write("\n# A comment.\n")
    (clone.path / "dvc.lock").unlink()
    output = clone.dvc("repro")
    assert len(ran(output, "train")) == 4
    assert output.count("is in the last commit, made of the same inputs") == 5
    assert trained(output) == []


def test_code_that_judges_asks_the_network_where_it_is_and_trains_where_it_is_not(
    copy: Repository, clone: Repository
) -> None:
    for repository in (copy, clone):
        repository.edit("ablation/evaluation/answers.py", "AT_ONCE = 250", "AT_ONCE = 50")
    output = copy.dvc("repro", "train@baseline-0")
    assert "baseline-0  was trained here before: its network only predicts" in output
    assert trained(output) == []
    output = clone.dvc("repro", "train@baseline-0")
    assert "its network is not here and these changed: ablation/evaluation/answers.py" in output
    assert trained(output) == ["baseline-0"]
    for repository in (copy, clone):  # the same answers, either way
        changed = repository.git("diff", "--name-only", "HEAD", "models/runs")
        assert changed == ""


def test_a_mistake_is_one_line_before_anything_is_made(study: Repository, tmp_path: Path) -> None:
    study.run("git", "clone", "--quiet", str(study.path), str(tmp_path / "clone"))
    repository = Repository(tmp_path / "clone")
    output = repository.dvc("exp", "run", "-S", "train.optimizer=nonsense", check=False)
    assert repository.status != 0
    assert "Traceback" not in output
    assert ran(output) == ["resolve"]
    named = ("train.optimizer", "nonsense", "sgd_nesterov")
    assert [line for line in output.splitlines() if all(word in line for word in named)], output
