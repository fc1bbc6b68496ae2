"""The text of params.yaml: reading it, writing a scale or a value, and how two versions differ."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablation.study.checks import ConfigError, is_name, listed, shown
from ablation.study.reading import decoded, events
from ablation.study.reading import read as read_bytes
from runner import graph

PARAMS = Path("params.yaml")


def load() -> str:
    """The text of params.yaml.

    Raises:
        StudyError: there is none that can be read.
    """
    try:
        return decoded(PARAMS.read_bytes())
    except OSError as error:
        raise graph.StudyError(f"{PARAMS}: {error.strerror}; `git checkout {PARAMS}`") from None
    except ConfigError as error:
        raise graph.StudyError(f"{PARAMS}: {error}") from None


def with_scale(text: str, scale: str) -> str:
    """This params.yaml with that scale, its comments and layout kept.

    Raises:
        StudyError: it has no such scale.
    """
    tree = read(text)
    scales = section(tree, "scales")
    if scale not in scales or not is_name(scale):
        raise graph.StudyError(f"SCALE is {shown(scale)}; allowed: {listed(scales)}")
    if "scale" not in tree:
        raise graph.StudyError(f"{PARAMS}: scale is missing; allowed: {listed(scales)}")
    if tree["scale"] == scale:
        return text
    wanted = {**tree, "scale": scale}
    start, end = _place_of(text, "scale")
    after = f"{text[:start]}{scale}{text[end:]}"
    if _reads_as(after, wanted):
        return after
    # Where another place repeats it by an anchor, or it is no word, DVC lays out the file anew.
    after = as_dvc_writes(text, scale)
    if _reads_as(after, wanted):
        return after
    raise graph.StudyError(f"{PARAMS}: the scale cannot be written; write `scale: {scale}` there")


def _reads_as(text: str, tree: Any) -> bool:
    try:
        return bool(read(text) == tree)
    except graph.StudyError:
        return False


def _place_of(text: str, key: str) -> tuple[int, int]:
    """From where to where in the text the value of a key of the outermost mapping stands."""
    depth, is_key, found = 0, True, False
    for event in events(text):
        kind = type(event).__name__
        if depth == 1 and kind in ("ScalarEvent", "AliasEvent") and found:
            return event.start_mark.index, event.end_mark.index
        if depth == 1 and kind != "MappingEndEvent":
            found = is_key and getattr(event, "value", None) == key
            is_key = not is_key
        depth += kind.endswith("StartEvent") and kind[:3] in ("Map", "Seq")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
    return len(text), len(text)


def as_dvc_writes(text: str, scale: str) -> str:
    """This params.yaml after `dvc exp run -S scale=SCALE`, which lays out all of it anew."""
    return changed(text, [f"scale={scale}"])


def changed(text: str, overrides: Sequence[str]) -> str:
    """This params.yaml after `dvc exp run -S` with these overrides.

    Raises:
        StudyError: an override that cannot be read or names a key that the file has not.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PARAMS.name
        path.write_text(text, encoding="utf-8")
        graph.change(overrides, path)
        return path.read_text(encoding="utf-8")


def read(text: str) -> Any:
    """The tree in a params.yaml, read as DVC reads it (YAML 1.2, where 1e-05 is a number).

    Raises:
        StudyError: it is no YAML; the message names the line.
    """
    try:
        return read_bytes(text.encode("utf-8"))
    except ConfigError as error:
        raise graph.StudyError(f"{PARAMS}: {error}") from None


def section(tree: Any, key: str) -> dict[str, Any]:
    """A section of params.yaml.

    Raises:
        StudyError: there is none.
    """
    found = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(found, dict):
        raise graph.StudyError(f"{PARAMS}: the section {key} is missing")
    return found


def changes(before: Any, after: Any) -> list[str]:
    """What makes `after` of `before`, as `dvc exp run -S` takes it: KEY=VALUE, +KEY=VALUE, ~KEY."""
    old, new = _leaves(before), _leaves(after)
    return [
        *(f"{key}={_word(new[key])}" for key in new if key in old and old[key] != new[key]),
        *(f"+{key}={_word(new[key])}" for key in new if key not in old),
        *(f"~{key}" for key in old if key not in new),
    ]


def _leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    """`a.b.c` -> value, of everything in the tree that is no dictionary, or an empty one."""
    if not isinstance(tree, dict) or (prefix and not tree):
        return {prefix: tree}
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    return found


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
