"""Damaged files between stages: the next stage refuses each in one line, or is not misled by it."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ablation.base import cli
from tests.fuzz import mutations
from tests.fuzz.configurations import Outcome
from tests.fuzz.timing import Hang, limited

# stage -> the files that it reads, as patterns, and the files that it leaves
STAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "compare": (
        ("configs/study.yaml", "configs/claims.yaml", "models/histories/*/history.csv",
         "models/evaluations/*/metrics.json", "models/evaluations/*/predictions.npz",
         "data/split/*.npz", "data/sets/*/*/labels.npy", "data/raw/mnist.npz"),
        ("reports/comparison.csv", "reports/claims.json"),
    ),
    "summarize": (
        ("configs/study.yaml", "configs/data.yaml", "configs/figures/*.yaml",
         "models/histories/*/*.csv", "models/evaluations/*/metrics.json", "reports/comparison.csv",
         "reports/claims.json", "data/split/*.npz", "data/sets/*/*/labels.npy",
         "data/samples/*.npz"),
        ("reports/metrics.json", "reports/runs.csv", "reports/tables/*/*"),
    ),
    "split": (("configs/study.yaml", "configs/data.yaml", "data/sets/train/*/labels.npy"),
              ("data/split/*.npz",)),
    "submission": (
        ("configs/study.yaml", "reports/runs.csv", "models/evaluations/*/predictions.npz"),
        ("reports/submission.csv",),
    ),
    "report": (
        ("configs/*.yaml", "configs/figures/*.yaml", "reports/*.json", "reports/*.csv",
         "reports/tables/*/*", "reports/errors/*"),
        ("reports/report.html",),
    ),
}  # fmt: skip
SECONDS = 60.0


def run(study: Path, seed: int, count: int) -> Outcome:
    """Damages one file of a finished study, `count` times, and runs a stage that reads it."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "study"
        for name in ("configs", "data", "models", "reports"):
            shutil.copytree(study / name, copy / name, ignore=shutil.ignore_patterns("*.keras"))
        (copy / "ablation").symlink_to(Path(__file__).parents[2] / "ablation")
        with _in(copy):
            expected = {stage: _ran(stage)[1] for stage in STAGES}
            for number in range(count):
                _one(number, np.random.default_rng([seed, number]), expected, outcome)
    return outcome


def _one(number: int, rng: np.random.Generator, expected: dict, outcome: Outcome) -> None:
    stage = list(STAGES)[number % len(STAGES)]
    files = sorted({path for pattern in STAGES[stage][0] for path in Path().glob(pattern)})
    path = files[rng.integers(len(files))]
    whole = path.read_bytes()
    damaged = mutations.of_file(whole, rng)
    if damaged == whole:
        outcome.counts["nothing changed"] += 1
        return
    left = {file: file.read_bytes() for file in _left(stage)}
    path.write_bytes(damaged)
    name = f"{number} {stage} {path}"
    try:
        with limited(SECONDS):
            told, made = _ran(stage)
    except Hang:
        outcome.fail(name, "a hang")
    except Exception as error:
        outcome.fail(name, f"{type(error).__name__}: {str(error)[:200]}")
    else:
        if told is not None:
            outcome.counts["refused"] += 1
            if "\n" in told or len(told) > 700 or str(path) not in told:
                outcome.fail(name, f"no short line with the file's name: {told[:200]!r}")
        elif made == expected[stage]:
            outcome.counts["made no difference"] += 1
        else:
            outcome.counts["another result, from a file that is whole"] += 1
            outcome.differing.append(f"{name}: {_how(whole, damaged)}")
    finally:
        path.write_bytes(whole)
        for file in _left(stage) - left.keys():
            file.unlink()
        for file, content in left.items():
            file.write_bytes(content)


def _how(whole: bytes, damaged: bytes) -> str:
    if whole.startswith(damaged):
        return f"cut to {len(damaged)} of {len(whole)} bytes"
    return f"{len(damaged)} bytes instead of {len(whole)}"


def _left(stage: str) -> set[Path]:
    return {path for pattern in STAGES[stage][1] for path in Path().glob(pattern) if path.is_file()}


def _ran(stage: str) -> tuple[str | None, dict[Path, bytes]]:
    """The message with which a stage ended, None where it did its work; and what it left."""
    module = importlib.import_module(f"stages.{stage}")
    arguments, sys.argv = sys.argv, [stage]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            cli.run(stage, module.main)
    except SystemExit as error:
        return str(error.code), {}
    finally:
        sys.argv = arguments
    return None, {path: path.read_bytes() for path in _left(stage)}


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
