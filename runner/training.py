"""Trains what is out of date of a study, side by side, where an executor has places for it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ablation.base.files import read_config
from ablation.monitoring.progress import duration
from ablation.study.config import StudyConfig
from ablation.training.config import ArmConfig
from runner import graph, rest
from runner.display import Display
from runner.estimate import cost, hours_on_processor
from runner.executor import Executor

LOGS = Path("logs")
# What the stage `train` keeps of a run under way: how far it is, and what it resumes from.
PROGRESS, CHECKPOINTS = Path(".scratch/progress"), Path(".scratch/runs")

MOST_HOURS = 48.0  # that a processor may take without being told to

# The stage whose failure stops the runs, before hours of training on images that are not right.
CHECK = "data_check"


def train(
    study: StudyConfig,
    executor: Executor,
    force: bool = False,
    ready: Collection[str] = (),
) -> list[str] | None:
    """Brings every run that is out of date up to date, side by side.

    Args:
        executor: where they train.
        force: whether to train on the processor what would take it days.
        ready: runs whose results are here; they do not train, network or not.

    Returns:
        The runs that trained, without those that DVC found in its cache; None where none was out
        of date.

    Raises:
        rest.RunsFailedError: a run failed.
        StudyError: the processor would train for days.
    """
    costs = {f"{arm}-{seed}": cost(study, arm) for arm, seed in study.runs}
    outdated = graph.outdated()
    todo = graph.runs_in(outdated, [key for key in costs if key not in ready])
    if not todo:
        return None
    todo.sort(key=lambda key: -costs[key])
    warn_of_bfloat16([key.rsplit("-", 1)[0] for key in todo], executor.multiplies_bfloat16)
    places = executor.places
    hours = hours_on_processor([costs[key] for key in todo], places)
    if executor.on_processor and hours > MOST_HOURS and not force:
        raise graph.StudyError(
            f"{len(todo)} runs at scale {study.scale} would take this processor about "
            f"{hours:,.0f} hours; GPU=1 trains on an NVIDIA GPU, SCALE=laptop is for a "
            "processor, and FORCE=1 does it all the same"
        )
    told = f"training {len(todo)} of {len(costs)} runs, {places} at a time{executor.where}"
    if executor.on_processor:
        told += f", about {duration(3600 * hours)} by the rate measured in docs/laptop.md"
    print(f"{told}; logs in {LOGS}/", flush=True)
    beside = {CHECK: graph.beside([CHECK])} if CHECK in outdated else {}
    with Display({key: costs[key] for key in todo}, PROGRESS, places) as display:
        state = executor.run(todo, beside, LOGS, display.show)
    if CHECK in state.failed:
        print((LOGS / f"{CHECK}.log").read_text(encoding="utf-8"), file=sys.stderr)
        raise graph.StudyError(f"{CHECK} failed, so nothing more is trained; its message is above")
    if state.failed:
        count = f"{len(state.failed)} of {len(todo) + len(beside)} commands failed"
        raise rest.RunsFailedError(f"{count}; see {logs_of(state.failed)}", state.failed)
    for key in todo:  # what is left of these runs belongs to another configuration or other code
        (PROGRESS / f"{key}.json").unlink(missing_ok=True)
        shutil.rmtree(CHECKPOINTS / key, ignore_errors=True)
    return [key for key in todo if executor.trained(key, LOGS)]


def warn_of_bfloat16(arms: Sequence[str], in_hardware: bool) -> None:
    """Says what would take ten times as long as it must, before it does."""
    if in_hardware:
        return
    slow = [
        arm
        for arm in dict.fromkeys(arms)
        if read_config(Path(f"configs/arms/{arm}.yaml"), ArmConfig).precision != "float32"
    ]
    if slow:
        print(
            "warning: in bfloat16, which this device does not have, these take many times as "
            f"long as in float32: {', '.join(slow)}; docs/laptop.md says how to change it",
            flush=True,
        )


def logs_of(names: Iterable[str]) -> str:
    return ", ".join(str(LOGS / f"{name}.log") for name in names)
