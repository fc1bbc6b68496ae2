"""dvc.lock outlives whatever happens while it is written: a last good copy is kept beside DVC.

Plain `dvc repro` writes the file in place, so a kill or a power cut in that second leaves half of
it, and DVC reads no half. Whoever starts next brings the copy back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ruamel.yaml.error import YAMLError

from ablation.base.files import write_text
from runner.dvc import read
from runner.graph import StudyError
from runner.lock import LOCK

KEPT = Path(".dvc/tmp/dvc.lock")  # a folder that DVC keeps out of git
DAMAGED = Path("dvc.lock.damaged")


def keep(text: str) -> None:
    """Keeps the text of a lock file that is whole, once DVC has worked here: before, git has it."""
    if KEPT.parent.is_dir():
        write_text(KEPT, text)


def at_start() -> None:
    """What every command does first that reads dvc.lock: says it where `restore` did something.

    Raises:
        StudyError: it is no lock file and there is no copy.
    """
    told = restore()
    if told:
        print(told, flush=True)


def restore() -> str | None:
    """Brings the last good copy back where dvc.lock is none; keeps a copy where it is one.

    Returns:
        What was done, in one line; None where nothing had to be.

    Raises:
        StudyError: it is no lock file and there is no copy.
    """
    if not LOCK.exists():
        return None
    text = _whole(LOCK)
    if text is None:
        with _alone():  # one that plain `dvc repro` is writing is no damaged one
            text = _whole(LOCK)
            if text is None:
                return _bring_back()
    if _text(KEPT) != text:
        keep(text)
    return None


def _bring_back() -> str:
    kept = _whole(KEPT)
    if kept is None:
        raise StudyError(
            f"{LOCK} is damaged and there is no copy of it; `git checkout {LOCK}` brings back the "
            "committed one, and what DVC's cache has is not trained again"
        )
    LOCK.replace(DAMAGED)
    write_text(LOCK, kept)
    return f"{LOCK} was damaged: the last good copy is back, the damaged one is {DAMAGED}"


@contextmanager
def _alone() -> Iterator[None]:
    """While no DVC writes in this project; at once where there is none."""
    from dvc.repo import Repo

    with ExitStack() as held:
        with suppress(Exception):  # what keeps DVC from opening a folder is no fixed list
            held.enter_context(held.enter_context(Repo(_wait_for_lock=True)).lock)
        yield


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _whole(path: Path) -> str | None:
    """The text of a lock file; None where it is none."""
    text = _text(path)
    if text is None:
        return None
    try:
        content = read(text)
    except (YAMLError, ValueError):
        return None
    whole = isinstance(content, dict) and "schema" in content
    stages = content.get("stages", {}) if whole else None
    if not isinstance(stages, dict) or not all(isinstance(one, dict) for one in stages.values()):
        return None
    return text
