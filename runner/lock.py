"""What dvc.lock says of runs: which are finished, and what they were made of and made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablation.base.files import write_text
from runner import dvc
from runner.graph import STAGES

LOCK = Path("dvc.lock")

Entries = Mapping[str, Mapping[str, Any]]  # stage -> what dvc.lock says of it


@dataclass(frozen=True)
class Run:
    """One finished run, as dvc.lock records it.

    Attributes:
        key: ARM-SEED.
        entries: what dvc.lock says of its stages, by their names.
    """

    key: str
    entries: Entries

    @property
    def outs(self) -> dict[str, str]:
        """Path -> digest of everything that the run left."""
        return {path: md5 for entry in self.entries.values() for path, md5 in _of(entry, "outs")}

    @property
    def deps(self) -> dict[str, str]:
        """Path -> digest of what the run was made of, without what it made itself."""
        outs = self.outs
        return {
            path: md5
            for entry in self.entries.values()
            for path, md5 in _of(entry, "deps")
            if path not in outs
        }


def read(text: str) -> dict[str, Any]:
    """Stage -> what a lock file of this text says of it."""
    return dvc.read(text).get("stages", {})


def put(entries: Entries) -> None:
    """Puts these entries into dvc.lock; DVC's lock is the caller's."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    content = dvc.read(text) or {"schema": "2.0"}
    write_text(LOCK, dvc.write(content | {"stages": content.get("stages", {}) | dict(entries)}))


def finished(entries: Entries, keys: Collection[str]) -> dict[str, Run]:
    """Of the runs `keys` those that were trained, and judged since.

    A run that has trained again and is not yet judged has an evaluation of another network.
    """
    found = {}
    for key in keys:
        own = {name: entries[name] for name in names(key) if name in entries}
        made: dict[str, str] = {}
        whole = len(own) == len(STAGES)
        for entry in own.values():
            whole = whole and all(made.get(path, md5) == md5 for path, md5 in _of(entry, "deps"))
            made |= dict(_of(entry, "outs"))
        if whole:
            found[key] = Run(key, own)
    return found


def names(key: str) -> list[str]:
    """The stages of one run, in their order."""
    return [f"{stage}@{key}" for stage in STAGES]


def _of(entry: Mapping[str, Any], section: str) -> list[tuple[str, str]]:
    """Path and digest of each dependency or output with one."""
    return [(item["path"], item["md5"]) for item in entry.get(section, []) if "md5" in item]
