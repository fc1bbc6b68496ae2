"""Whether data came out here as they did for the committed results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.lock import Entries

STAGES = ("fetch", "preprocess", "split")  # in their order


def otherwise(here: Entries, committed: Entries) -> list[str]:
    """What the same code made of the same settings and the same data, and is not the same.

    Processors round differently, and so may the libraries that compute on them.

    Args:
        here: what dvc.lock says now, after those stages ran.
        committed: what the last commit's says.

    Returns:
        Paths of outputs.
    """
    found = []
    for stage in STAGES:
        now, then = here.get(stage), committed.get(stage)
        if now is None or then is None or now["cmd"] != then["cmd"]:
            continue
        if _digests(now, "deps") == _digests(then, "deps"):
            before = _digests(then, "outs")
            found += [path for path, md5 in _digests(now, "outs").items() if before[path] != md5]
    return found


def _digests(entry: Mapping[str, Any], section: str) -> dict[str, str]:
    return {item["path"]: item["md5"] for item in entry.get(section, [])}
