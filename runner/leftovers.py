"""Takes away what runs left that are no longer in the study.

The stages after training depend on the folders of all runs. What a removed arm or seed left there
would count as theirs, and their digests would be others than in a fresh clone.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from runner.store import Objects


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


def _cached(path: Path, cache: Objects) -> bool:
    """Whether all files of an output have a copy there, and there is one."""
    files = [file for file in (path, *path.rglob("*")) if file.is_file()]
    digests = [hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in files]
    return bool(files) and all(cache.path(digest).is_file() for digest in digests)
