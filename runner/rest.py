"""The report of the arms that are whole, where a run of another failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.study.failures import without
from ablation.study.resolution import Resolved, resolve
from runner import graph, params
from stages.resolve import write

LINES, WIDTH = 6, 200  # of the end of a log


class RunsFailedError(graph.StudyError):
    """Some runs failed, and all others are done; `runs` are their names, ARM-SEED."""

    def __init__(self, message: str, runs: Sequence[str]) -> None:
        super().__init__(message)
        self.runs = runs


def report_rest(runs: Sequence[str], logs: Path) -> None:
    """Reports the arms that are whole, and says how the others ended."""
    failed = ends_of_logs(runs, logs)
    for end in failed.values():
        print(f"FAILED  {end}", flush=True)
    try:
        report(resolve(params.read(params.load())), failed)
    except (graph.StudyError, UserError) as error:
        print(f"there is no report of the rest: {error}", flush=True)
    else:
        print(f"the report shows the rest, without {', '.join(failed)}", flush=True)


def ends_of_logs(failed: Iterable[str], logs: Path) -> dict[str, str]:
    """arm -> the end of the log of its run that failed, or of the first of them.

    Args:
        failed: the runs, ARM-SEED.
    """
    ends: dict[str, str] = {}
    for key in failed:
        arm = key.rpartition("-")[0]
        ends.setdefault(arm, f"{key}: {end_of_log(logs / f'{key}.log')}")
    return ends


def end_of_log(path: Path) -> str:
    """The last lines of a log in one, which is short and can be printed."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "it left no log"
    lines = [" ".join(line.split()) for line in text.splitlines()]
    told = " | ".join(line[:WIDTH] for line in [line for line in lines if line][-LINES:])
    return "".join(c if c.isprintable() else "?" for c in told) or "its log is empty"


def report(study: Resolved, failed: Mapping[str, str]) -> None:
    """Brings tables, figures and report up to date with the arms that are whole.

    The stages read the configurations of that smaller study while they run; then the whole study's
    are back, so that DVC finds what is missing out of date as soon as a run can be tried again.

    Args:
        failed: arm -> the end of its log.

    Raises:
        ConfigError: nothing is left to report.
        StudyError: a stage failed; DVC has said which and why.
    """
    left = without(study, failed)
    write(left)
    try:
        graph.repro_alone(stages_after(set(failed), left.figures))
    finally:
        write(study)


def stages_after(failed: Collection[str], figures: Collection[str]) -> list[str]:
    """The stages that come after training, in the order in which they run.

    Without those of a failed arm, and of a figure that has no arm left.
    """
    from dvc.repo import Repo

    with Repo() as repo:
        needs = repo.index.graph
        order = _in_order(needs)
        after = {stage for stage in order if graph.of_run(stage.name) is not None}
        found = []
        for stage in order:
            if stage in after:
                continue
            if any(need in after for need in needs.successors(stage)):
                after.add(stage)
                found.append(stage)
        made_by_failed = {
            out.fs_path for stage in order for out in stage.outs if _arm(stage.name) in failed
        }
        return [
            stage.name
            for stage in found
            if not any(dep.fs_path in made_by_failed for dep in stage.deps)
            and (not stage.name.startswith("figures@") or stage.name.partition("@")[2] in figures)
        ]


def _in_order(needs: Any) -> list[Any]:
    """The stages, each after all that it needs: an edge leads from a stage to what it needs."""
    ordered: dict[Any, None] = {}
    waiting = [(stage, False) for stage in needs]
    while waiting:
        stage, ready = waiting.pop()
        if ready:
            ordered[stage] = None
        elif stage not in ordered:
            waiting.append((stage, True))
            waiting += [(need, False) for need in needs.successors(stage) if need not in ordered]
    return list(ordered)


def _arm(stage: str) -> str | None:
    """The arm of a run's stage; None where it is of no run."""
    run = graph.of_run(stage)
    return None if run is None else run[1].rpartition("-")[0]
