"""Plain DVC in a fresh clone: nothing trains but what somebody changed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

from tests.params import ROOT
from tests.pipeline.repository import Repository, ran, trained

WIDTH = 120  # columns that what DVC prints may take


def test_a_clone_makes_the_data_trains_nothing_and_an_experiment_trains_what_inherits(
    clone: Repository,
) -> None:
    """With the commands of README.md, as they stand there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(
        r"^## Change something\n+```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    _, repro, experiment, compared, listed, plots, back = map(shlex.split, block.splitlines())
    output = clone.run(*repro)
    assert {"resolve", "preprocess", "split"} <= set(ran(output))
    assert not ran(output, "train")
    assert not ran(output, "train_costly")
    assert clone.git("status", "--porcelain") == ""
    assert ran(clone.dvc("repro")) == []

    output = clone.run(*experiment)
    assert trained(output) == ["baseline-0", "simple_mnist-0"]
    assert "these changed: configs/arms/baseline.yaml: train.optimizer" in output
    changed = json.loads(clone.dvc("metrics", "diff", "--json"))["reports/metrics.json"]
    assert {key.split(".")[0] for key in changed} <= {"baseline", "simple_mnist"}
    for told in (clone.run(*compared), clone.dvc("params", "diff")):
        assert max(map(len, told.splitlines())) <= WIDTH
    shown = clone.run(*listed, "--csv").splitlines()
    assert "train.optimizer" in shown[0]
    assert "seeds" not in shown[0]
    address = clone.run(*plots).split("file://")[1].splitlines()[0]
    assert "Predicted for each label, test images" in Path(address).read_text(encoding="utf-8")

    clone.run(*back)
    output = clone.dvc("repro")
    assert trained(output) == []
    assert not ran(output, "train")
    assert clone.git("status", "--porcelain", "--untracked-files=no") == ""


def test_experiments_in_a_copy_and_in_the_queue_leave_their_runs_in_their_commit(
    copy: Repository,
) -> None:
    arm = "{label: new, train: {optimizers: {adam: {learning_rate: 0.001}}, optimizer: adam}}"
    output = copy.dvc("exp", "run", "--temp", "--name", "copied", "-S", f"+arms.new={arm}")
    assert trained(output) == ["new-0"]
    assert copy.git("status", "--porcelain") == ""
    copy.dvc("exp", "run", "--queue", "--name", "queued", "-S", "arms.adam.train.optimizer=sgd")
    copy.dvc("queue", "start")
    copy.dvc("queue", "logs", "--follow", "queued")
    for name, run, other in (("copied", "new-0", "adam-0"), ("queued", "adam-0", "baseline-0")):
        ref = copy.git("for-each-ref", "--format=%(refname)", f"refs/exps/*/*/{name}").strip()
        changed = copy.git("diff", "--name-only", "HEAD", ref).splitlines()
        assert f"models/runs/{run}/answers.npz" in changed
        assert f"models/provenance/{run}.json" in changed
        assert f"models/runs/{other}/answers.npz" not in changed
        assert "reports/report.html" in changed


def test_after_damage_a_comment_in_training_code_and_a_lost_lock_file_nothing_trains(
    copy: Repository,
) -> None:
    """Every run is taken from the last commit, with the same bytes."""
    shutil.rmtree(copy.path / "models/networks")
    run = copy.path / "models/runs/baseline-0"
    (run / "answers.npz").write_bytes((run / "answers.npz").read_bytes()[:100])
    (copy.path / "models/provenance/adam-0.json").unlink()
    shutil.rmtree(copy.path / "models/runs/simple_mnist-0")
    shutil.rmtree(copy.path / "reports")
    shutil.rmtree(copy.path / "data/sets")
    with (copy.path / "ablation/training/loop.py").open("a") as code:
        code.write("\n# A comment.\n")
    (copy.path / "dvc.lock").unlink()
    output = copy.dvc("repro")
    assert output.count("is in the last commit, made of the same inputs") == 5
    assert trained(output) == []
    assert copy.git("diff", "HEAD", "--name-only", "--", "models", "reports") == ""


def test_a_mistake_is_one_line_before_anything_is_made(study: Repository, tmp_path: Path) -> None:
    study.run("git", "clone", "--quiet", str(study.path), str(tmp_path / "clone"))
    repository = Repository(tmp_path / "clone")
    output = repository.dvc("exp", "run", "-S", "train.optimizer=nonsense", check=False)
    assert repository.status != 0
    assert "Traceback" not in output
    assert ran(output) == ["resolve"]
    named = ("train.optimizer", "nonsense", "sgd_nesterov")
    assert [line for line in output.splitlines() if all(word in line for word in named)], output
