"""What DVC and git report of the project. Only the head asks, by their public interfaces."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ablation.base.errors import UserError
from ablation.study.reading import PAPER, PARAMS, read
from ablation.study.resolution import resolve
from runner.local import STOPPING, call

DVC = (sys.executable, "-m", "dvc")
# Of runs that are no longer in the graph, or not recorded yet, too.
RUNS = ("models/runs", "models/provenance")
MADE = ("dvc.lock", "reports", "models")  # what a merge may take from either side


def stale() -> dict[str, list[Any]]:
    """Stage -> what of it changed, as `dvc status` says it; nothing where all is up to date."""
    with _project() as repo:
        return repo.status()


def commit(stage: str) -> None:
    """Records what a stage has written beside DVC. Signals wait until that is done.

    Else one could leave half a dvc.lock.

    Raises:
        KeyboardInterrupt: one came.
    """
    from dvc.lock import LockError

    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in STOPPING}
    try:
        with _project() as repo:
            while not came:
                with suppress(LockError):  # a person's `dvc status`; this has waited some seconds
                    repo.commit(stage, force=True)
                    break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


@contextmanager
def held(paths: Iterable[str]) -> Iterator[None]:
    """Keeps other DVC processes from these paths, as a stage does while it runs.

    Raises:
        UserError: another one writes there.
    """
    from dvc.rwlock import rwlock

    with ExitStack() as stack:
        with _project() as repo:
            ours = " ".join(sys.argv)  # as DVC names this process, which commits while it holds
            written = [str(Path(path).absolute()) for path in paths]
            stack.enter_context(rwlock(repo.tmp_dir, repo.fs, ours, [], written, False))
        yield


def refuse_unmerged() -> None:
    """Refuses what a merge has left, since runs are taken from the last commit alone.

    Raises:
        UserError: there are conflicts, or the merge brings runs and is not committed.
    """
    unmerged = git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines()
    if unmerged:
        made = sorted({top for path in unmerged if (top := path.partition("/")[0]) in MADE})
        edited = [path for path in unmerged if path.partition("/")[0] not in MADE]
        steps = [f"resolve {', '.join(edited)} by hand"] if edited else []
        steps += [f"`git checkout HEAD -- {' '.join(made)}`"] if made else []
        raise UserError(
            f"conflicts in {', '.join(made + edited)}: {', '.join(steps)}, `git add --all`, finish "
            "as `git status` says, and run the same command again (docs/add-an-arm.md)"
        )
    names = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD")
    asked = [word for name in names for word in ("--git-path", name)]
    heads = git("rev-parse", *asked).splitlines()
    new = git("diff", "--cached", "--name-only", "--relative", "--", *RUNS).splitlines()
    if new and any(Path(head).exists() for head in heads):
        raise UserError(
            f"a merge is not finished and adds {new[0]}; finish it first, as `git status` says, "
            "since runs are taken from the last commit only"
        )


def results() -> list[str]:
    """The files and folders of the graph's outputs that git has, or would take."""
    with _project() as repo:
        return sorted({str(out) for out in repo.index.outs if not out.use_cache})


@contextmanager
def _project() -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.ERROR)  # among the runs' progress it would be lost
    try:
        with Repo() as repo:
            yield repo
    except Exception as error:
        # For a mistake in params.yaml DVC names no key, and may fail itself; resolve says it.
        resolve(read(PARAMS), read(PAPER))
        if not isinstance(error, DvcException):
            raise
        told = " ".join(str(error).split())
        if "dvc.lock" in told:
            told += "; `git checkout HEAD -- dvc.lock` restores the committed one"
        raise UserError(f"DVC: {told}") from error


def dvc(*arguments: str) -> None:
    """A command of DVC, its output shown.

    Raises:
        UserError: it failed, and has said why.
    """
    sys.stdout.flush()
    if call([*DVC, *arguments]) != 0:
        raise UserError(f"`dvc {' '.join(arguments)}` failed; see its message above")


def git(*arguments: str, given: str = "") -> str:
    """What a command of git prints.

    Raises:
        UserError: it failed, or is not installed.
    """
    try:
        done = subprocess.run(
            ["git", *arguments], input=given, check=False, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise UserError("git is not installed, or not on the PATH") from None
    if done.returncode != 0:
        if not Path(".git").exists():
            raise UserError(
                "this folder is no git repository, which DVC needs; `git init`, `git add .` and "
                "`git commit` make it one"
            )
        raise UserError(f"`git {arguments[0]}`: {' '.join(done.stderr.split())}")
    return done.stdout


def files(arguments: Sequence[str], paths: Collection[str]) -> list[str]:
    """The files below `paths` that a listing of git (`ls-tree`, `ls-files`) has."""
    return [name for name in git(*arguments, "-z", "--", *paths).split("\0") if name]
