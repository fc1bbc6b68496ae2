"""Random damage: to a tree of values, to a text, and to the bytes of a file between stages."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Tree = dict[str, Any]

STRANGE: list[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 64, 10**6, 2**31, 2**32, 2**63, -(2**63), 10**30, 10**5000,
    0.0, 0.5, 0.999, 1.0, -0.5, 1e-5, 1e-300, 1e9, 1e300, float("inf"), float("nan"),
    "", " ", "x", "none", "adam", "baseline", "index", "on", "010", "$x^$", "a\nb",
    "\x00", "\ud800",
    "\u2028", "../../etc", "_hidden", "x" * 5000, "é" * 200, "paper", "jax", "kaggle", "label",
    [], [0], [[1]], [None], ["adam", "adam"], [1, 2, 3] * 2000, {}, {"x": 1}, {"not": None},
    {"": {}}, {"a" * 300: 1},
]  # fmt: skip
SNIPPETS = [
    b"\xff", b"\x00", b"\xc3", b"\xef\xbb\xbf",
    b"\x1b[31m", b"\t", b"\r", b"\n", b": ", b"- ", b"[",
    b"]",
    b"{", b"}", b'"', b"'", b"#", b"&a ", b"*a", b"<<: *a",
    b"!!python/object:os.system ",
    b"!!int ",
    b"!x ", b"%YAML 1.1\n---\n", b"---\n", b"...\n", b"2025-13-45", b"1e-05", b"010", b"on",
    b"12:30",
    b"9" * 400, b"[" * 400, b"{a: " * 200, b"0x", b"~", b"|\n", b">-\n", b"? ", b"=",
]  # fmt: skip


def paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a tree stands, inner ones too."""
    found = [path] if path else []
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            found += paths(value, (*path, key))
    return found


def of_tree(tree: Tree, rng: Rng) -> Tree:
    """A copy with one to three values changed, removed, moved, doubled or exchanged."""
    changed = copy.deepcopy(tree)
    for _ in range(rng.integers(1, 4)):
        every = paths(changed)
        path = every[rng.integers(len(every))]
        parent: Any = changed
        for part in path[:-1]:
            parent = parent[part]
        _change(parent, path[-1], changed, every, rng)
    return changed


def _change(parent: Any, key: Any, tree: Tree, every: list[tuple[Any, ...]], rng: Rng) -> None:
    old = parent[key]
    kind = rng.integers(8)
    if kind <= 2:
        parent[key] = copy.deepcopy(STRANGE[rng.integers(len(STRANGE))])
    elif kind == 3:
        del parent[key]
    elif kind == 4 and isinstance(old, int | float) and not isinstance(old, bool):
        factor = [-1, 0, 2, 10, 0.1, 1000, 1e6, 1e12, 1e-6][rng.integers(9)]
        parent[key] = int(old * factor) if isinstance(old, int) else old * factor
    elif kind == 5 and isinstance(parent, dict):
        name = ["colour", "Adam", "index", "a b", "", "x" * 61, "été", 3][rng.integers(8)]
        parent[name] = copy.deepcopy(old)
    elif kind == 6:  # a value from elsewhere
        value: Any = tree
        for part in every[rng.integers(len(every))]:
            value = value[part]
        parent[key] = copy.deepcopy(value)
    elif isinstance(old, list):
        parent[key] = old * int(rng.integers(2, 5))
    else:
        parent[key] = [copy.deepcopy(old)]


def of_bytes(content: bytes, rng: Rng) -> bytes:
    """A copy with one to three places damaged."""
    for _ in range(rng.integers(1, 4)):
        content = BYTES[rng.integers(len(BYTES))](content, rng)
    return content


def _insert(content: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(content) + 1))
    return content[:at] + SNIPPETS[rng.integers(len(SNIPPETS))] + content[at:]


def _remove(content: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(content) + 1))
    return content[:at] + content[at + int(rng.integers(1, 200)) :]


def _flip(content: bytes, rng: Rng) -> bytes:
    if not content:
        return b"\x01"
    changed = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        changed[rng.integers(len(changed))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _line_twice(content: bytes, rng: Rng) -> bytes:
    lines = content.splitlines(keepends=True) or [b"\n"]
    lines.insert(int(rng.integers(len(lines))), lines[rng.integers(len(lines))])
    return b"".join(lines)


def _word(content: bytes, rng: Rng) -> bytes:
    words = content.split(b" ")
    words[rng.integers(len(words))] = SNIPPETS[rng.integers(len(SNIPPETS))]
    return b" ".join(words)


def _cut(content: bytes, rng: Rng) -> bytes:
    return content[: int(rng.integers(len(content) + 1))]


def _noughts(content: bytes, rng: Rng) -> bytes:
    return bytes(len(content))


def _garbage(content: bytes, rng: Rng) -> bytes:
    return rng.bytes(max(1, min(len(content), 5000)))


BYTES: list[Callable[[bytes, Rng], bytes]] = [
    _insert, _insert, _insert, _remove, _flip, _line_twice, _word, _cut,
]  # fmt: skip
OF_FILES: list[Callable[[bytes, Rng], bytes]] = [
    _cut, _cut, _noughts, _garbage, _flip, _remove, _insert, _line_twice,
    lambda content, rng: b"",
]  # fmt: skip


def of_file(content: bytes, rng: Rng) -> bytes:
    """The bytes of a file between stages, damaged as a full disk or a person's slip does."""
    return OF_FILES[rng.integers(len(OF_FILES))](content, rng)
