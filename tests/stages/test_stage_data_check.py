"""The stage data_check, run whole on small studies of two families."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablation.base.cli import run
from ablation.base.files import read_yaml, write_yaml
from ablation.composition import backgrounds
from ablation.composition.backgrounds import pictures, water
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from ablation.study.resolution import Resolved
from stages import data_check

ROOT = Path(__file__).resolve().parents[2]
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # of 60,000
Study = Callable[..., DataConfig]


@pytest.fixture
def study(
    resolved: Callable[[str], Resolved], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Study:
    """Writes what preprocess would, with hollow boxes as digits, and goes there."""
    monkeypatch.chdir(tmp_path)
    # Boxes are no digits: theirs is the one tolerance that such a study cannot keep.
    table = read_yaml(ROOT / "ablation/data_check/measured.yaml")
    table["tolerances"]["digits"] = 2.0
    write_yaml(Path("ablation/data_check/measured.yaml"), table)
    labels = np.repeat(np.arange(10), np.array(MNIST_COUNTS) // 10).astype(np.uint8)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 6:22, 9:19] = 255
    images[:, 8:20, 11:17] = 0
    Path("data/raw").mkdir(parents=True)
    np.savez("data/raw/mnist.npz", x_train=images, y_train=labels)

    def make(**changes: Any) -> DataConfig:
        change = {"backgrounds": ["rings", "water"], "images": 2200, "test_images": 50}
        config = resolved("paper").data.model_copy(update=change | changes)
        write_yaml(Path("configs/data.yaml"), config.model_dump())
        for folder in ("data/compositions", "data/sets/train/modified", "data/sets/test/modified"):
            Path(folder).mkdir(parents=True)
        sources = pictures(config.backgrounds, config.background_seed)
        for part, count in (("train", config.images), ("test", config.test_images)):
            made = compose(Digits(images, labels), count, geometry(config), sources, ("test", part))
            np.savez(
                f"data/compositions/{part}.npz",
                families=made.families,
                digit_labels=made.digit_labels,
                corners=made.corners,
            )
            np.save(f"data/sets/{part}/modified/images.npy", made.images)
            np.save(f"data/sets/{part}/modified/labels.npy", made.labels)
        return config

    return make


def written() -> dict[str, Any]:
    for name in ("backgrounds.png", "backgrounds.svg"):
        assert Path("reports/figures", name).stat().st_size > 1000
    content: dict[str, Any] = json.loads(Path("reports/data_check.json").read_text())
    return content


def test_images_laid_out_as_the_measured_ones_are_judged_themselves(study: Study) -> None:
    study()
    data_check.main()
    content = written()
    assert content["passed"] is True
    assert content["judged_on"] == "made"
    assert {row["origin"] for row in content["rows"]} == {"made"}
    assert {row["subject"] for row in content["rows"]} == {
        "rings", "water", "digits", "tiles", "labels"
    }  # fmt: skip
    assert sum(row["pass"] is True for row in content["rows"]) == 8 + 2 + 2 + 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"canvas": 64}, "canvas 64, not 128"),
        ({"images": 60}, "images of a family, fewer than 1,000"),
        ({"digits": 2}, "digits 2, not 3"),
    ],
)
def test_other_images_are_reported_and_the_generator_is_judged_on_a_sample(
    study: Study, changes: dict[str, Any], reason: str
) -> None:
    study(**changes)
    data_check.main()
    content = written()
    assert content["passed"] is True
    assert content["judged_on"] == "sample"
    assert reason in content["reason"]
    own = [
        row["pass"]
        for row in content["rows"]
        if row["origin"] == "made" and row["subject"] not in ("tiles", "labels")
    ]
    assert own
    assert set(own) == {None}
    assert all(row["pass"] for row in content["rows"] if row["subject"] == "tiles")


@pytest.mark.parametrize("canvas", [128, 64])
def test_a_generator_that_leaves_a_tolerance_fails_in_one_line(
    study: Study, canvas: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(backgrounds._FAMILIES, "water", lambda rng: water.draw(rng) // 2)
    study(canvas=canvas)
    with pytest.raises(SystemExit) as exit_:
        run("data_check", data_check.main)
    message = str(exit_.value)
    assert message.startswith("data_check: ")
    assert "the first water: mean is 3" in message
    assert message.endswith("reports/data_check.json")
    assert "\n" not in message
    content = written()  # what failed can be looked at
    assert content["passed"] is False
    assert {row["subject"] for row in content["rows"] if row["pass"] is False} == {"water"}


def test_labels_that_are_not_the_largest_digit_fail(study: Study) -> None:
    study(canvas=64)
    labels = np.load("data/sets/test/modified/labels.npy")
    np.save("data/sets/test/modified/labels.npy", (labels + 1) % 10)
    with pytest.raises(SystemExit, match="labels that are not the largest digit is 50"):
        run("data_check", data_check.main)


def test_facts_that_are_missing_are_told_in_one_line(study: Study) -> None:
    study()
    Path("data/compositions/test.npz").unlink()
    with pytest.raises(
        SystemExit, match=r"data/compositions/test\.npz is missing; run `dvc repro`"
    ):
        run("data_check", data_check.main)


def test_where_nothing_was_composed_there_is_nothing_to_judge(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    study(source="kaggle")
    for part in ("train", "test"):
        Path(f"data/compositions/{part}.npz").unlink()
    data_check.main()
    assert written() == {"composed": False, "passed": None, "rows": []}
    assert "nothing to judge" in capsys.readouterr().out
