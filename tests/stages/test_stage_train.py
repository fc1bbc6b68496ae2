"""The stages `train` and `evaluate` on damaged files: one line, which stage to run, no result."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.monitoring import live
from ablation.networks import architectures
from ablation.training.config import ArmConfig
from stages import evaluate, train

SPLIT = {"modified_training": np.arange(40), "modified_validation": np.arange(40, 50)}
SPLIT_FILE = "data/split/0.npz"
IMAGES, LABELS = (f"data/sets/train/modified/{part}.npy" for part in ("images", "labels"))
CONFIG, NETWORK = "configs/arms/tiny.yaml", "models/networks/tiny-0.keras"


@pytest.fixture
def arm(tiny_arm: Callable[..., ArmConfig]) -> ArmConfig:
    return tiny_arm()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: ArmConfig) -> Path:
    """All that the two stages read."""
    monkeypatch.chdir(tmp_path)
    write_yaml(Path(CONFIG), arm.model_dump())
    write_yaml(Path("configs/evaluation.yaml"), {"batch_size": 16})
    watched = {"deps": ["configs/arms/${item.arm}.yaml", "data/sets"]}
    write_yaml(Path("dvc.yaml"), {"stages": {"train": watched, "evaluate": watched}})
    for folder in (Path(IMAGES).parent, Path(SPLIT_FILE).parent, Path(NETWORK).parent):
        folder.mkdir(parents=True)
    np.save(IMAGES, np.zeros((50, 12, 12), np.uint8))
    np.save(LABELS, np.arange(50, dtype=np.uint8) % 10)
    np.savez(SPLIT_FILE, **SPLIT)  # type: ignore[arg-type]
    architectures.build(arm, 0, None).save(NETWORK)
    return tmp_path


DAMAGED = {SPLIT_FILE: "split", IMAGES: "preprocess", LABELS: "preprocess", CONFIG: "resolve"}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
@pytest.mark.parametrize("file", [*DAMAGED, NETWORK])
def test_a_file_that_was_cut_says_which_stage_to_run(
    file: str, share: float, project: Path
) -> None:
    path = project / file
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    stages = [evaluate.main] if file == NETWORK else [train.main, evaluate.main]
    for main in stages:
        with pytest.raises(UserError) as error:
            main("tiny", 0)
        told = str(error.value)
        assert told.startswith(file)
        assert told.endswith(f"run `dvc repro {DAMAGED.get(file, 'train@tiny-0')}`")
        assert told.isprintable()
    assert not (project / "models/histories").exists()
    assert not (project / "models/evaluations").exists()


def test_another_arm_s_network_is_refused(
    project: Path, tiny_arm: Callable[..., ArmConfig]
) -> None:
    architectures.build(tiny_arm({"model": {"dense": [13]}}), 0, None).save(project / NETWORK)
    with pytest.raises(UserError, match=r"tiny-0\.keras is no network of this arm") as error:
        evaluate.main("tiny", 0)
    assert str(error.value).isprintable()


def test_training_images_without_labels_are_refused(project: Path) -> None:
    (project / LABELS).unlink()
    for main in (train.main, evaluate.main):
        with pytest.raises(UserError, match=r"no labels\.npy; run `dvc repro preprocess`"):
            main("tiny", 0)


@pytest.mark.skipif(find_spec("dvclive") is None, reason="DVCLive is not installed")
def test_live_curves_are_those_of_the_history_and_change_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: dict[str, list[bytes]] = {}
    for kind in ("", *live.KINDS):
        monkeypatch.setenv(live.VARIABLE, kind)
        train.main("tiny", 0)
        outputs = [*(project / "models/histories/tiny-0").iterdir(), project / NETWORK]
        made[kind] = [path.read_bytes() for path in sorted(outputs)]
        assert (project / "live").exists() == bool(kind)
    assert made[""] == made["dvclive"] == made["tensorboard"]
    with (project / "models/histories/tiny-0/history.csv").open() as file:
        rows = list(csv.DictReader(file))
    for metric in {row["metric"] for row in rows}:
        told = (project / f"live/tiny-0/plots/metrics/{metric}.tsv").read_text().split()
        known = [(row["epoch"], row["value"]) for row in rows if row["metric"] == metric]
        assert told == ["step", metric, *(word for pair in known for word in pair)]
    assert len(list((project / "live/tiny-0").glob("*tfevents*"))) == 1
