"""`make unseen`: what leaving a family out costs, and which runs it can be asked of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.files import write_yaml
from ablation.study.config import StudyConfig
from ablation.study.reading import read
from ablation.study.resolution import Resolved, resolve
from runner import unseen
from runner.graph import StudyError
from tests.params import PARAMS

ROOT = Path(__file__).parent.parent.parent


def test_a_fall_is_held_against_the_networks_that_saw_the_family() -> None:
    judged = {
        "water": {"water": 0.5, "stars": 0.9, "rings": 0.8},
        "stars": {"water": 0.7, "stars": 0.4, "rings": 0.6},
        "rings": {"water": 0.9, "stars": 0.7, "rings": 0.3},
    }
    falls = unseen.falls(judged)
    assert falls == {
        "water": (0.5, pytest.approx(0.8)),
        "stars": (0.4, pytest.approx(0.8)),
        "rings": (0.3, pytest.approx(0.7)),
    }
    assert unseen.falls({"water": judged["water"]}) == {}


@pytest.fixture
def study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolved: Callable[[str], Resolved]
) -> StudyConfig:
    monkeypatch.chdir(tmp_path)
    found = resolved("smoke")
    for arm, config in found.arms.items():
        write_yaml(Path(f"configs/arms/{arm}.yaml"), config.model_dump(mode="json"))
    return found.study


def test_only_fresh_images_leave_a_family_out(study: StudyConfig) -> None:
    assert unseen.chosen(study, None) == "largest_fresh-0"
    assert unseen.chosen(study, "largest_fresh-0") == "largest_fresh-0"
    for run in ("baseline-0", "largest_fresh-99", "nobody-0"):
        with pytest.raises(StudyError, match=f"RUN is '{run}'; allowed.*largest_fresh-0"):
            unseen.chosen(study, run)


def test_the_arm_is_trained_on_the_other_families(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    others = PARAMS["data"]["backgrounds"][1:]
    unseen.leave_out("largest_fresh", others, tmp_path / "params.yaml")
    changed = resolve(read((tmp_path / "params.yaml").read_bytes()))
    fresh = changed.arms["largest_fresh"].fresh
    assert fresh is not None
    assert fresh.layout["backgrounds"] == others
    assert changed.data.backgrounds == PARAMS["data"]["backgrounds"]
