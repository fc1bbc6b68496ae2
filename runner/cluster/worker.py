"""What a worker of the cluster does: find the project, make the data, train runs.

The head sends this module by value, and runner.local with it, so that a worker needs no project to
start with: they use Python's own modules, and Dask's where they run.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.local import start_run, stop

POLL = 0.3  # seconds between two looks at a run
TELL = 2.0  # seconds between two words on how far it is


def machine(gpu: bool) -> str:
    """The kind of processor, and of GPU if asked."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    found = names[0] if names else platform.processor() or platform.machine()
    if gpu:
        query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        found += f" with {' and '.join(sorted(set(_said(query).splitlines())))}"
    return found


def digest(place: Path, paths: Sequence[str]) -> str:
    """SHA-256 of the names and contents of all files there.

    Args:
        paths: files and folders, relative to `place`; what is not there adds nothing.
    """
    whole = hashlib.sha256()
    for file in _files(place, paths):
        with (place / file).open("rb") as content:
            own = hashlib.file_digest(content, "sha256").hexdigest()
        whole.update(f"{file} {own}\n".encode())
    return whole.hexdigest()


def sees(study: Mapping[str, Any]) -> bool:
    """Whether the head's folder is visible here."""
    return Path(study["folder"], study["token"]).exists()


def prepare(study: Mapping[str, Any]) -> str:
    """The project with all that training reads, on this machine: the head's own folder where it is
    visible here, else a clone of the commit in `study/` of the folder that the worker started in,
    in which the stages before training have run, once.

    Args:
        study: `folder`, the head's; `token`, the path of a file that only this folder has; `kind`,
            what the machine must be; `gpu`; `commit`, None where all see the folder; `source`, a
            repository that has it; `commands` of the stages before training; `inputs`, the paths
            that training reads of what they make, and their `digest`.

    Raises:
        OSError, ValueError: why that cannot be.
    """
    if study["kind"] != machine(study["gpu"]):
        raise ValueError(f"its hardware is {machine(study['gpu'])}, not {study['kind']}")
    if sees(study):
        return str(study["folder"])
    if not study["commit"]:
        raise ValueError("it does not see the head's folder, as the others do")
    commit, source = study["commit"], study["source"]
    place = Path.cwd() / "study" / commit[:12]
    ready = place / ".scratch" / "ready"
    with locked(place.parent / f"{place.name}.lock"):
        if ready.exists() and ready.read_text() == study["digest"]:
            return str(place)
        _said(["git", "init", "--quiet", str(place)])
        try:
            _said(["git", "fetch", "--quiet", "--depth=1", source, commit], place)
            _said(["git", "checkout", "--quiet", "--force", "--detach", commit], place)
        except ValueError as error:
            raise ValueError(
                f"it cannot get commit {commit[:12]} from {source} ({error}); `git push` it, or "
                "give its address with GIT=ADDRESS"
            ) from None
        for command in study["commands"]:
            _said([sys.executable, *shlex.split(command)[1:]], place)  # `python ...`
        if digest(place, study["inputs"]) != study["digest"]:
            raise ValueError(f"{', '.join(study['inputs'])} differ from those of the head")
        ready.parent.mkdir(exist_ok=True)
        ready.write_text(study["digest"])
    return str(place)


async def prepared(study: Mapping[str, Any]) -> str:
    """As `prepare`, while the worker goes on talking to its scheduler."""
    return await asyncio.to_thread(prepare, study)


def run(study: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    """Trains one run, in a process of its own: one that held the interpreter would silence the
    worker. Ends it when the head has gone or given it up, and when the worker closes.

    Args:
        study: as `prepare` has it, and `topic`, under which the head listens.
        job: the fields of a `runner.jobs.Job`, and `environment`, what its process has set.

    Returns:
        The fields of a `runner.jobs.Outcome`.
    """
    from distributed import Reschedule, get_worker

    worker: Any = get_worker()
    task = worker.get_current_task()

    def wanted() -> bool:
        state = worker.state.tasks.get(task)
        closing = worker.status.name in ("closing", "closed", "failed")
        return not closing and state is not None and state.state == "executing"

    def tell(**content: Any) -> None:
        worker.log_event(study["topic"], {"key": job["key"], "name": str(worker.name), **content})

    try:
        place = Path(prepare(study))
        elsewhere = place != Path(study["folder"])
        log = place / "logs" / f"{job['key']}.log"
        # Another worker of this folder may still be stopping the same run.
        with locked(place / ".scratch" / "locks" / job["key"]):
            status = _train(job, place, log, wanted, tell if elsewhere else lambda **_: None)
            if status is None:
                raise Reschedule
            outs = job["outs"] if elsewhere and status == 0 else []
            return {
                "key": job["key"],
                "status": status,
                "log": log.read_text(encoding="utf-8", errors="replace"),
                "files": {f: (place / f).read_bytes() for f in _files(place, outs)},
            }
    except (OSError, ValueError) as error:
        # Such a worker is free again at once and would soon have failed every run: it leaves.
        tell(leaves=str(error))
        worker.loop.add_callback(worker.close, reason="it cannot train")
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one at a time, of all machines that share the folder, and gone with its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _train(
    job: Mapping[str, Any],
    place: Path,
    log: Path,
    wanted: Callable[[], bool],
    tell: Callable[..., None],
) -> int | None:
    """The status of the run's command; None where it was not `wanted` any more and was stopped."""
    progress = place / ".scratch" / "progress" / f"{job['key']}.json"
    progress.unlink(missing_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    process = start_run(job["command"], job["environment"], log, place)
    told = 0.0
    try:
        while process.poll() is None:
            if not wanted():
                return None
            if time.monotonic() - told >= TELL and progress.exists():
                told = time.monotonic()
                tell(progress=json.loads(progress.read_text(encoding="utf-8")))
            time.sleep(POLL)
        return process.returncode
    finally:
        stop([process])


def _files(place: Path, paths: Sequence[str]) -> list[str]:
    """These files and all files in these folders, relative to `place`."""
    found = [file for path in paths for file in [place / path, *(place / path).rglob("*")]]
    return sorted(file.relative_to(place).as_posix() for file in found if file.is_file())


def _said(command: Sequence[str], place: Path | None = None) -> str:
    """What a command said.

    Raises:
        ValueError: it failed; the message is the last line that it said.
    """
    done = subprocess.run(
        command, cwd=place, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"}, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines() or ["it said nothing"]
        why = next((line for line in lines if line.startswith("fatal: ")), lines[-1])
        raise ValueError(f"{' '.join([Path(command[0]).name, *command[1:]])[:100]}: {why[:300]}")
    return done.stdout.strip()
