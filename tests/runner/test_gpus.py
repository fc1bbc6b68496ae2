"""The GPUs of a machine, told by a stand-in for the driver's own command."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.files import read_yaml, write_yaml
from ablation.study.config import StudyConfig
from ablation.study.resolution import Resolved
from runner import executor, gpus, training, written
from runner.executor import Local
from runner.graph import StudyError

ROOT = Path(__file__).resolve().parents[2]
LINES = [f"{n}, NVIDIA H100 80GB HBM3, 81559 MiB, 9.0" for n in range(4)]
Driver = Callable[..., None]


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Puts a command in the driver's place that says these lines; with a status, as it fails."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def install(*lines: str, status: int = 0, error: str = "") -> None:
        folder = tmp_path / "driver"
        folder.mkdir()
        text = "\n".join(lines)
        (folder / "nvidia-smi").write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"assert '--format=csv,noheader' in sys.argv\n"
            f"print({text!r})\nsys.stderr.write({error!r})\nsys.exit({status})\n"
        )
        (folder / "nvidia-smi").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install


@pytest.mark.parametrize("count", [1, 4])
def test_every_gpu_is_told_with_its_name_and_memory(driver: Driver, count: int) -> None:
    driver(*LINES[:count])
    found = gpus.gpus()
    assert [gpu.index for gpu in found] == [str(n) for n in range(count)]
    assert str(found[0]) == "NVIDIA H100 80GB HBM3, 81559 MiB"
    places = gpus.places(found, None)
    assert [place["CUDA_VISIBLE_DEVICES"] for place in places] == [str(n) for n in range(count)]
    assert all(place["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false" for place in places)
    assert all(place["JAX_PLATFORMS"] == "cuda" for place in places)


def test_a_person_s_choice_of_gpus_is_kept(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(*LINES)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 1")
    assert [gpu.index for gpu in gpus.gpus()] == ["1", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(StudyError, match="CUDA_VISIBLE_DEVICES="):
        gpus.gpus()


@pytest.mark.parametrize(
    ("lines", "status", "error", "told"),
    [
        ([], 0, "", "lists no GPU"),
        (
            [],
            9,
            "NVIDIA-SMI has failed because\nit could not communicate.",
            "could not communicate",
        ),
        ([], 1, "", "it said nothing"),
        (["No devices were found"], 0, "", "'No devices were found'"),
        (["0, Tesla K80, 11441 MiB, [N/A]"], 0, "", "Tesla K80"),
    ],
)
def test_no_gpu_is_one_line(
    driver: Driver, lines: list[str], status: int, error: str, told: str
) -> None:
    driver(*lines, status=status, error=error)
    with pytest.raises(StudyError, match=told) as caught:
        gpus.gpus()
    assert "\n" not in str(caught.value)
    assert "without GPU=1 the processor trains" in str(caught.value)


def test_no_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StudyError, match="no nvidia-smi"):
        gpus.gpus()


def test_more_runs_than_gpus_are_refused_and_fewer_are_not(driver: Driver) -> None:
    driver(*LINES[:2])
    found = gpus.gpus()
    assert len(gpus.places(found, 1)) == 1
    with pytest.raises(StudyError, match=r"JOBS is 3 with 2 GPUs; allowed: at most 2"):
        gpus.places(found, 3)


def paper(resolved: Callable[[str], Resolved], monkeypatch: pytest.MonkeyPatch) -> StudyConfig:
    study = resolved("paper")
    for name, arm in study.arms.items():
        write_yaml(Path(f"configs/arms/{name}.yaml"), arm.model_dump())
    keys = [f"train@{arm}-0" for arm in study.study.arms]
    monkeypatch.setattr(training.graph, "outdated", lambda: set(keys))
    return study.study


def test_days_of_a_processor_are_refused_with_their_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resolved: Callable[[str], Resolved]
) -> None:
    monkeypatch.chdir(tmp_path)
    study = paper(resolved, monkeypatch)
    with pytest.raises(StudyError, match=r"about [\d,]+ hours; GPU=1 .* FORCE=1") as caught:
        training.train(study, Local([{}, {}]))
    hours = int(str(caught.value).split("about ")[1].split(" hours")[0].replace(",", ""))
    assert 500 < hours < 10_000
    assert "14 runs at scale paper" in str(caught.value)


def test_a_gpu_is_warned_of_that_has_no_bfloat16(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    resolved: Callable[[str], Resolved],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever the processor beside it has."""
    monkeypatch.chdir(tmp_path)
    study = paper(resolved, monkeypatch)
    arm = resolved("paper").arms["adam"].model_copy(update={"precision": "mixed_bfloat16"})
    write_yaml(Path("configs/arms/adam.yaml"), arm.model_dump())
    monkeypatch.setattr(training.graph, "run_command", lambda key: [sys.executable, "-c", ""])
    for capability, in_hardware in (("9.0", True), ("8.0", True), ("7.5", False)):
        monkeypatch.setattr(executor, "multiplies_bfloat16", lambda other=in_hardware: not other)
        training.train(study, Local([{}], [gpus.Gpu("0", "a GPU", "16 GiB", capability)]))
        said = capsys.readouterr().out
        assert ("warning: in bfloat16" in said) != in_hardware
        assert ("in float32: adam;" in said) != in_hardware


@pytest.mark.parametrize("forced", [False, True])
def test_a_gpu_or_force_trains_it_all_the_same(
    forced: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    resolved: Callable[[str], Resolved],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    study = paper(resolved, monkeypatch)
    monkeypatch.setattr(training.graph, "run_command", lambda key: [sys.executable, "-c", ""])
    devices = [] if forced else [gpus.Gpu("0", "NVIDIA A100", "40960 MiB", "8.0")]
    assert training.train(study, Local([{}], devices), forced) == []  # the stand-ins train nothing
    said = capsys.readouterr().out
    assert ("on NVIDIA A100, 40960 MiB; logs" in said) != forced


def test_the_pins_for_a_gpu_are_the_same_and_more() -> None:
    same, more = ((ROOT / f"requirements{name}.txt").read_text() for name in ("", "-gpu"))
    assert "\n-r requirements.txt\n" in more
    (version,) = re.findall(r"^jax==(\S+) ", same, re.MULTILINE)
    assert f"\njax-cuda12-plugin=={version} " in more
    names = [set(re.findall(r"^([\w-]+)==", text, re.MULTILINE)) for text in (same, more)]
    assert names[0].isdisjoint(names[1])
    assert not any("tensorflow" in name for name in names[1])


@pytest.mark.parametrize("name", ["", "-gpu", "-extra", "-cluster"])
def test_every_pin_has_hashes_so_that_pip_takes_no_other_file(name: str) -> None:
    text = (ROOT / f"requirements{name}.txt").read_text().replace("\\\n", "")
    pins = [line for line in text.splitlines() if line and not line.startswith(("#", "-r"))]
    assert len(pins) > 5
    for pin in pins:
        assert re.match(r"^[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", pin), pin[:60]


def test_what_a_gpu_trains_with_stands_in_params_yaml() -> None:
    assert read_yaml(ROOT / "params.yaml")["train"].keys() >= written.ON_GPU.keys()
