"""The project's own params.yaml as a tree, and ways to change one value of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ablation.study.checks import ConfigError
from ablation.study.reading import read
from ablation.study.resolution import resolve

Tree = dict[str, Any]
Path_ = tuple[str | int, ...]

ROOT = Path(__file__).parent.parent
PARAMS: Tree = read((ROOT / "params.yaml").read_bytes())
PAPER: Tree = read((ROOT / "paper.yaml").read_bytes())
ARMS: Tree = {**PARAMS["arms"], **PARAMS["costly_arms"]}  # of both sections
SCALE = "smoke"
SCALES = tuple(PARAMS["scales"])


def put(tree: Tree, path: str | Path_, value: Any) -> None:
    """Sets the value at `path`, whose missing parents are made."""
    parts = path.split(".") if isinstance(path, str) else path
    node: Any = tree
    for part in parts[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node[part]
    node[parts[-1]] = value


def drop(tree: Tree, path: str | Path_) -> None:
    parts = path.split(".") if isinstance(path, str) else path
    node: Any = tree
    for part in parts[:-1]:
        node = node[part]
    del node[parts[-1]]


def leaves(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """(path, value) of everything in `tree` that is no dictionary and no list."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path, tree


def mistake(params: Tree, paper: Tree = PAPER) -> str:
    """The message that `params` is refused with, which must be one line."""
    with pytest.raises(ConfigError) as error:
        resolve(params, paper)
    message = str(error.value)
    assert message
    assert message == message.strip(" :")
    assert "\n" not in message
    assert "pydantic" not in message
    return message
