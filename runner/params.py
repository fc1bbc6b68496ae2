"""params.yaml as a person edits it: the scale in it, and what differs from another version."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from ablation.base.files import read_yaml, write_text
from runner import graph

PARAMS = Path("params.yaml")
ON_GPU = {"backend": "jax", "engine": "compiled"}  # of the section train


def set_scale(scale: str) -> bool:
    """Writes the scale into params.yaml, where `dvc repro` finds it, and leaves the rest alone.

    Returns:
        Whether another stood there.

    Raises:
        StudyError: params.yaml has no such scale.
    """
    scales = read_yaml(PARAMS)["scales"]
    if scale not in scales:
        raise graph.StudyError(f"SCALE is {scale!r}; allowed: {', '.join(scales)}")
    before = PARAMS.read_text(encoding="utf-8")
    after = re.sub(r"^scale: *\w+", f"scale: {scale}", before, count=1, flags=re.MULTILINE)
    if after == before:
        return False
    write_text(PARAMS, after)
    return True


def set_for_gpu() -> bool:
    """Writes what trains fast on a GPU, since a run's result depends on it.

    Returns:
        Whether anything else stood there.
    """
    train = read_yaml(PARAMS)["train"]
    if all(train[key] == value for key, value in ON_GPU.items()):
        return False
    graph.change([f"train.{key}={value}" for key, value in ON_GPU.items()])
    return True


def as_dvc_writes(text: str, scale: str) -> str:
    """This params.yaml after `dvc exp run -S scale=SCALE`, which lays out all of it anew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PARAMS.name
        path.write_text(text, encoding="utf-8")
        graph.change([f"scale={scale}"], path)
        return path.read_text(encoding="utf-8")


def read(text: str) -> Any:
    """The tree in a params.yaml, read as DVC reads it (YAML 1.2, where 1e-05 is a number).

    Raises:
        StudyError: it is no YAML; the message names the line.
    """
    from dvc.utils.serialize import ParseError, parse_yaml

    try:
        return parse_yaml(text, PARAMS.name)
    except ParseError as error:
        raise graph.StudyError(" ".join(str(error.__cause__ or error).split())) from None


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
