"""The stage `train`: it trains, answers from a network that is here, takes what is committed."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ablation.base.errors import UserError
from ablation.base.files import read_json, write_yaml
from ablation.training import loop
from ablation.training.config import ArmConfig
from stages import train
from tests.params import WHO

RUN, RECORD = Path("models/runs/tiny-0"), Path("models/provenance/tiny-0.json")
NETWORKS = Path("models/networks/tiny-0")
SETS, EXTERNAL = Path("data/sets"), Path("data/own/external")
TRAINING, VALIDATION = np.arange(40)[::-1], np.arange(40, 50)
OUTPUTS = ["answers.npz", "history.csv", "layers.csv"]
Say = Callable[[], str]


def images(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 12, 12)).astype(np.uint8)


@pytest.fixture
def arm(tiny_arm: Callable[..., ArmConfig]) -> ArmConfig:
    block = {"blocks": [[4]], "pools": [2], "spatial_dropout": [0.0], "dropout": [0.2]}
    return tiny_arm({"model": {**block, "dense": []}, "train": {"images": 24}})


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: ArmConfig) -> None:
    """All that the stage reads; 24 of 40 training images are the arm's."""
    monkeypatch.chdir(tmp_path)
    write_yaml(Path("configs/arms/tiny.yaml"), arm.model_dump())
    deps = ["ablation", "configs/arms/${item.arm}.yaml", "data/sets", "data/own/external"]
    deps.append("data/split/${item.seed}.npz")
    write_yaml(Path("dvc.yaml"), {"stages": {"train": {"deps": deps}}})
    for folder in ("train/modified", "test/modified"):
        (SETS / folder).mkdir(parents=True)
    for folder in (EXTERNAL, Path("data/split"), Path("ablation/evaluation")):
        folder.mkdir(parents=True)
    Path("ablation/loop.py").write_text("loop = 1\n")
    Path("ablation/evaluation/answers.py").write_text("answers = 1\n")
    np.save(SETS / "train/modified/images.npy", images(50, 0))
    np.save(SETS / "train/modified/labels.npy", np.arange(50, dtype=np.uint8) % 10)
    np.save(SETS / "test/modified/images.npy", images(7, 1))
    np.savez("data/split/0.npz", modified_training=TRAINING, modified_validation=VALIDATION)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs the stage and gives what it says."""

    def run() -> str:
        train.main("tiny", 0)
        return capfd.readouterr().out

    return run


def left() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(RUN.iterdir())}


def commit() -> None:
    for command in (("init", "--quiet"), ("add", "--force", str(RUN), str(RECORD)),
                    ("commit", "--quiet", "--message", "a run")):  # fmt: skip
        subprocess.run(["git", *WHO, *command], check=True, capture_output=True)


def forget_networks() -> None:
    NETWORKS.rename("elsewhere")


def test_it_trains_and_leaves_history_layers_answers_and_circumstances(say: Say) -> None:
    assert say().count("tiny-0  epoch") == 2
    assert [*left()] == OUTPUTS
    with (RUN / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["epoch"] for row in rows} == {"1", "2"}
    (folder,) = NETWORKS.iterdir()
    from ablation.networks import architectures

    record = read_json(RECORD)
    ArmConfig.model_validate(record["arm"])
    network = architectures.load(folder / "network.keras")
    with np.load(RUN / "answers.npz") as answers:
        kept = dict(answers)
    asked = {
        "train": images(50, 0)[16:40],  # the split's first 24, in the file's order
        "validation": images(50, 0)[40:],
        "test": images(7, 1),
    }
    assert set(kept) == {*asked, "test_probabilities"}
    for part, of_part in asked.items():
        logits = network.predict(of_part, verbose=0)
        np.testing.assert_array_equal(kept[part], logits.argmax(axis=1))
    assert kept["test_probabilities"].shape == (7, 10)
    assert {"commit", "device", "seconds", "inputs", "outputs"} <= set(record)
    assert set(record["outputs"]) == set(OUTPUTS)
    assert not Path(".scratch/runs").exists() or not list(Path(".scratch/runs").rglob("*.npz"))


def test_run_again_it_only_answers_also_when_what_judges_changed(say: Say) -> None:
    say()
    first, trained = left(), [path.stat().st_mtime_ns for path in NETWORKS.rglob("network.keras")]
    assert say() == "tiny-0  was trained here before: its network only predicts\n"
    assert left() == first
    # A test set of other images, an external one, and code that judges.
    np.save(SETS / "test/modified/images.npy", images(9, 2))
    np.save(EXTERNAL / "images.npy", images(5, 3))
    Path("ablation/evaluation/answers.py").write_text("answers = 2\n")
    assert "only predicts" in say()
    assert [path.stat().st_mtime_ns for path in NETWORKS.rglob("network.keras")] == trained
    with np.load(RUN / "answers.npz") as answers:
        assert (len(answers["test"]), len(answers["external"])) == (9, 5)
    assert {name: content for name, content in left().items() if name.endswith("csv")} == {
        name: content for name, content in first.items() if name.endswith("csv")
    }
    # One of another size cannot be shown to the network.
    np.save(EXTERNAL / "images.npy", np.zeros((5, 16, 16), np.uint8))
    assert "no external accuracy: the network takes images of 12 px" in say()
    with np.load(RUN / "answers.npz") as answers:
        assert "external" not in answers


def test_an_arm_on_the_paper_s_canvas_halved_is_shown_the_external_images_halved(
    arm: ArmConfig,
) -> None:
    (SETS / "train/modified").rename(SETS / "train/modified_128")
    (SETS / "test/modified").rename(SETS / "test/modified_128")
    np.savez("data/split/0.npz", modified_128_training=TRAINING, modified_128_validation=VALIDATION)
    external = images(5, 3)
    np.save(EXTERNAL / "images.npy", external.repeat(2, axis=1).repeat(2, axis=2))
    halved = arm.model_copy(update={"input": arm.input.model_copy(update={"set": "modified_128"})})
    np.testing.assert_array_equal(train.judged_on(halved, 0)["external"], external)


def test_what_is_committed_of_the_same_inputs_is_taken_and_nothing_trains(say: Say) -> None:
    say()
    commit()
    first, record = left(), RECORD.read_bytes()
    forget_networks()
    Path("ablation/loop.py").write_text("loop = 1  # a comment\n")
    for path in (RECORD, *RUN.iterdir()):
        path.unlink()
    assert "is in the last commit, made of the same inputs" in say()
    assert left() == first
    assert RECORD.read_bytes() == record
    assert not NETWORKS.exists()


def test_changed_training_images_train_again_and_say_why(say: Say) -> None:
    say()
    commit()
    first = left()
    np.save(SETS / "train/modified/images.npy", images(50, 4))
    Path("ablation/loop.py").write_text("loop = 2\n")
    told = say()
    assert told.startswith(
        "tiny-0  trains again, since its network is not here and these changed: "
        "ablation/loop.py; data/sets/train/modified/images.npy\n"
    )
    assert told.count("epoch") == 2
    assert left()["history.csv"] != first["history.csv"]


def test_interrupted_it_goes_on_to_the_same_bytes(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say()
    whole = left()
    (path,) = NETWORKS.rglob("network.keras")
    network = path.read_bytes()
    path.unlink()  # by hand, for its size: it trains again
    save = loop.save

    def killed(path: Path, model: object, state: loop.State) -> None:
        save(path, model, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            say()
    told = say()
    assert "tiny-0  resumes from .scratch/runs/tiny-0/" in told
    assert told.count("epoch") == 1
    assert left() == whole
    assert path.read_bytes() == network


def test_a_file_that_changes_meanwhile_is_told_and_nothing_is_recorded(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = loop.save

    def edited(path: Path, model: object, state: loop.State) -> None:
        save(path, model, state)
        Path("ablation/loop.py").write_text("loop = 3\n")

    monkeypatch.setattr(loop, "save", edited)
    with pytest.raises(UserError, match=r"ablation/loop\.py changed while the stage ran"):
        say()
    assert not RECORD.exists()
