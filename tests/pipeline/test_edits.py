"""What an edit of the study runs again: what it changes, and no run besides."""

from __future__ import annotations

import json

import pandas as pd

from tests.pipeline.repository import Repository, ran, trained
from tests.training.test_inputs import LEFT


def outdated(repository: Repository) -> set[str]:
    """The runs that DVC would train."""
    names = json.loads(repository.dvc("status", "--json"))
    return {name for name in names if name.startswith("train")}


def test_labels_titles_claims_and_documents_train_nothing(copy: Repository) -> None:
    params, paper = copy.yaml("params.yaml"), copy.yaml("paper.yaml")
    params["arms"]["adam"]["label"] = "another label"
    paper["figures"]["curves"]["title"] = "Another title"
    next(iter(paper["claims"].values()))["sentence"] = "Another sentence."
    copy.write_yaml("params.yaml", params)
    copy.write_yaml("paper.yaml", paper)
    copy.edit("docs/data.md", "# ", "# Another ")
    output = copy.dvc("repro")
    assert not ran(output, "train")
    assert not ran(output, "train_costly")
    assert not ran(output, "preprocess")
    page = (copy.path / "reports/report.html").read_text()
    for text in ("another label", "Another title", "Another sentence."):
        assert text in page


def test_what_editors_and_merges_leave_beside_code_makes_nothing_out_of_date(
    copy: Repository,
) -> None:
    for folder in (copy.path / "ablation/networks", copy.path / "ablation/reporting/page"):
        for left in LEFT:
            (folder / left).write_text("anything")
    assert json.loads(copy.dvc("status", "--json")) == {}
    (copy.path / "ablation/networks/new.py").touch()
    assert "ablation/networks" in copy.dvc("status", "train@baseline-0")


def test_a_new_arm_trains_alone_and_leaves_nothing_once_it_is_removed(copy: Repository) -> None:
    before = copy.yaml("params.yaml")
    params = copy.yaml("params.yaml")
    params["arms"]["quick"] = {"label": "quick", "train": {"optimizer": "sgd"}}
    copy.write_yaml("params.yaml", params)
    output = copy.dvc("repro")
    assert trained(output) == ["quick-0"]
    assert set(pd.read_csv(copy.path / "reports/runs.csv")["arm"]) == {
        *before["arms"], *before["costly_arms"], "quick"
    }  # fmt: skip
    assert "quick" in (copy.path / "reports/report.html").read_text()
    copy.commit()
    copy.write_yaml("params.yaml", before)
    output = copy.dvc("repro")
    assert trained(output) == []
    changed = copy.git("diff", "--name-only", "HEAD~1", "--", "reports")
    assert changed == ""  # every table, figure and page as before


def test_a_seed_more_trains_its_runs_alone(copy: Repository) -> None:
    params = copy.yaml("params.yaml")
    copy.write_yaml("params.yaml", params | {"seeds": [0, 1]})
    copy.dvc("repro", "split")
    assert outdated(copy) == {f"train@{arm}-1" for arm in params["arms"]}


def test_another_background_makes_every_run_out_of_date(copy: Repository) -> None:
    copy.edit("ablation/composition/backgrounds/rings.py", "178", "170")
    copy.dvc("repro", "split")
    params = copy.yaml("params.yaml")
    assert outdated(copy) == {f"train@{arm}-0" for arm in params["arms"]} | {
        f"train_costly@{arm}-0" for arm in params["costly_arms"]
    }


def test_two_branches_with_an_arm_each_are_merged_and_neither_trains_again(
    copy: Repository,
) -> None:
    params = copy.yaml("params.yaml")
    new = {
        name: {"label": name, "train": {"optimizers": {"sgd_nesterov": {"learning_rate": rate}}}}
        for name, rate in (("slow", 0.001), ("fast", 0.1))
    }
    for name in new:
        copy.git("switch", "--quiet", "--create", name, "main")
        copy.write_yaml("params.yaml", params | {"arms": params["arms"] | {name: new[name]}})
        assert trained(copy.dvc("repro", "evaluate")) == [f"{name}-0"]
        copy.commit()
    copy.git("switch", "--quiet", "slow")
    output = copy.dvc("repro", "evaluate")  # other settings, and nothing to train
    assert not ran(output, "train")
    assert copy.git("status", "--porcelain", "--untracked-files=no") == ""

    assert "dvc.lock" in copy.git("merge", "fast", check=False)
    # As docs/add-an-arm.md says.
    copy.git("checkout", "HEAD", "--", "dvc.lock", "reports")
    copy.write_yaml("params.yaml", params | {"arms": params["arms"] | new})
    copy.commit()
    output = copy.dvc("repro")
    assert trained(output) == []
    assert set(new) <= set(pd.read_csv(copy.path / "reports/runs.csv")["arm"])
