"""`make repro`'s own decisions: what is trained and drawn, and what it shows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.files import write_json, write_yaml
from ablation.study.config import StudyConfig
from ablation.study.resolution import Resolved
from runner import __main__ as runner
from runner import graph, training
from runner.display import Display
from runner.executor import Local
from runner.graph import StudyError
from runner.pool import State
from runner.processor import has_bfloat16


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_display_says_what_is_done_what_runs_and_how_long_it_takes() -> None:
    costs = {"long-0": 30.0, "short-0": 10.0, "shorter-0": 5.0}
    display = Display(costs, Path("progress"), places=2)
    progress = {
        "run": "long-0",
        "epoch": 2,
        "epochs": 4,
        "share": 0.5,
        "resumed": 0.0,
        "accuracy": 0.25,
        "images_per_second": 500.0,
        "seconds_left": 61.0,
        "epoch_ended": False,
    }
    write_json(Path("progress/long-0.json"), progress)
    running = {"long-0": time.monotonic() - 5}
    one = State(waiting=["shorter-0"], running=running, done=["short-0"], seconds={"short-0": 70.0})
    head, line = display.lines(one)
    assert head == "1 of 3 runs done, 1 waiting"  # one run tells nothing of others
    assert line == "  long-0  epoch 2/4  accuracy  25.0 %  500 images/s  1 min 1 s left"
    # 20 s and 5 for each unit of work: half of 170 s are left.
    both = State([], running, {"short-0": 70.0, "shorter-0": 45.0}, ["short-0", "shorter-0"])
    assert display.lines(both)[0] == "2 of 3 runs done, 0 waiting, about 1 min 25 s left"
    # A fifth was done before: 20 s and 5 for each of 24 units, of which half are left.
    write_json(Path("progress/long-0.json"), {**progress, "share": 0.6, "resumed": 0.2})
    assert display.lines(both)[0].endswith(", about 1 min 10 s left")


def test_an_earlier_attempts_progress_is_not_shown() -> None:
    display = Display({"long-0": 30.0}, Path("progress"), places=1)
    write_yaml(Path("progress/long-0.json"), {})
    state = State(waiting=[], running={"long-0": time.monotonic() + 5})
    assert display.lines(state) == ["0 of 1 runs done, 0 waiting", "  long-0  starting"]


def test_what_is_no_run_is_shown_and_not_counted() -> None:
    display = Display({"long-0": 30.0}, Path("progress"), places=1)
    state = State(waiting=["long-0"], running={"data_check": time.monotonic()}, done=["other"])
    assert display.lines(state) == ["0 of 1 runs done, 1 waiting", "  data_check  running"]


def quits(code: int, text: str = "") -> list[str]:
    return [sys.executable, "-S", "-c", f"print({text!r}); raise SystemExit({code})"]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch, resolved: Callable[[str], Resolved]) -> StudyConfig:
    """Two runs, of which that of Adam is out of date and takes no work."""
    write_yaml(Path("configs/arms/adam.yaml"), resolved("smoke").arms["adam"].model_dump())
    monkeypatch.setattr(training, "cost", lambda study, arm: 1.0)
    monkeypatch.setattr(graph, "outdated", lambda: {"train@adam-0", "evaluate@adam-0"})
    monkeypatch.setattr(graph, "run_command", lambda key: quits(0, f"Running stage 'train@{key}':"))
    return StudyConfig(
        scale="smoke",
        seeds=[0],
        costly_seeds=[0],
        baseline="adam",
        arms={"adam": "Adam", "sgd": "SGD"},
        costly_arms=[],
        data_sets={"adam": "modified", "sgd": "modified"},
        multiply_adds={"adam": 1, "sgd": 1}, figures=[],
    )


def test_a_finished_study_clears_only_what_its_own_runs_left(study: StudyConfig) -> None:
    for run in ("adam-0", "other-0"):
        write_json(Path(f".scratch/progress/{run}.json"), {})
        write_json(Path(f".scratch/runs/{run}/old/state.json"), {})
    assert training.train(study, Local([{}])) == ["adam-0"]
    left = {path.as_posix() for path in Path(".scratch").rglob("*") if path.is_file()}
    assert left == {".scratch/progress/other-0.json", ".scratch/runs/other-0/old/state.json"}
    assert [path.name for path in Path("logs").iterdir()] == ["adam-0.log"]  # no check was due


def test_live_curves_of_a_cluster_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["runner", "--live=dvclive", "--scheduler=tcp://host:1"])
    monkeypatch.setattr(runner.pool, "stop_on_signals", lambda: None)
    with pytest.raises(StudyError, match=r"^LIVE shows .* SCHEDULER trains on others; leave out"):
        runner.main()


def test_a_run_that_is_restored_does_not_train(study: StudyConfig) -> None:
    assert training.train(study, Local([{}]), ready=["adam-0"]) is None
    assert not Path("logs").exists()


def test_a_run_that_dvc_has_in_its_cache_has_not_trained(
    study: StudyConfig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "Stage 'train@adam-0' is cached - skipping run, checking out outputs"
    monkeypatch.setattr(graph, "run_command", lambda key: quits(0, said))
    assert training.train(study, Local([{}])) == []
    # The time that it may take is said first.
    assert capsys.readouterr().out.startswith("training 1 of 2 runs, 1 at a time, about 20 s by")


def test_a_run_that_fails_is_told_with_its_log(
    study: StudyConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "run_command", lambda key: quits(1))
    with pytest.raises(StudyError, match=r"1 of 1 commands failed; see logs/adam-0\.log$"):
        training.train(study, Local([{}]))


def test_images_that_are_not_right_end_the_training(
    study: StudyConfig, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(graph, "outdated", lambda: {"data_check", "train@adam-0"})
    monkeypatch.setattr(graph, "beside", lambda stages: quits(1, f"{stages}: too dark"))
    with pytest.raises(StudyError, match=r"^data_check failed, so nothing more is trained"):
        training.train(study, Local([{}]))
    assert "['data_check']: too dark" in capfd.readouterr().err
    assert [path.name for path in Path("logs").iterdir()] == ["data_check.log"]  # the run never ran


def test_each_figure_is_drawn_once_by_as_many_processes_as_there_are_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    touch = "import pathlib, sys; [pathlib.Path(name).open('x') for name in sys.argv[1:]]"
    monkeypatch.setattr(
        graph, "figures_command", lambda names: [sys.executable, "-c", touch, *names]
    )
    runner.draw(["a", "b", "c", "d", "e"], jobs=2)
    assert all(Path(name).exists() for name in "abcde")
    assert sorted(path.name for path in Path("logs").iterdir()) == [
        "figures-1.log",
        "figures-2.log",
    ]


def test_a_figure_that_fails_is_told_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    fails = [sys.executable, "-c", "raise SystemExit(1)"]
    monkeypatch.setattr(graph, "figures_command", lambda names: fails)
    with pytest.raises(StudyError, match=r"a figure failed; see logs/figures-1\.log$"):
        runner.draw(["a"], jobs=2)


def test_bfloat16_without_hardware_for_it_is_warned_of(
    capsys: pytest.CaptureFixture[str], resolved: Callable[[str], Resolved]
) -> None:
    arms = resolved("laptop").arms
    for name, precision in (("baseline", "float32"), ("vgg_raw", "mixed_bfloat16")):
        arm = arms[name].model_dump() | {"precision": precision}
        write_yaml(Path(f"configs/arms/{name}.yaml"), arm)
    training.warn_of_bfloat16(["baseline", "vgg_raw", "vgg_raw"], in_hardware=True)
    training.warn_of_bfloat16(["baseline"], in_hardware=False)
    assert capsys.readouterr().out == ""
    training.warn_of_bfloat16(["baseline", "vgg_raw", "vgg_raw"], in_hardware=False)
    said = capsys.readouterr().out
    assert said.startswith("warning: in bfloat16")
    assert said.count("vgg_raw") == 1
    assert "baseline" not in said


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512_bf16 sha\n", True),
        ("flags\t: fpu avx2 avx512f avx512_vnni\n", False),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("Features\t: fp asimd\n", False),
        ("nothing of the kind\n", True),  # it does not tell
    ],
)
def test_a_processor_that_multiplies_bfloat16_is_known_by_its_flags(
    cpuinfo: str, expected: bool
) -> None:
    assert has_bfloat16(cpuinfo) is expected
