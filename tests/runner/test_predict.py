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
from ablation.networks import architectures
from ablation.training.config import ArmConfig
from runner import predict, ship


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_arm: Callable[..., ArmConfig]
) -> Path:
    """Three trained runs: the best by test accuracy is not the best by validation accuracy."""
    monkeypatch.chdir(tmp_path)
    arms = {name: tiny_arm({"model": {"head": name}}) for name in ("largest", "dense")}
    study = {
        "scale": "smoke", "seeds": [0, 1], "baseline": "dense",
        "arms": {name: name for name in arms},
        "data_sets": dict.fromkeys(arms, "modified"), "multiply_adds": dict.fromkeys(arms, 1),
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
    write_json(Path("reports/provenance.json"), {"largest-0": {"commit": "abc"}})
    return tmp_path


def test_the_best_by_validation_is_kept_with_what_it_is(project: Path) -> None:
    ship.main()
    about = json.loads((project / "models/shipped/about.json").read_text())
    assert about["run"] == "largest-0"
    assert about["provenance"] == {"commit": "abc"}
    kept = (project / "models/shipped/network.keras").read_bytes()
    assert kept == (project / "models/networks/largest-0.keras").read_bytes()
    assert about["bytes"] == len(kept)


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
    image = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)
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
    for side in (12, 40):
        image = np.random.default_rng(side).integers(0, 256, (side, side)).astype(np.uint8)
        Image.fromarray(image).save(project / f"{side}.png")
    (project / "pictures").mkdir()
    for side in (12, 40):
        (project / f"{side}.png").rename(project / "pictures" / f"{side}.png")
    monkeypatch.setattr("sys.argv", ["predict", "pictures"])
    capsys.readouterr()
    predict.main()
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told[:2]] == ["12.png", "40.png"]


@pytest.mark.parametrize(("head", "largest"), [("largest", 1024), ("average", 1024), ("dense", 12)])
def test_the_sides_that_a_network_takes(
    head: str, largest: int, tiny_arm: Callable[..., ArmConfig]
) -> None:
    taken = predict.sides(tiny_arm({"model": {"head": head}}))
    assert (taken[0], taken[-1]) == (12, largest)
