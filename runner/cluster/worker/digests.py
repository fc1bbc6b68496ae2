"""Digests of files and folders as DVC takes them, so that a worker needs no DVC to compare them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

BY_PRODUCTS = ("__pycache__", ".pyc", ".pyo")  # what .dvcignore keeps from DVC and may be here


def of(path: Path, known: dict[str, Any] | None = None) -> str | None:
    """MD5 of a file; of a folder that of its list of files, with `.dir`; None where there is none.

    Args:
        known: file -> size, time, inode and digest from an earlier look, which is added to. A file
            that looks as before is not read again: data sets are large.
    """
    if path.is_file():
        return _of_file(path, known)
    if not path.is_dir():
        return None
    listed = [
        {"md5": _of_file(file, known), "relpath": file.relative_to(path).as_posix()}
        for file in path.rglob("*")
        if file.is_file() and not any(p.endswith(BY_PRODUCTS) for p in file.relative_to(path).parts)
    ]
    listed.sort(key=lambda item: item["relpath"])
    return of_bytes(json.dumps(listed, sort_keys=True).encode("utf-8")) + ".dir"


def of_bytes(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _of_file(path: Path, known: dict[str, Any] | None) -> str:
    found = path.stat()
    look = [found.st_size, found.st_mtime_ns, found.st_ino]
    name = str(path.absolute())
    if known is not None and name in known and known[name][:3] == look:
        return known[name][3]
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if known is not None:
        known[name] = [*look, digest.hexdigest()]
    return digest.hexdigest()
