"""What `make` hands on, and the commands beside `make repro`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ablation.base.arrays import write_npz
from ablation.base.errors import UserError
from ablation.base.files import read_json, write_json, write_text, write_yaml
from ablation.evaluation.metrics import wilson
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig
from runner import gpus, params, predict, ship, verify
from tests.params import PAPER, SCALES
from tests.runner.conftest import ROOT, Study
from tests.stages import made_study

# --- make -----------------------------------------------------------------------------------------

Make = Callable[..., str]
HERE = "/old place/.venv"
TOLD = "import os, sys\nprint(*sys.argv[1:], *(os.environ.get(n) for n in ('SET', 'IMAGE', 'GPU')))"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Calls make in a folder of its own, whose Python says what it is called with."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("", "-gpu", "-extra", "-cluster"):
        (tmp_path / f"requirements{name}.txt").touch()
        os.utime(tmp_path / f"requirements{name}.txt", (0, 0))  # older than the environments
    write_text(tmp_path / "told.py", TOLD)
    write_text(tmp_path / "is", HERE)
    python = (
        '#!/bin/sh\n[ "$1" = -c ] && exit\n[ "$2" = ablation.environment ] && exec cat is\n'
        f'exec {sys.executable} told.py "$@"\n'
    )
    for folder in (".venv/bin", ".venv-gpu/bin"):
        for name in (".installed", ".extra", ".cluster"):
            write_text(tmp_path / folder / name, HERE)
        write_text(tmp_path / folder / "python", python)
        (tmp_path / folder / "python").chmod(0o755)
        (tmp_path / folder).with_name("pyvenv.cfg").touch()

    def call(*arguments: str) -> str:
        outer = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            ["make", *arguments], cwd=tmp_path, env=outer, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    return call


def test_what_a_person_gives_reaches_the_program_as_it_is(make: Make) -> None:
    assert make("repro") == "-m runner None None None\n"
    assert make("exp", "SET=a=1 b='c d'") == "-m runner a=1 b='c d' None None\n"
    assert make("predict", "IMAGE=a b.png") == "-m runner.predict None a b.png None\n"
    assert make("predict", "IMAGE=a;touch pwned") == "-m runner.predict None a;touch pwned None\n"
    assert make("repro", "GPU=1") == "-m runner None None 1\n"
    for name in ("back", "verify", "ship"):
        assert make(name) == f"-m runner.{name} None None None\n"


def test_what_a_shell_holds_for_python_and_git_reaches_nothing(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {"PYTHONPATH": "/other", "PYTHONSAFEPATH": "1", "GIT_DIR": "/other/.git"}
    for name, value in held.items():
        monkeypatch.setenv(name, value)
    write_text(tmp_path / "told.py", f"import os\nprint(os.environ.keys() & {set(held)})")
    assert make("repro") == "set()\n"


def test_a_mistake_is_one_line(make: Make, tmp_path: Path) -> None:
    assert "there is no SCAL=; there are SET SCALE" in make("repro", "SCAL=smoke")
    assert "there is no command 'repor'; `make help` lists them" in make("repor")
    assert "SET is missing, for example: make exp SET=" in make("exp")
    shutil.move(tmp_path / ".venv", tmp_path / "mine")
    (tmp_path / ".venv").symlink_to("mine")
    (tmp_path / "mine/bin/.installed").unlink()
    assert ".venv is a link" in make("repro")
    assert (tmp_path / "mine/bin/python").exists()


def test_an_environment_that_is_not_what_was_installed_becomes_it(
    make: Make, tmp_path: Path
) -> None:
    write_text(tmp_path / "is", "/new place/.venv")  # moved
    assert "-r requirements.txt" in make("repro")
    assert make("repro") == "-m runner None None None\n"
    (tmp_path / ".venv/bin/python").rename(tmp_path / "python")
    (tmp_path / ".venv/bin/python").symlink_to("/gone")
    assert "-m venv --clear .venv" in make("repro", f"PYTHON={tmp_path}/python")
    (tmp_path / ".venv/pyvenv.cfg").unlink()
    assert ".venv is no environment of Python" in make("repro", f"PYTHON={tmp_path}/python")


def test_help_lists_every_command(make: Make) -> None:
    listed = set(re.findall(r"^make (\w+)", make("help"), re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert listed == set(phony.group(1).split())


# --- gpus -----------------------------------------------------------------------------------------


def test_a_run_has_a_gpu_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in for the driver's own command."""
    lines = "\\n".join(f"{number}, NVIDIA H100 80GB HBM3" for number in range(4))
    write_text(tmp_path / "nvidia-smi", f"#!/bin/sh\necho '{lines}'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    places = gpus.places()
    assert [place["CUDA_VISIBLE_DEVICES"] for place in places] == ["0", "1", "2", "3"]
    assert all(place["JAX_PLATFORMS"] == "cuda" for place in places)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 1")
    assert [place["CUDA_VISIBLE_DEVICES"] for place in gpus.places()] == ["1", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-4711")
    with pytest.raises(
        UserError, match="is 'GPU-4711'; allowed: numbers of nvidia-smi, 0, 1, 2, 3"
    ):
        gpus.places()
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho no devices were found\n")
    with pytest.raises(UserError, match="lists none: no devices were found"):
        gpus.places()


@pytest.mark.parametrize("scale", SCALES)
def test_how_gpus_train_is_allowed_at_every_scale(scale: str) -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    resolve(params.read(params.changed(text, [f"scale={scale}", *gpus.SETTINGS])), PAPER)


# --- verify ---------------------------------------------------------------------------------------


def test_a_run_that_trains_again_is_identical(study: Study) -> None:
    said = study.runner(module="runner.verify", RUN="steep-1")
    assert study.started() == []  # it trained in a copy
    assert "steep-1 is identical to the byte: models/runs/steep-1/history.csv, models/net" in said
    assert study.git("status", "--short") == ""
    said = study.runner(check=False, module="runner.verify", RUN="steep-9")
    assert "RUN is 'steep-9'; allowed: ARM-SEED, plain-0" in said


def test_a_run_that_differs_must_be_of_another_machine_and_like_a_further_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a stand-in for the training, which reaches what it is told to."""
    made_study.make(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUN", "baseline-0")
    run, path = Path("models/runs/baseline-0"), Path("models/provenance/baseline-0.json")
    record = {"seconds": 1, "processor": "old", "device": "cpu", "threads": 1, "packages": {}}
    write_json(path, record)
    labels = np.load("data/sets/test/modified/labels.npy")

    def again(processor: str, reached: float) -> None:
        def train(copy: Path, arm: str, seed: int) -> None:
            shutil.copytree(run, copy / run)
            with np.load(run / "answers.npz") as answers:
                said = {**answers, "test": made_study.answered(labels, reached)}
            np.savez(copy / run / "answers.npz", **said)
            write_json(copy / path, record | {"processor": processor})
            write_text(copy / "models/networks/baseline-0/digest/network.keras", "weights")

        monkeypatch.setattr(verify, "train", train)
        verify.main()

    again("new", 0.8)
    said = capsys.readouterr().out
    assert f"baseline-0 differs in {run}/answers.npz\nprocessor: old there, new here" in said
    assert "test accuracy 0.8000; expected of a further seed: 0.5" in said
    for processor, reached in (("old", 0.8), ("new", 0.4)):
        with pytest.raises(UserError, match="baseline-0 could not be reproduced"):
            again(processor, reached)


def test_a_further_seed_is_expected_in_student_s_prediction_interval() -> None:
    # By hand: mean 2, standard deviation 1, t(2) = 9.925 at 99%, times sqrt(1 + 1/3).
    low, high = verify.expected([1.0, 2.0, 3.0])
    assert (low, high) == pytest.approx((2 - 11.4603, 2 + 11.4603), abs=1e-3)
    assert verify.expected([1.0]) == (float("-inf"), float("inf"))


# --- ship and predict -----------------------------------------------------------------------------

SIDE = 64  # px; digits of 28 need it


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_arm: Callable[..., ArmConfig],
    resolved: Callable[[str], Resolved],
) -> Path:
    """What a study leaves of three tiny untrained networks."""
    from ablation.networks import architectures
    from ablation.training.results import write_history

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ship, "IMAGES", 20)
    monkeypatch.setattr(ship, "COMPETITION", SIDE)
    small = {"image_size": SIDE, "input": {"downscale": 4}}
    heads = {"largest": [], "dense": [12]}
    arms = {
        head: tiny_arm({**small, "model": {"head": head, "dense": dense}})
        for head, dense in heads.items()
    }
    write_yaml(Path("configs/data.yaml"), resolved("smoke").data.model_dump())
    write_yaml(
        Path("configs/study.yaml"),
        {
            "scale": "smoke", "seeds": [0, 1], "costly_seeds": [0], "baseline": "dense",
            "arms": {name: name for name in arms}, "costly_arms": [], "figures": [],
            "data_sets": dict.fromkeys(arms, "modified"), "multiply_adds": dict.fromkeys(arms, 1),
        },
    )  # fmt: skip
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    Path("data/raw").mkdir(parents=True)
    np.savez("data/raw/mnist.npz", x_test=images, y_test=np.arange(20, dtype=np.uint8) % 10)
    labels = np.arange(20, dtype=np.uint8) % 10
    for part in ("train", "test"):
        Path(f"data/sets/{part}/modified").mkdir(parents=True)
        np.save(f"data/sets/{part}/modified/labels.npy", labels)
    for seed in (0, 1):
        split = {"modified_training": np.arange(10), "modified_validation": np.arange(10, 20)}
        write_npz(Path(f"data/split/{seed}.npz"), split)
    for number, key in enumerate(("dense-0", "largest-0", "largest-1")):
        arm, seed = key.split("-")
        write_yaml(Path(f"configs/arms/{arm}.yaml"), arms[arm].model_dump())
        record = {"commit": "abc", "started": number, "seconds": 90, "processor": "P", "threads": 1}
        write_json(Path(f"models/provenance/{key}.json"), {**record, "inputs": {}})
        write_json(Path(f"models/networks/{key}/old/record.json"), {**record, "started": 9})
        write_json(Path(f"models/networks/{key}/x/record.json"), record)
        model = architectures.build(arms[arm], int(seed), None)
        model.save(f"models/networks/{key}/x/network.keras")
        accuracies = {"train_accuracy": 0.9, "validation_accuracy": 0.8}
        history = [{"epoch": epoch, **accuracies} for epoch in (1, 2)]
        write_history(Path(f"models/networks/{key}/x/history.csv"), history)
        # Right for the first 5, 9 and 8 validation images, and for the test images of 0 and 5.
        said = np.where(np.arange(10) < (5, 9, 8)[number], labels[10:], 3)
        answers = {"train": labels[:10], "validation": said, "test": labels // 5 * 5}
        write_npz(Path(f"models/runs/{key}/answers.npz"), answers)
    return tmp_path


def test_the_best_network_is_kept_with_what_it_is_and_answers(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.delenv("RUN", raising=False)
    arm = Path("configs/arms/largest.yaml")
    ours = arm.read_text(encoding="utf-8")
    write_text(arm, ours.replace("backend: tensorflow", "backend: jax"))  # which trained it
    ship.main()
    assert "backend: jax" in Path("models/shipped/arm.yaml").read_text(encoding="utf-8")
    write_text(arm, ours)
    about = read_json(Path("models/shipped/about.json"))
    assert about["run"] == "largest-0"
    assert about["provenance"]["commit"] == "abc"
    of_parts = {"train_accuracy": 1.0, "validation_accuracy": 0.9, "test_accuracy": 0.2}
    assert about["metrics"] == of_parts
    kept = Path("models/shipped/network.keras").read_bytes()
    assert kept == Path("models/networks/largest-0/x/network.keras").read_bytes()
    assert [judged["other_pictures"] for judged in about["elsewhere"]] == [False, True]
    assert 0 < about["onnx_apart"] < 1e-4
    monkeypatch.setenv("RUN", "largest-1")
    ship.main()
    onnx = onnxruntime.InferenceSession("models/shipped/network.onnx")
    images = np.zeros((3, 70, 90), np.uint8)
    logits, maps = onnx.run(["logits", "evidence"], {"images": images})
    assert (logits.shape, maps.shape[0], maps.shape[3]) == ((3, 10), 3, 10)
    assert read_json(Path("models/shipped/about.json"))["run"] == "largest-1"
    monkeypatch.setattr(ship, "MOST_BYTES", 10)
    with pytest.raises(UserError, match=r"no network of largest-1 below 0 MB that sees"):
        ship.main()

    # The card says what about.json says.
    monkeypatch.setenv("RUN", "shipped")
    ship.main()
    card = Path("models/shipped/README.md").read_text(encoding="utf-8")
    about = read_json(Path("models/shipped/about.json"))
    assert about["run"] == "largest-1"
    assert "`largest-1`" in card
    assert "](curve.png)" in card
    (axes,) = ship.curve(pd.read_csv("models/shipped/history.csv"), 500_000).axes
    drawn = [line.get_xydata().round(6).tolist() for line in axes.lines]
    assert drawn == [[[0.5, 10], [1, 10]], [[0.5, 20], [1, 20]]]
    (judged, _) = about["elsewhere"]
    assert f"| {SIDE} px | the study's | 20 | {judged['accuracy']:.1%} |" in card
    for label, each in judged["labels"].items():
        assert f"| {label} | {each['images']} | {each['accuracy']:.1%} |" in card
    for family, accuracy in judged["families"].items():
        assert f"| {family} | {accuracy:.1%} |" in card

    # Predicted: pictures of several sizes, one that is none, and labels for some.
    Path("pictures").mkdir()
    for name, shape in {"a": (SIDE, SIDE), "b": (100, 70), "c": (100, 70)}.items():
        image = np.random.default_rng(len(name)).integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(image).save(f"pictures/{name}.png")
    Path("pictures/c.png").rename(os.fsdecode(b"pictures/c\xe4.png"))  # of Latin-1
    write_text(Path("pictures/d.png"), "no picture")
    monkeypatch.setenv("IMAGE", "pictures")
    monkeypatch.delenv("LABELS", raising=False)
    capsys.readouterr()
    with pytest.raises(UserError, match="1 of 4 pictures could not be read"):
        predict.main()
    told, refused = (text.splitlines() for text in capsys.readouterr())
    assert [line.split()[0] for line in told[:3]] == ["a.png", "b.png", "c\\udce4.png"]
    assert re.match(r"a\.png  +[0-9] +[0-9.]+%", told[0])
    assert len(refused) == 1
    assert "d.png is no picture that can be read" in refused[0]

    Path("pictures/d.png").unlink()
    answered = {line.split()[0]: int(line.split()[1]) for line in told[:3]}
    other = (answered["b.png"] + 1) % 10
    write_text(
        Path("own.csv"), f"file,label\npictures/a.png,{answered['a.png']}\nb.png,{other}\nx.png,3\n"
    )
    monkeypatch.setenv("LABELS", "own.csv")
    predict.main()
    told = capsys.readouterr().out.splitlines()
    low, high = wilson(1, 2)
    assert told[1].endswith(f"labelled {other}")
    assert f"accuracy 50.00%, 95% interval {low:.2%} to {high:.2%}, on 2 labelled" in told
    assert told[-2] == f"labelled {other}, predicted {answered['b.png']}: 1"
    assert told[-1] == "labels of no picture there: 1, such as x.png"


def test_predict_asks_for_a_picture_and_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGE", "")
    with pytest.raises(UserError, match="make predict IMAGE="):
        predict.main()
    monkeypatch.setenv("IMAGE", "a.png")
    with pytest.raises(UserError, match="models/shipped has no network"):
        predict.main()
