"""A checkout of the study's commit in a worker's own folder, brought to the head's inputs.

Workers that were started in one folder share the checkout, and with it checkpoints: what one has
begun another goes on with.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runner.cluster.worker.digests import of


def folder(commit: str) -> Path:
    """Where the checkout of a commit lies: below the folder that the worker was started in."""
    return Path.cwd() / "study" / commit[:12]


def bring(commit: str, source: str) -> str:
    """Brings the commit into its folder; why it could not, in one line, else nothing.

    Args:
        source: the address of a repository that has it.
    """
    place = folder(commit)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with locked(place.parent / f"{place.name}.lock"):
            if not (place / ".git").exists():
                git(place, "init", "--quiet")
            if git(place, "rev-parse", "--verify", "--quiet", "HEAD", check=False) == commit:
                return ""
            try:
                git(place, "fetch", "--quiet", "--depth=1", source, commit)
            except ValueError:  # not every server gives a commit by its name
                git(place, "fetch", "--quiet", source, "+refs/heads/*:refs/heads/head/*")
            git(place, "checkout", "--quiet", "--force", "--detach", commit)
    except (OSError, ValueError) as error:
        return " ".join(str(error).split())
    return ""


async def brought(commit: str, source: str) -> str:
    """As `bring`, while the worker's own loop goes on."""
    return await asyncio.to_thread(bring, commit, source)


def inputs(place: Path, wanted: Sequence[Mapping[str, Any]], shared: str) -> str:
    """Brings what the stages before training make; what came out otherwise in one line, or nothing.

    Args:
        wanted: for each of these stages, in order, its name, its command, and path -> digest of
            what it makes.
        shared: the head's folder. Where it is visible here, files are copied out of it; else, and
            where they are not the head's any more, the stage runs here.
    """
    with locked(place / ".scratch" / "inputs.lock"), looks(place) as known:
        for stage in wanted:
            missing = {p: md5 for p, md5 in stage["outs"].items() if of(place / p, known) != md5}
            for path, md5 in list(missing.items()):
                if _copied(Path(shared) / path, place / path, md5):
                    del missing[path]
            if not missing:
                continue
            command = [sys.executable, *shlex.split(stage["command"])[1:]]
            done = subprocess.run(
                command, cwd=place, env=environment(place), check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True,
            )  # fmt: skip
            if done.returncode != 0:
                last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
                return f"the stage {stage['stage']} failed there: {last}"
            for path, md5 in missing.items():
                if of(place / path, known) != md5:
                    return f"{path} came out otherwise there than on the head"
    return ""


def differing(place: Path, deps: Mapping[str, str]) -> list[str]:
    """The paths whose digest is another than the head's."""
    with locked(place / ".scratch" / "inputs.lock"), looks(place) as known:
        return [path for path, md5 in deps.items() if of(place / path, known) != md5]


def environment(place: Path) -> dict[str, str]:
    """Of a stage that runs there: as DVC sets it, and no code left beside code."""
    outer = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "DVC_"))}
    return {
        **outer,
        "DVC_ROOT": str(place),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(place),
    }


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one at a time, of all machines that share the folder, and gone with its holder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def looks(place: Path) -> Iterator[dict[str, Any]]:
    """How the files looked when their digests were taken; it is kept for the next run."""
    path = place / ".scratch" / "digests.json"
    try:
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    yield known
    whole(path, json.dumps(known).encode())


def whole(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.write_bytes(content)
    temporary.replace(path)


def git(place: Path, *arguments: str, check: bool = True) -> str:
    """What git says.

    Raises:
        ValueError: it failed; the message is the first line in which git says why.
    """
    outer = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments], cwd=place, env={**outer, "GIT_TERMINAL_PROMPT": "0"},
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if check and done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["git failed"]
        raise ValueError(next((line for line in lines if line.startswith("fatal: ")), lines[-1]))
    return done.stdout.strip()


def _copied(source: Path, target: Path, md5: str) -> bool:
    """Whether the right content was there to be copied.

    Raises:
        OSError: it could not be read or written, on a full disk say.
    """
    if not source.exists():
        return False
    new = target.with_name(f"{target.name}.{os.getpid()}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.is_dir():
            shutil.copytree(source, new)
        else:
            shutil.copyfile(source, new)
        if of(new) != md5:
            return False
        remove(target)
        new.replace(target)
        return True
    except shutil.Error as error:  # it lists every file
        raise OSError(error.args[0][0][-1]) from None
    finally:
        remove(new)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
