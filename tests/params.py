"""The project's own params.yaml and paper.yaml as trees, and ways to change one value of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ablation.study.reading import read

Tree = dict[str, Any]
Path_ = tuple[str | int, ...]

ROOT = Path(__file__).parent.parent
PARAMS: Tree = read(ROOT / "params.yaml")
PAPER: Tree = read(ROOT / "paper.yaml")
ARMS: Tree = {**PARAMS["arms"], **PARAMS["costly_arms"]}  # of both sections
SCALES = tuple(PARAMS["scales"])
# How git names who commits, where a machine has no name set.
WHO = ("-c", "user.name=test", "-c", "user.email=test@example.org")
MNIST_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # of 60,000 by class


def put(tree: Tree, path: str | Path_, value: Any) -> None:
    """Sets the value at `path`, whose missing parents are made."""
    parts = path.split(".") if isinstance(path, str) else path
    node: Any = tree
    for part in parts[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node[part]
    node[parts[-1]] = value


def leaves(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """(path, value) of everything in `tree` that is no dictionary and no list."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path, tree
