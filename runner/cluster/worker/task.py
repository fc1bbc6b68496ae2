"""One run on a worker: training and judging as processes of their own, in a checkout of the commit.

A task that computed in the worker's own process would hold the interpreter: heartbeats would be
lost and the worker restarted. A run that has ended is remembered, so that whoever asks again for
the same gets its results and nothing trains twice.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
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

POLL = 0.3  # seconds between two looks at a process
TELL = 2.0  # seconds between two words on how far a run is
GRACE = 10.0  # seconds a process has to stop before it is killed

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
        inputs: what the stages before training make: name and path -> digest, in order.
        shared: the head's folder.
        kind: what the machine must be, as `describe` says it.
        outs: the folders that a run makes and that are returned.
        network: the file that it makes besides; returned with `networks`.
        topic: under which the head listens.
    """

    key: str
    digest: str
    arm: str
    seed: str
    commit: str
    source: str
    deps: Mapping[str, str]
    inputs: Sequence[Mapping[str, Any]]
    shared: str
    kind: Mapping[str, str]
    outs: Sequence[str]
    network: str
    networks: bool
    gpu: bool
    stages: Sequence[str]
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
    name, task = str(worker.name), _task_of(worker, job)

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


def _task_of(worker: Any, job: Job) -> str:
    """The name of the task that this thread works on."""
    get = getattr(worker, "get_current_task", None)
    return str(get()) if get else f"{job.key}-{job.digest}"


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
        log, mark = place / "logs" / f"{job.key}.log", place / ".scratch" / "done" / f"{job.key}"
        if not _kept(job, place, mark):
            mark.unlink(missing_ok=True)
            status = _stages(job, place, log, tell, wanted)
            outcome.log = log.read_text(encoding="utf-8", errors="replace")[-200_000:]
            if status is None:
                outcome.ended = "stopped"
                return
            if status != 0:
                blamed = status < 0 or any(word in outcome.log for word in MACHINE)
                outcome.ended = "machine" if blamed else "failed"
                last = (outcome.log.strip().splitlines() or ["it said nothing"])[-1]
                outcome.told = last if status > 0 else f"killed by signal {-status}"
                return
            _mark(job, place, mark)
        kept = json.loads(mark.read_text(encoding="utf-8"))
        outcome.log = log.read_text(encoding="utf-8", errors="replace")[-200_000:]
        outcome.network = kept["network"]
        outcome.files = _files(job, place)
    outcome.ended = "done"


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


def _stages(
    job: Job,
    place: Path,
    log: Path,
    tell: Callable[[Mapping[str, Any]], None],
    wanted: Callable[[], bool],
) -> int | None:
    """Runs the stages one after another; the first status that is not 0, None where stopped."""
    for path in (*job.outs, job.network):
        remove(place / path)
    progress = place / ".scratch" / "progress" / f"{job.key}.json"
    progress.unlink(missing_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    variables = environment(place) | (
        {"JAX_PLATFORMS": "cuda", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
        if job.gpu
        else {"CUDA_VISIBLE_DEVICES": ""}
    )
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def with_its_worker() -> None:
        """The kernel ends the process when the worker dies: two of them would train one run."""
        if libc is not None:
            libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    for stage in job.stages:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", f"stages.{stage}", job.arm, job.seed],
                cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=with_its_worker,
            )  # fmt: skip
        told = 0.0
        try:
            while process.poll() is None:
                if not wanted():
                    return None
                if time.monotonic() - told >= TELL and progress.exists():
                    told = time.monotonic()
                    tell({"progress": json.loads(progress.read_text(encoding="utf-8"))})
                time.sleep(POLL)
        finally:
            _stop(process)
        if process.returncode != 0:
            return process.returncode
    return 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process that still runs, with its children."""
    for number in (signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + GRACE
        if process.poll() is None:
            os.killpg(process.pid, number)
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
