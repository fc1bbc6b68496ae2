"""A run that fails takes nothing but its arm out of the report."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from ablation.base.files import read_json
from tests.pipeline.repository import Repository

pytestmark = pytest.mark.slow

ARM = (
    "  broken: {label: the broken one, "
    "train: {optimizers: {sgd_nesterov: {learning_rate: 0.01}}}}\n"
)


def test_one_failed_arm_leaves_a_report_of_the_rest(
    study: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    repository = copy_of(study)
    repository.edit("params.yaml", "\narms:\n", f"\narms:\n{ARM}")
    figure = 'paper: "figure 6, top", arms: [baseline, '
    repository.edit("params.yaml", f"{figure}no_dropout]", f"{figure}broken]")
    # A folder where a file must be: the run ends as it first tells how far it is.
    stumble = repository.path / ".scratch/progress/broken-0.json"
    (stumble / "within").mkdir(parents=True)
    output = repository.run(sys.executable, "-m", "runner", "--jobs", "2", check=False)
    assert repository.status == 1, output[-3000:]
    assert "FAILED  broken-0: " in output
    assert "Traceback" not in output
    assert "the report shows the rest, without broken" in output
    assert "1 of 1 commands failed; see logs/broken-0.log" in output

    page = (repository.path / "reports/report.html").read_text()
    assert "Arms that failed" in page
    assert "<dt>the broken one</dt><dd>failed. broken-0: " in page
    assert '<tr id="arm-broken" class="failed">' in page
    assert page.count("the broken one: failed") >= 4  # captions of two figures, and what they show
    for figure in ("dropout", "differences"):
        drawn = (repository.path / f"reports/figures/{figure}.svg").read_text()
        assert "the broken one: failed" in drawn
    for table in ("arms.md", "arms.tex"):
        (row,) = [
            line
            for line in (repository.path / "reports/tables" / table).read_text().splitlines()
            if "the broken one" in line
        ]
        assert "failed" in row
    metrics = read_json(repository.path / "reports/metrics.json")
    assert "test_accuracy" in metrics["baseline"]
    assert metrics["broken"]["failed"].startswith("broken-0: ")
    for folder in ("figures", "headline"):
        assert not (repository.path / "reports" / folder / "broken.json").exists()

    (stumble / "within").rmdir()
    stumble.rmdir()
    output = repository.run(sys.executable, "-m", "runner", "--jobs", "2")
    assert "Arms that failed" not in (repository.path / "reports/report.html").read_text()
    assert "test_accuracy" in read_json(repository.path / "reports/metrics.json")["broken"]
    assert "up to date" in repository.dvc("status")
