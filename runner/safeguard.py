"""dvc.lock outlives whatever happens while it is written: a last good copy is kept beside DVC.

Plain `dvc repro` writes the file in place, so a kill or a power cut in that second leaves half of
it, and DVC reads no half. Whoever starts next brings the copy back.
"""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml.error import YAMLError

from ablation.base.files import write_text
from runner.dvc import read
from runner.graph import StudyError
from runner.lock import LOCK

KEPT = Path(".dvc/tmp/dvc.lock")  # a folder that DVC keeps out of git
DAMAGED = Path("dvc.lock.damaged")


def keep(text: str) -> None:
    """Keeps the text of a lock file that is whole."""
    if KEPT.parent.parent.is_dir():  # else this is no project
        write_text(KEPT, text)


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
    if text is not None:
        if _text(KEPT) != text:
            keep(text)
        return None
    kept = _whole(KEPT)
    if kept is None:
        raise StudyError(
            f"{LOCK} is damaged and there is no copy of it; `git checkout {LOCK}` brings back the "
            "committed one, and what DVC's cache has is not trained again"
        )
    LOCK.replace(DAMAGED)
    write_text(LOCK, kept)
    return f"{LOCK} was damaged: the last good copy is back, the damaged one is {DAMAGED}"


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
