"""Takes away what lies where results belong, of runs that are gone and of stages that were stopped.

The stages after training depend on the folders of all runs. What a removed arm or seed left there
would count as theirs, and their digests would be others than in a fresh clone. What a stage wrote
that was stopped before DVC recorded it is in the way of what DVC would bring back.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from runner.store import Objects

ASIDE = Path(".scratch/aside")


def remove(outs: Iterable[str], cache: Objects) -> list[str]:
    """Removes what lies beside these outputs and is none of them, where DVC has it in its cache.

    So nothing is lost: when the arm comes back, DVC brings it from there. A person's own file is in
    no cache and stays.

    Returns:
        The paths.
    """
    own = set(outs)
    removed = []
    for folder in sorted({Path(path).parent for path in own}):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if path.as_posix() in own or not _cached(path, cache):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            removed.append(path.as_posix())
    return removed


def set_aside(outs: Iterable[Any], cache: Objects) -> list[str]:
    """Moves what lies in the place of these outputs into `ASIDE`, where DVC has no copy of it.

    So it is in nobody's way, and a person's own file is not lost. What is as dvc.lock says stays.

    Args:
        outs: DVC's own objects.

    Returns:
        What there is to say, in a line or none.
    """
    moved = []
    for out in outs:
        path = Path(out.fs_path)
        if not path.exists():
            continue
        now = out.get_hash()
        if now == out.hash_info or cache.holds(now.value):
            continue
        target = ASIDE / out.def_path
        if target.is_dir():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
        moved.append(out.def_path)
    if not moved:
        return []
    named = moved[0] if len(moved) == 1 else f"{moved[0]} and {len(moved) - 1} more"
    return [f"{named}: of no run that DVC has recorded, so now in {ASIDE}"]


def _cached(path: Path, cache: Objects) -> bool:
    """Whether all files of an output have a copy there, and there is one."""
    files = [file for file in (path, *path.rglob("*")) if file.is_file()]
    digests = [hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in files]
    return bool(files) and all(cache.path(digest).is_file() for digest in digests)
