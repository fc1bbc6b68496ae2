"""A clone on whose processor images came out otherwise: it stops, and trains all of it if asked."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
import yaml

from runner import dvc
from tests.pipeline.repository import Repository
from tests.pipeline.small import keep_few_arms

pytestmark = pytest.mark.slow

RUNNER = (sys.executable, "-m", "runner", "--jobs", "2")


def otherwise(repository: Repository) -> None:
    """Writes into the committed lock file that the images were others, as of another processor."""
    file = repository.path / "dvc.lock"
    content = dvc.read(file.read_text())
    (sets,) = (out for out in content["stages"]["preprocess"]["outs"] if out["path"] == "data/sets")
    sets["md5"] = f"{'0' * 32}.dir"
    file.write_text(dvc.write(content))
    repository.commit()


def test_other_images_stop_the_study_and_retrain_trains_all_of_it(
    checkout: Repository, copy_of: Callable[[Repository], Repository]
) -> None:
    original = copy_of(checkout)
    # A cache of its own: another test may have trained these very runs into the one that is shared.
    cache = original.path.with_name("cache")
    (original.path / ".dvc/config.local").write_text(f"[cache]\n    dir = {cache}\n")
    keep_few_arms(original, ["baseline", "l2"], ["l2"])
    assert "restored 0 runs, trained 2" in original.run(*RUNNER)
    original.run(sys.executable, "-m", "runner.keep")
    original.commit()

    clone = original.clone(original.path.with_name("clone"))
    committed = (clone.path / "dvc.lock").read_text()
    otherwise(clone)
    log = clone.run(*RUNNER, check=False)
    assert clone.status == 1
    (line,) = (line for line in log.splitlines() if line.startswith("study: "))
    assert line.startswith(
        "study: data/sets came out otherwise here than for the committed results"
    )
    assert "RETRAIN=1 trains all of them here" in line
    assert "Running stage 'train" not in log
    assert list(clone.path.glob("models/networks/*")) == []

    log = clone.run(*RUNNER, "--retrain")
    assert "training 2 of 2 runs" in log
    assert "restored 0 runs, trained 2" in log
    assert sorted(path.stem for path in clone.path.glob("models/networks/*")) == [
        "baseline-0", "l2-0"
    ]  # fmt: skip
    # These are the images and the runs of the original after all.
    found, expected = (yaml.safe_load(text)["stages"] for text in (
        (clone.path / "dvc.lock").read_text(), committed))  # fmt: skip
    assert found["train@l2-0"]["outs"] == expected["train@l2-0"]["outs"]
    assert "up to date" in clone.dvc("status")

    log = clone.run(*RUNNER, "--retrain")  # what was trained here is not trained again
    assert "restored 0 runs, trained 0" in log
