"""`make ship` and `make predict`: the best small network is kept, and answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation.base.errors import UserError
from ablation.base.files import write_json, write_yaml
from ablation.monitoring import provenance
from ablation.networks import architectures
from ablation.prediction.sizes import sides
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from runner import predict, ship

SIDE = 64  # px: three digits find room


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_arm: Callable[..., ArmConfig],
    resolved: Callable[[str], Resolved],
) -> Path:
    """Three trained runs: the best by test accuracy is not the best by validation accuracy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ship"])
    monkeypatch.setattr(ship, "IMAGES", 20)
    monkeypatch.setattr(ship, "COMPETITION", 80)
    small = {"image_size": SIDE, "input": {"downscale": 4}}
    arms = {name: tiny_arm(small | {"model": {"head": name}}) for name in ("largest", "dense")}
    write_yaml(Path("configs/data.yaml"), resolved("smoke").data.model_dump())
    rng = np.random.default_rng(0)
    (tmp_path / "data/raw").mkdir(parents=True)
    digits = {
        "x_test": rng.integers(0, 256, (20, 28, 28), np.uint8),
        "y_test": np.arange(20, dtype=np.uint8) % 10,
    }
    np.savez(tmp_path / "data/raw/mnist.npz", **digits)
    study = {
        "scale": "smoke", "seeds": [0, 1], "costly_seeds": [0], "baseline": "dense",
        "arms": {name: name for name in arms}, "costly_arms": [],
        "data_sets": dict.fromkeys(arms, "modified"), "multiply_adds": dict.fromkeys(arms, 1), "figures": [],
    }  # fmt: skip
    write_yaml(Path("configs/study.yaml"), study)
    (tmp_path / "models/networks").mkdir(parents=True)
    for number, key in enumerate(("dense-0", "largest-0", "largest-1")):
        name, seed = key.split("-")
        write_yaml(Path(f"configs/arms/{name}.yaml"), arms[name].model_dump())
        network = architectures.build(arms[name], int(seed), None)
        network.save(tmp_path / f"models/networks/{key}.keras")
        accuracies = {"validation_accuracy": [0.5, 0.9, 0.8][number], "test_accuracy": number / 2}
        write_json(Path(f"models/evaluations/{key}/metrics.json"), accuracies)
        history = tmp_path / f"models/histories/{key}/history.csv"
        history.parent.mkdir(parents=True)
        history.write_text(f"epoch,metric,value,{key}")
    digest = provenance.digest(tmp_path / "models/histories/largest-0/history.csv")
    known = {key: {"history": digest, "commit": "abc"} for key in ("largest-0", "largest-1")}
    write_json(Path("reports/provenance.json"), known)
    return tmp_path


def test_the_best_by_validation_is_kept_with_what_it_is(project: Path) -> None:
    ship.main()
    about = json.loads((project / "models/shipped/about.json").read_text())
    assert about["run"] == "largest-0"
    assert about["provenance"]["commit"] == "abc"
    assert about["command"] == "make repro SCALE=smoke RETRAIN=1 && make ship"
    kept = (project / "models/shipped/network.keras").read_bytes()
    assert kept == (project / "models/networks/largest-0.keras").read_bytes()
    assert about["bytes"] == len(kept)
    places = [(judged["side"], judged["other_pictures"]) for judged in about["elsewhere"]]
    assert places == [(SIDE, False), (SIDE, True), (80, False), (80, True)]
    for judged in about["elsewhere"]:
        assert judged["low"] <= judged["accuracy"] <= judged["high"]
        assert judged["images"] == 20


def test_the_run_asked_for_is_kept_with_its_own_record(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The record that came with it is of another training of the same run: of another scale, say.
    monkeypatch.setattr("sys.argv", ["ship", "--run", "largest-1"])
    ship.main()
    about = json.loads((project / "models/shipped/about.json").read_text())
    assert about["run"] == "largest-1"
    assert "commit" not in about["provenance"]
    history = project / "models/histories/largest-1/history.csv"
    provenance.write(project / "models/provenance", "largest-1", history, {"commit": "own"})
    ship.main()
    about = json.loads((project / "models/shipped/about.json").read_text())
    assert about["provenance"] == {"history": provenance.digest(history), "commit": "own"}
    command = "dvc exp run -S scale=smoke evaluate@largest-1 && make ship RUN=largest-1"
    assert about["command"] == command
    monkeypatch.setattr("sys.argv", ["ship", "--run", "largest-7"])
    with pytest.raises(UserError, match=r"largest-7 .* evaluate@largest-7"):
        ship.main()


def test_a_network_that_is_too_large_is_not_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (project / "models/networks/largest-0.keras").stat().st_size
    with (project / "models/networks/largest-0.keras").open("ab") as file:
        file.truncate(size + 1_000_000)
    monkeypatch.setattr(ship, "MOST_BYTES", size + 500_000)
    ship.main()
    assert json.loads((project / "models/shipped/about.json").read_text())["run"] == "largest-1"
    monkeypatch.setattr(ship, "MOST_BYTES", 10)
    with pytest.raises(UserError, match="make repro"):
        ship.main()


def test_it_answers_a_picture(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ship.main()
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    Image.fromarray(image).save(project / "digits.png")
    monkeypatch.setattr("sys.argv", ["predict", "digits.png"])
    capsys.readouterr()
    predict.main()
    first, *_ = capsys.readouterr().out.splitlines()
    name, digit, share, *_ = first.split()
    assert name == "digits.png"
    assert 0 <= int(digit) <= 9
    assert 10 <= float(share.rstrip("%")) <= 100


@pytest.mark.parametrize("arguments", [[], [""], ["a.png", "b.png"]])
def test_it_asks_for_a_picture(
    arguments: list[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["predict", *arguments])
    with pytest.raises(UserError, match="IMAGE="):
        predict.main()


def test_a_network_of_places_takes_larger_pictures_too(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ship.main()
    for side in (SIDE, 100):
        image = np.random.default_rng(side).integers(0, 256, (side, side)).astype(np.uint8)
        Image.fromarray(image).save(project / f"{side}.png")
    (project / "pictures").mkdir()
    for side in (SIDE, 100):
        (project / f"{side}.png").rename(project / "pictures" / f"{side}.png")
    monkeypatch.setattr("sys.argv", ["predict", "pictures"])
    capsys.readouterr()
    predict.main()
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told[:2]] == ["64.png", "100.png"]


def test_a_bad_picture_of_a_folder_is_named_after_the_answers_to_the_others(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ship.main()
    (project / "pictures").mkdir()
    Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(project / "pictures/good.png")
    (project / "pictures/bad.png").write_text("no picture")
    (project / "pictures/small.png").write_text("")
    monkeypatch.setattr("sys.argv", ["predict", "pictures"])
    capsys.readouterr()
    with pytest.raises(UserError, match=r"bad\.png is no picture.*\npredict: .*small\.png"):
        predict.main()
    assert capsys.readouterr().out.startswith("good.png")


@pytest.mark.parametrize(("head", "largest"), [("largest", 1024), ("average", 1024), ("dense", 12)])
def test_the_sides_that_a_network_takes(
    head: str, largest: int, tiny_arm: Callable[..., ArmConfig]
) -> None:
    taken = sides(tiny_arm({"model": {"head": head}}))
    assert (taken[0], taken[-1]) == (12, largest)
