"""Damaged files between stages: the next stage refuses each in one line, or is not misled by it."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ablation.base import cli
from tests.fuzz import files, mutations
from tests.fuzz.outcome import Outcome, in_blocks
from tests.fuzz.stages import STAGES, TURNS, Stage
from tests.fuzz.timing import SECONDS, Hang, limited

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path("dvc.lock")
OTHER = "another file of its kind"


@dataclass
class Expected:
    """What a stage leaves of files that are whole, and the processor time that it takes."""

    made: dict[Path, bytes]
    seconds: float


@dataclass
class Study:
    """A copy of a finished study, in the working directory."""

    lock: bytes | None
    expected: dict[Stage, Expected] = field(default_factory=dict)

    def of(self, stage: Stage) -> Expected:
        if stage not in self.expected:
            _ran(stage)  # what it imports is no part of its time
            began = time.process_time()
            told, made = _ran(stage)
            assert told is None, f"{stage}: {told}"
            self.expected[stage] = Expected(made, time.process_time() - began)
        return self.expected[stage]


def run(study: Path, seed: int, count: int, log: Path | None = None) -> Outcome:
    """Damages one file of a finished study, `count` times, and runs a stage that reads it.

    Where the study has a dvc.lock every third damage is beside it: then no other result may come,
    since the stage can know. The rest is done without, so that the readers themselves are tried.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "study"
        for name in ("configs", "data", "models", "reports"):
            shutil.copytree(study / name, copy / name)
        for name in ("ablation", "stages", "dvc.yaml", ".dvcignore"):
            (copy / name).symlink_to(ROOT / name)
        lock = study / LOCK
        target = None if log is None else log.absolute()
        with _in(copy), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = Study(lock.read_bytes() if lock.is_file() else None)
            return in_blocks(
                "corruptions", seed, count, target,
                lambda number, outcome: _one(number, seed, whole, outcome),
            )  # fmt: skip


def _one(number: int, seed: int, study: Study, outcome: Outcome) -> None:
    rng = np.random.default_rng([seed, number])
    stage = STAGES[TURNS[number % len(TURNS)]]
    expected = study.of(stage)
    inputs = stage.inputs()
    path = inputs[rng.integers(len(inputs))]
    locked = study.lock is not None and number % 3 == 0 and stage.recorded(path)
    content = path.read_bytes()
    left = {file: file.read_bytes() for file in stage.outputs()}
    how = _damage(path, content, inputs, rng)
    if how is None:
        outcome.counts["nothing changed"] += 1
        return
    if locked and study.lock:
        LOCK.write_bytes(study.lock)
    name = f"{number} {stage} {path} ({how}{', with dvc.lock' if locked else ''})"
    try:
        with limited(SECONDS + expected.seconds):
            told, made = _ran(stage)
    except Hang:
        outcome.fail(name, "a hang")
    except Exception as error:
        outcome.fail(name, f"{type(error).__name__}: {str(error)[:200]}")
    else:
        if told is not None:
            outcome.counts["refused"] += 1
            # Of two files that do not fit together either may be the wrong one.
            possible = (path, *path.parents[:-1], *(inputs if how == OTHER else ()))
            named = any(str(one) in told for one in possible)
            if "\n" in told or len(told) > 700 or not told.isprintable() or not named:
                outcome.fail(name, f"no short line with the file's name: {told[:200]!r}")
        elif made == expected.made:
            outcome.counts["made no difference"] += 1
        elif locked:
            outcome.fail(name, "another result without a word")
        else:
            outcome.counts["another result, where nothing says what was written"] += 1
            outcome.differing.append(name)
    finally:
        LOCK.unlink(missing_ok=True)
        _remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        for file in set(stage.outputs()) - left.keys():
            file.unlink()
        for file, before in left.items():
            if not file.is_file() or file.read_bytes() != before:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(before)


def _damage(path: Path, content: bytes, inputs: list[Path], rng: np.random.Generator) -> str | None:
    """Damages the file and says how; None where it stayed the same."""
    kind = rng.integers(12)
    if kind == 0:
        path.unlink()
        odd = rng.integers(4)
        if odd == 0:
            return "missing"
        if odd == 1:
            path.mkdir()
            return "a folder"
        path.symlink_to(path.name if odd == 2 else "/nowhere/at/all")
        return "a link to itself" if odd == 2 else "a link to nowhere"
    if kind <= 2:  # another run's file, or one of another kind in its place
        alike = [one for one in inputs if one.suffix == path.suffix and one != path]
        damaged = alike[rng.integers(len(alike))].read_bytes() if alike else b""
        how = OTHER
    elif kind <= 5:
        damaged = mutations.of_file(content, rng)
        how = f"{len(damaged)} bytes instead of {len(content)}"
    else:
        try:
            damaged = files.of_format(path.name, content, rng)
        except (ValueError, KeyError, IndexError, TypeError, OverflowError):
            damaged = content[: len(content) // 3]
        how = f"other content, {len(damaged)} bytes"
    if damaged == content:
        return None
    path.write_bytes(damaged)
    return how


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _ran(stage: Stage) -> tuple[str | None, dict[Path, bytes]]:
    """The message with which a stage ended, None where it did its work; and what it left."""
    module = importlib.import_module(f"stages.{stage.name}")
    arguments, sys.argv = sys.argv, [stage.name, *stage.arguments]
    kinds = {"seed": cli.seed} if stage.name in ("train", "evaluate") else {}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            cli.run(
                stage.name, module.main,
                **{name: kinds.get(name, str) for name in stage.parameters},
            )  # fmt: skip
    except SystemExit as error:
        return str(error.code), {}
    finally:
        sys.argv = arguments
    return None, {path: path.read_bytes() for path in stage.outputs()}


@contextlib.contextmanager
def _in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
