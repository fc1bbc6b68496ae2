"""One run on a worker: training and judging as processes of their own, in a checkout of the commit.

A task that computed in the worker's own process would hold the interpreter: heartbeats would be
lost and the worker restarted. A run that has ended is remembered, so that whoever asks again for
the same gets its results and nothing trains twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.cluster.worker.checkout import (
    bring,
    differing,
    environment,
    folder,
    inputs,
    locked,
    remove,
    whole,
)
from runner.cluster.worker.digests import of
from runner.cluster.worker.machine import describe
from runner.cluster.worker.processes import status_of

TELL = 2.0  # seconds between two words on how far a run is
MOST = 200_000  # characters of the end of a log that are sent

# What a machine is to blame for: the run is tried again on another. All else is the run's own.
MACHINE = (
    "No space left", "Input/output error", "Stale file handle", "Cannot allocate memory",
    "more memory than this machine has", "Read-only file system", "Disk quota exceeded",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """All that a run is a function of, and where its inputs may be found.

    Attributes:
        key: ARM-SEED.
        digest: of `deps`, short.
        commit: of the study, which `source` has.
        deps: path -> digest of what the run is made of.
        inputs: the stages before training, in order: name, command, and path -> digest of what
            each makes.
        shared: the head's folder.
        kind: what the machine must be, as `describe` says it.
        commands: of the run's stages, in order.
        outs: the folders that they make and that are returned.
        network: the file that they make besides; returned with `networks`.
        gpu: whether it trains on a GPU.
        settings: what its processes have set in their environment.
        topic: under which the head listens.
    """

    key: str
    digest: str
    commit: str
    source: str
    deps: Mapping[str, str]
    inputs: Sequence[Mapping[str, Any]]
    shared: str
    kind: Mapping[str, str]
    commands: Sequence[str]
    outs: Sequence[str]
    network: str
    networks: bool
    gpu: bool
    settings: Mapping[str, str]
    topic: str


@dataclass
class Outcome:
    """How a run ended on a worker.

    Attributes:
        ended: done; failed by itself; machine, which failed it; unfit, a machine of another kind;
            or stopped.
        files: path -> content of what is returned, and of the record of its circumstances.
        network: its digest and size.
    """

    ended: str
    worker: str
    told: str = ""
    log: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)


def run(values: Mapping[str, Any]) -> dict[str, Any]:
    """Trains and judges.

    Args:
        values: of a `Job`: plain, since what is no function is not sent by value.

    Returns:
        An `Outcome`, likewise.
    """
    from distributed import get_worker

    job = Job(**values)
    worker: Any = get_worker()
    name, task = str(worker.name), worker.get_current_task()

    def wanted() -> bool:
        """Whether the head still waits: it cancels what it starts when it ends, as does its end."""
        state = worker.state.tasks.get(task)
        return state is None or state.state not in ("cancelled", "released", "forgotten")

    def tell(content: Mapping[str, Any]) -> None:
        worker.log_event(job.topic, {"run": job.key, "name": name, **content})

    tell({"began": True})
    outcome = Outcome("machine", name)
    try:
        differs = [k for k, v in describe(job.gpu).items() if job.kind.get(k) != v]
        if differs:
            outcome.ended = "unfit"
            outcome.told = f"its {', '.join(differs)} is not that of the other workers"
        else:
            _train(job, outcome, tell, wanted)
    except OSError as error:
        outcome.ended, outcome.told = "machine", str(error)
    return vars(outcome)


def _train(
    job: Job,
    outcome: Outcome,
    tell: Callable[[Mapping[str, Any]], None],
    wanted: Callable[[], bool],
) -> None:
    """Fills in the outcome."""
    place = folder(job.commit)
    if told := bring(job.commit, job.source) or inputs(place, job.inputs, job.shared):
        outcome.told = told
        return
    if changed := differing(place, job.deps):
        outcome.told = f"{changed[0]} is not there what it is on the head"
        return
    # Another worker of this folder may have the same run in hand still, for a head that is gone.
    with locked(place / ".scratch" / "locks" / job.key):
        log, mark = place / "logs" / f"{job.key}.log", place / ".scratch" / "done" / job.key
        status: int | None = 0
        if not _kept(job, place, mark):
            mark.unlink(missing_ok=True)
            status = _commands(job, place, log, tell, wanted)
            if status == 0:
                _mark(job, place, mark)
        outcome.log = log.read_text(encoding="utf-8", errors="replace")[-MOST:]
        if status is None:
            outcome.ended = "stopped"
        elif status != 0:
            blamed = status < 0 or any(word in outcome.log for word in MACHINE)
            outcome.ended = "machine" if blamed else "failed"
            last = (outcome.log.strip().splitlines() or ["it said nothing"])[-1]
            outcome.told = last if status > 0 else f"killed by signal {-status}"
        else:
            outcome.network = json.loads(mark.read_text(encoding="utf-8"))["network"]
            outcome.files = _files(job, place)
            outcome.ended = "done"


def _commands(
    job: Job,
    place: Path,
    log: Path,
    tell: Callable[[Mapping[str, Any]], None],
    wanted: Callable[[], bool],
) -> int | None:
    """Runs the commands of a run and tells how far it is; their status, None where stopped."""
    for path in (*job.outs, job.network):
        remove(place / path)
    progress = place / ".scratch" / "progress" / f"{job.key}.json"
    progress.unlink(missing_ok=True)
    told = 0.0

    def tell_progress() -> None:
        nonlocal told
        if time.monotonic() - told >= TELL and progress.exists():
            told = time.monotonic()
            tell({"progress": json.loads(progress.read_text(encoding="utf-8"))})

    variables = {**environment(place), **job.settings}
    return status_of(job.commands, place, variables, log, wanted, tell_progress)


def _kept(job: Job, place: Path, mark: Path) -> bool:
    """Whether this very run ended here before, and all that is asked for is still there."""
    try:
        kept = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    there = kept["digest"] == job.digest and all(
        of(place / path) == md5 for path, md5 in kept["outs"].items()
    )
    return there and (not job.networks or of(place / job.network) == kept["network"]["md5"])


def _mark(job: Job, place: Path, mark: Path) -> None:
    """Remembers that a run ended; its network goes where nobody asked for it: disks fill up."""
    network = place / job.network
    content = {
        "digest": job.digest,
        "outs": {path: of(place / path) for path in job.outs},
        "network": {"md5": of(network), "size": network.stat().st_size},
    }
    whole(mark, json.dumps(content).encode())
    if not job.networks:
        network.unlink()


def _files(job: Job, place: Path) -> dict[str, bytes]:
    paths = [place / path for path in job.outs]
    newest = sorted(
        (place / "models" / "provenance" / job.key).glob("*.json"), key=lambda p: p.stat().st_mtime
    )
    if job.networks:
        paths.append(place / job.network)
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return {
        file.relative_to(place).as_posix(): file.read_bytes()
        for file in [*files, *newest[-1:]]
        if file.is_file()
    }
