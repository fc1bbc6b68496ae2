"""The whole study at smoke scale: what it leaves, and what a second run, an edit or a clone do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.pipeline.repository import Repository, ran

pytestmark = pytest.mark.slow

Copy = Callable[[Repository], Repository]


def params(repository: Repository) -> dict:
    return yaml.safe_load((repository.path / "params.yaml").read_text())


def arms(repository: Repository) -> list[str]:
    return [*params(repository)["arms"], *params(repository)["costly_arms"]]


def test_every_figure_is_drawn(study: Repository) -> None:
    for name in params(study)["figures"]:
        png = (study.path / f"reports/figures/{name}.png").read_bytes()
        svg = (study.path / f"reports/figures/{name}.svg").read_text()
        assert png.startswith(b"\x89PNG")
        assert "</svg>" in svg


def test_every_arm_has_its_metrics(study: Repository) -> None:
    metrics = json.loads((study.path / "reports/metrics.json").read_text())
    assert list(metrics) == arms(study)
    for arm, values in metrics.items():
        assert 0 <= values["test_accuracy"] <= 1, arm
        gap = values["train_accuracy"] - values["validation_accuracy"]
        assert values["generalization_gap"] == pytest.approx(gap, abs=2e-6), arm
        headline = json.loads((study.path / f"reports/headline/{arm}.json").read_text())
        assert headline == {k: values[k] for k in ("test_accuracy", "validation_accuracy")}
        assert values["parameters"] > 0, arm


def test_curves_are_tidy(study: Repository) -> None:
    curves = pd.read_csv(study.path / "reports/curves.csv")
    assert list(curves.columns) == ["arm", "seed", "epoch", "metric", "value"]
    assert not curves.duplicated(["arm", "seed", "epoch", "metric"]).any()
    assert set(curves["arm"]) == set(arms(study))
    assert {"train_accuracy", "validation_accuracy", "running_accuracy"} <= set(curves["metric"])


def test_the_submission_is_the_best_arms_on_validation(study: Repository) -> None:
    submission = (study.path / "reports/submission.csv").read_text().splitlines()
    sizes = params(study)["scales"]["smoke"]["data"]
    assert submission[0] == "Id,Label"
    assert len(submission) == 1 + sizes["test_images"]
    runs = pd.read_csv(study.path / "reports/runs.csv").set_index("arm")
    best = runs["validation_accuracy"].drop("simple_mnist").idxmax()
    predictions = pd.read_csv(study.path / "reports/submission.csv")["Label"]
    with np.load(study.path / f"models/evaluations/{best}-0/predictions.npz") as of_best:
        assert list(predictions) == list(of_best["test"])


def test_the_report_shows_every_figure(study: Repository) -> None:
    page = (study.path / "reports/report.html").read_text()
    for name in params(study)["figures"]:
        assert f'id="{name}"' in page


def test_the_composed_images_were_checked_beside_the_training(study: Repository) -> None:
    checked = json.loads((study.path / "reports/data_check.json").read_text())
    assert checked["passed"] is True
    assert checked["reason"] == "canvas 64, not 128"
    assert {row["subject"] for row in checked["rows"]} == {
        *params(study)["data"]["backgrounds"], "digits", "tiles", "labels"
    }  # fmt: skip
    assert 'id="backgrounds"' in (study.path / "reports/report.html").read_text()
    assert (study.path / "reports/figures/backgrounds.png").read_bytes().startswith(b"\x89PNG")
    assert "data_check  done" in study.log
    assert "Running stage 'data_check'" in (study.path / "logs/data_check.log").read_text()


def test_every_claim_stands_with_its_verdict_and_one_seed_decides_none_on_runs(
    study: Repository,
) -> None:
    claims = json.loads((study.path / "reports/claims.json").read_text())
    assert [claim["claim"] for claim in claims] == list(params(study)["claims"])
    page = (study.path / "reports/claims.md").read_text()
    report = (study.path / "reports/report.html").read_text()
    for claim in claims:
        assert claim["sentence"] in page
        assert f'id="claim-{claim["claim"]}"' in report
        if claim["seeds"]:
            assert claim["verdict"] == "undecided"
    comparisons = pd.read_csv(study.path / "reports/comparison.csv")
    assert set(comparisons["verdict"]) == {"no verdict"}
    assert comparisons["p"].isna().all()
    against = comparisons[comparisons["metric"] == "test_accuracy"].query("other == 'baseline'")
    assert set(against["arm"]) == set(arms(study)) - {"baseline", "simple_mnist"}


def test_fetch_says_which_source_served(study: Repository) -> None:
    lines = [line for line in study.log.splitlines() if line.startswith("fetch: ")]
    assert len(lines) == 2
    assert all("served by" in line for line in lines)


def test_progress_counts_runs_and_says_the_time_left(study: Repository) -> None:
    assert "training 14 of 14 runs, 2 at a time" in study.log
    assert "of 14 runs done" in study.log


def test_nothing_large_enters_git(study: Repository) -> None:
    sizes = [
        (study.path / name).stat().st_size
        for name in study.git("ls-files").splitlines()
        if (study.path / name).is_file()
    ]
    assert max(sizes) < 2 * 2**20


def test_a_second_repro_runs_no_stage(study: Repository) -> None:
    output = study.dvc("repro")
    assert "Running stage" not in output
    assert "Data and pipelines are up to date." in output


def test_compiled_code_and_editors_files_leave_the_study_up_to_date(
    study: Repository, copy_of: Copy
) -> None:
    repository = copy_of(study)
    code = [repository.path / name for name in ("ablation", "stages", "runner")]
    repository.run(sys.executable, "-m", "compileall", "-q", "-f", *map(str, code))
    folders = {file.parent for folder in code for file in folder.rglob("*.py")}
    for folder in folders:
        assert list((folder / "__pycache__").glob("*.pyc"))
        for name in (".x.py.swp", "x.py~", "#x.py#", ".#x.py", ".DS_Store"):
            (folder / name).write_text("an editor's")
    assert json.loads(repository.dvc("status", "--json")) == {}


def test_editing_a_figures_code_redraws_its_kind_and_trains_nothing(
    study: Repository, copy_of: Copy
) -> None:
    repository = copy_of(study)
    with (repository.path / "ablation/reporting/figures/curves.py").open("a") as code:
        code.write("\n# A comment.\n")
    output = repository.dvc("repro")
    kinds = params(repository)["figures"]
    drawn = sorted(f"figures@{name}" for name in kinds if kinds[name]["kind"] == "curves")
    assert sorted(ran(output, "figures")) == drawn
    assert not ran(output, "train")
    assert not ran(output, "preprocess")


def test_editing_a_background_family_retrains_what_uses_it(
    study: Repository, copy_of: Copy
) -> None:
    repository = copy_of(study)
    repository.edit("ablation/composition/backgrounds/rings.py", "178", "170")
    assert ran(repository.dvc("repro", "split"), "preprocess")
    changed = json.loads(repository.dvc("status", "--json"))
    for arm in arms(repository):
        assert {f"train@{arm}-0", f"train_costly@{arm}-0"} & set(changed)
    assert not [name for name in changed if name.startswith(("resolve", "fetch", "preprocess"))]


def test_a_new_seed_trains_only_its_runs(study: Repository, copy_of: Copy) -> None:
    repository = copy_of(study)
    repository.edit("params.yaml", "\nseeds: [0]", "\nseeds: [0, 1]")
    repository.dvc("repro", "split")
    changed = json.loads(repository.dvc("status", "--json"))
    trained = {name for name in changed if name.startswith("train")}
    assert trained == {f"train@{arm}-1" for arm in params(repository)["arms"]}
