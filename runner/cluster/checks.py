"""What is held to before a study is handed out; each refusal is one line with what to do."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ablation.study.checks import shown
from runner import git
from runner.graph import StudyError

# What DVC writes while a study runs: no worker reads it.
OWN = ("reports/", "results/", "models/", "dvc.lock")
FEW = 3  # names that are listed and not counted

START = (
    "start one: DASK_CONFIG=runner/cluster/dask.yaml dask worker {address} --nthreads 1 "
    '--resources "{needed}" (docs/cluster.md)'
)


def address(text: str) -> str:
    """The scheduler's address.

    Raises:
        StudyError: it is none.
    """
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:[0-9]{1,5}", text):
        raise StudyError(
            f"SCHEDULER is {shown(text)}; allowed: tcp://HOST:PORT, as `dask scheduler` says it"
        )
    return text


def refuse_uncommitted(code: Iterable[str]) -> None:
    """Raises where this folder is not as the last commit has it: workers get the commit.

    Args:
        code: files and folders in which a file that git does not know matters too.

    Raises:
        StudyError: naming the files.
    """
    within = tuple(code)
    new = {name for name in git.present() - git.tracked() if _inside(name, within)}
    changed = sorted(n for n in git.differing() | new if not n.startswith(OWN))
    if changed:
        raise StudyError(
            f"{some(changed)} {'is' if len(changed) == 1 else 'are'} not as in the last commit, "
            "which is what workers get; commit, and run the same command again"
        )


def source(given: str | None) -> tuple[str, str]:
    """The last commit, and the address of the repository that workers get it from.

    Args:
        given: that address; None for the remote `origin`, and without one for this folder.
    """
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        raise StudyError("there is no commit, and a commit is what workers get; commit first")
    found = given or _git("remote", "get-url", "origin") or "."
    # A path is one from here, not from where a worker is.
    return commit, str(Path(found).resolve()) if Path(found).exists() else found


def refuse_commit(commit: str, source: str, told: Mapping[str, str]) -> None:
    """Raises where a worker cannot get the commit.

    Args:
        told: worker -> why not; empty where it has it.
    """
    without = {name: why for name, why in told.items() if why}
    if without:
        raise StudyError(
            f"{some(sorted(without))} cannot get commit {commit[:12]} from {source} "
            f"({next(iter(without.values()))[:200]}); `git push` it, or say with GIT=ADDRESS where "
            "workers find it"
        )


def refuse_no_places(places: int, workers: int, needed: str, address: str) -> None:
    """Raises where no worker has what a run needs.

    Args:
        needed: as a worker is told that it has it, GPU=1 say.
    """
    if places:
        return
    there = f"none of {workers} workers has" if workers else "there is no worker with"
    start = START.format(address=address, needed=needed)
    raise StudyError(f"{there} the resource {needed} at {address}; {start}")


def refuse_settings(found: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    """Raises where the scheduler was started without the study's configuration.

    Args:
        found: setting -> value, of the scheduler.
        wanted: those of runner/cluster/dask.yaml.
    """
    other = [f"{k} is {found.get(k)}" for k, value in wanted.items() if found.get(k) != value]
    if other:
        raise StudyError(
            f"the scheduler runs without the study's settings ({', '.join(other)}); start it "
            "with DASK_CONFIG=runner/cluster/dask.yaml dask scheduler"
        )


def refuse_kinds(machines: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What the workers are, where all are the same.

    Args:
        machines: worker -> what it is, in words.

    Raises:
        StudyError: naming what differs, and who has what.
    """
    aspects = next(iter(machines.values()))
    for aspect in aspects:
        have: dict[str, list[str]] = defaultdict(list)
        for name, machine in sorted(machines.items()):
            have[machine.get(aspect, "unknown")].append(name)
        if len(have) > 1:
            said = "; ".join(f"{value} on {some(names)}" for value, names in have.items())
            raise StudyError(
                f"workers differ in {aspect}: {said}; runs are compared by seed, so all must be "
                "of one kind: stop the others and start the study again"
            )
    return dict(aspects)


def refuse_pins(machine: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Raises where the workers' versions are not this environment's.

    Args:
        machine: what the workers are.
        here: the same of the head, of which Python and packages count.
    """
    minor = {**here, "Python": here["Python"].rpartition(".")[0]}
    theirs = {**machine, "Python": machine["Python"].rpartition(".")[0]}
    other = [
        f"{name} {theirs[name]} there, {value} here"
        for name, value in minor.items()
        if name in theirs and name not in ("processor", "GPU") and theirs[name] != value
    ]
    if other:
        raise StudyError(
            f"workers have other versions than this environment: {', '.join(other)}; install "
            "requirements.txt of this commit there, with the same Python (`make cluster`)"
        )


def _inside(name: str, folders: Sequence[str]) -> bool:
    return any(name == folder or name.startswith(f"{folder}/") for folder in folders)


def some(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None
