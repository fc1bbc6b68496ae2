"""What the last commit holds of the project, and how a file comes back from it."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

from runner.graph import StudyError

COMMIT = "HEAD"


def committed(path: Path) -> str:
    """The text of a file as the last commit has it.

    Raises:
        StudyError: there is no commit, or the file is not in it.
    """
    return _git("show", f"{COMMIT}:./{path.as_posix()}")


def tracked() -> set[str]:
    """The files of the last commit."""
    return _names(_git("ls-tree", "-r", "-z", "--name-only", COMMIT))


def present() -> set[str]:
    """The files in this folder that git has or would take: ignored ones are left out."""
    listed = _names(_git("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    return {name for name in listed if Path(name).is_file()}


def differing() -> set[str]:
    """The files that are not, in this folder or in the index, as the last commit has them."""
    return _names(_git("diff", "-z", "--name-only", "--relative", COMMIT)) | _names(
        _git("diff", "-z", "--name-only", "--relative", "--cached", COMMIT)
    )


def restore(names: Collection[str]) -> None:
    """Puts these files of the last commit back into this folder and into the index."""
    # `git checkout PATH` takes them from the index, where DVC has put its new lock file.
    _restore(names, "--staged", "--worktree")


def unstage(names: Collection[str]) -> None:
    """Makes the index hold what the last commit has of these files, and leaves the files."""
    _restore(names, "--staged")


def _restore(names: Collection[str], *where: str) -> None:
    if names:
        listed = ("--pathspec-from-file=-", "--pathspec-file-nul")
        _git("restore", f"--source={COMMIT}", *where, *listed, given="\0".join(names))


def _git(*arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["git", "--literal-pathspecs", *arguments],
        input=given,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise StudyError(f"`git {arguments[0]}` failed: {' '.join(done.stderr.split())}")
    return done.stdout


def _names(listed: str) -> set[str]:
    return set(filter(None, listed.split("\0")))
