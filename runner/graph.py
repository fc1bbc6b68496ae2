"""What DVC says of the graph: which runs are out of date, and how to bring one up to date."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ablation.base.files import read_yaml
from ablation.study.checks import listed, shown
from runner.pool import stop

STAGES = ("train", "evaluate")  # the stages of one run, in order
# dvc.yaml has each twice: that of the arms with seeds of their own has this behind its name.
COSTLY = "_costly"
_OF_RUN = re.compile(rf"({'|'.join(STAGES)})({COSTLY})?@(.+)")

DVC = (sys.executable, "-m", "runner.dvc")


class StudyError(Exception):
    """The study cannot go on; the message is one line for a person."""


def repro(*targets: str) -> None:
    """`dvc repro` of the targets (of everything without any), its output shown.

    Raises:
        StudyError: a stage failed; DVC has said which and why.
    """
    if _status([*DVC, "repro", *targets]) != 0:
        raise StudyError(f"`dvc repro {' '.join(targets)}` failed; its message is above")


def repro_alone(stages: Sequence[str]) -> None:
    """Brings just these stages, in this order, up to date, their output shown.

    Raises:
        StudyError: a stage failed; DVC has said which and why.
    """
    if _status(beside(stages)) != 0:
        raise StudyError("a stage failed; its message is above")


def _status(command: Sequence[str]) -> int:
    """The exit status of a command whose output is shown.

    It has a session of its own, so that an interrupt reaches it through `stop` alone, which gives
    DVC the time to record what has ended.
    """
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    finally:
        stop([process])


def change(overrides: Sequence[str], params: Path = Path("params.yaml")) -> None:
    """Writes `KEY=VALUE` overrides into a params.yaml as `dvc exp run -S` does, comments kept.

    Raises:
        StudyError: an override that cannot be read or names a key that the file has not.
    """
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import apply_overrides

    try:
        apply_overrides(str(params), list(overrides))
    except Exception as error:  # a library's own for what it cannot parse, convert or find
        cause = error.__cause__ if isinstance(error, DvcException) else None
        reason = " ".join(str(cause or error).split())[:200] or type(error).__name__
        if unknown := re.match("Could not override '([^']+)'", reason):
            reason = _unknown(unknown[1], read_yaml(params))
        elif "," in reason and "[" not in reason:
            reason += "; a list stands in brackets, as in seeds=[0,1]"
        raise StudyError(f"SET is {shown(' '.join(overrides))}: {reason}") from None


def _unknown(key: str, tree: Any) -> str:
    """Where in `tree` the dotted `key` leads nowhere, and which keys are there."""
    passed: list[str] = []
    for part in key.split("."):
        if not isinstance(tree, dict) or part not in tree:
            break
        passed.append(part)
        tree = tree[part]
    of = f" of {'.'.join(passed)}" if passed else ""
    allowed = f"; allowed: {listed(tree)}" if isinstance(tree, dict) and tree else ""
    return f"{key}: unknown key{of}{allowed}"


def save_experiment() -> None:
    """Records the workspace as an experiment, which `dvc exp show` lists.

    Raises:
        StudyError: DVC could not; its message is above.
    """
    # Without a target DVC commits every output, and a restored run has no network. All that was
    # made is recorded already, so the first stage stands for all.
    if _status([*DVC, "exp", "save", "--force", "resolve"]) != 0:
        raise StudyError("`dvc exp save` failed; its message is above")


def outdated() -> set[str]:
    """The stages that are out of date, but for those that only a change further up concerns.

    Raises:
        StudyError: DVC cannot read the graph; the message says why.
    """
    # The whole graph: with targets DVC collects it anew for each of them, seconds in all.
    status = subprocess.run([*DVC, "status", "--json"], check=False, capture_output=True, text=True)
    if status.returncode != 0:
        raise StudyError(f"`dvc status` failed: {' '.join(status.stderr.split())}")
    return set(json.loads(status.stdout))


def of_run(stage: str) -> tuple[str, str] | None:
    """Which of STAGES a stage is, and of which run (ARM-SEED); None where it is of no run."""
    found = _OF_RUN.fullmatch(stage)
    return None if found is None else (found[1], found[3])


def moved(stage: str) -> str:
    """What a run's stage is called when its arm stands in the other section of params.yaml."""
    found = _OF_RUN.fullmatch(stage)
    return stage if found is None else f"{found[1]}{'' if found[2] else COSTLY}@{found[3]}"


def runs_in(stages: Collection[str], keys: Sequence[str]) -> list[str]:
    """Of the runs `keys` (ARM-SEED) those with training or evaluation among `stages`."""
    found = {run[1] for run in map(of_run, stages) if run is not None}
    return [key for key in keys if key in found]


def run_command(key: str) -> list[str]:
    """The command that trains and evaluates one run, and leaves the rest of the graph alone."""
    # A run has one stage of either name.
    return beside(["--glob", *(f"{stage}*@{key}" for stage in STAGES)])


def trained(key: str, log: str) -> bool:
    """Whether a run trained, by what DVC said, which also finds in its cache what once trained."""
    return any(f"Running stage '{STAGES[0]}{group}@{key}'" in log for group in ("", COSTLY))


def figures_command(names: Sequence[str]) -> list[str]:
    """The command that draws these figures, and leaves the rest of the graph alone."""
    return beside([f"figures@{name}" for name in names])


def beside(stages: Sequence[str]) -> list[str]:
    """The command that brings just these stages, in this order, up to date beside other processes.

    Others may hold DVC's lock for a moment, hence `--wait-for-lock`; without `--single-item` each
    process would check and run what all share.
    """
    return [*DVC, "--wait-for-lock", "repro", "--single-item", *stages]
