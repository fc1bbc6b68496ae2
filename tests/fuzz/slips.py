"""What people do to a configuration, on purpose or by a slip: kinds of change to a tree of values.

Each takes the tree, which it may change, and a generator.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Rng = np.random.Generator
Tree = dict[str, Any]
Place = tuple[Any, Any]  # a collection, and the key or number of a value in it

NAMED = ("arms", "figures", "scales", "metrics", "claims")
NAMES = [
    "a" * 60, "a" * 61, "a" * 250, "con", "nul", "index", "backgrounds", "labels", "arms", "data",
    "claims", "runs", "best", "__init__", "0", "-", "a-0", "a.b", "a/b", "..", "~", "été", "a b",
    "A", "", "true", "null", "on", "a\u0301", "\u202ea", "x\n", "x\0", "\ud800", "train", "figures",
]  # fmt: skip
TEXTS = [
    r"$\frac{", "$", "$$", r"a$_b", r"\alpha", "%s %d", "{x}", "{{ x }}", "<b>&amp;</b>", "_hidden",
    " ", "\U0001d518", "", "\x07", "a\tb", "a\nb", "\u2028", "\ud800", "\ufffe", "\ufdd0",
    "\u202eabc", "👩\u200d👧", "نص", "漢字", "a" * 60, "a" * 61, "a" * 500, "#", "\\", '"', "'",
    "|", ",", "a, b", "a (b)", "“a, b”", "--", "=1+1", "`a`", "\u00ad", "\u0301", "Adam",
]  # fmt: skip
EDGES: list[Any] = [
    0, 1, -1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, -(2**63), 2**64, -0.0,
    5e-324, 1e-320, 1.7976931348623157e308, math.nextafter(1, 0), math.nextafter(1, 2), 0.1 + 0.2,
    1e-7, 1e6, 1e16, math.nan, math.inf, -math.inf,
]  # fmt: skip
USUAL: dict[type, list[Any]] = {
    bool: [True, False],
    int: [1, 2, 3, 4, 5, 8, 10, 16, 25, 32, 50, 64, 100, 128, 200, 250, 512],
    float: [0.0, 1e-5, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.25, 0.45, 0.5, 0.9, 0.99, 1.0, 1.5, 10.0],
}


def places(tree: Any) -> Iterator[Place]:
    """Where every value stands that is no mapping."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            if not isinstance(value, dict):
                yield tree, key
            yield from places(value)


def usual(tree: Tree, rng: Rng) -> None:
    """One to four values become others that could be meant, so that most are accepted."""
    every = [one for key in tree if key not in ("sources", "claims") for one in places(tree[key])]
    words: dict[Any, list[Any]] = {}
    for parent, key in every:
        if not isinstance(parent[key], list) and isinstance(parent, dict):
            words.setdefault(key, []).append(parent[key])
    for _ in range(rng.integers(1, 5)):
        parent, key = every[rng.integers(len(every))]
        if isinstance(key, int) and key >= len(parent):
            continue
        old = parent[key]
        if isinstance(old, list):
            change = [old[:-1] or old, old + old[-1:], old[::-1], [old[0]] if old else []]
            parent[key] = change[rng.integers(4)]
        else:
            found = USUAL.get(type(old)) or words.get(key) or [old]
            parent[key] = found[rng.integers(len(found))]


def edge(tree: Tree, rng: Rng) -> None:
    """A number becomes one at the edge of what a type holds, or of another type."""
    every = [
        (parent, key) for parent, key in places(tree)
        if isinstance(parent[key], int | float) and not isinstance(parent[key], bool)
    ]  # fmt: skip
    parent, key = every[rng.integers(len(every))]
    old = parent[key]
    near = [old + 1, old - 1, -old, old * 1024, old / 1024, float(old), int(old), str(old), [old]]
    found = [*EDGES, *near, bool(old), complex(old)]
    parent[key] = found[rng.integers(len(found))]


def circle(tree: Tree, rng: Rng) -> None:
    """Arms that extend one another, themselves, or what is no arm."""
    arms = list(tree["arms"])
    some = [arms[k] for k in rng.permutation(len(arms))[: rng.integers(1, len(arms) + 1)]]
    for arm, other in zip(some, some[1:] + some[:1], strict=True):
        tree["arms"][arm] = dict(tree["arms"][arm] or {}) | {"extends": other}
    if rng.integers(3) == 0:
        odd: list[Any] = ["nobody", [], {}, 3, None, True, some, ["baseline"], "Baseline", ""]
        tree["arms"][some[0]]["extends"] = odd[rng.integers(len(odd))]


def ghost(tree: Tree, rng: Rng) -> None:
    """A scale or an arm overrides what does not exist, or what it must not."""
    scale = tree["scales"][list(tree["scales"])[rng.integers(len(tree["scales"]))]]
    arm = list(tree["arms"])[rng.integers(len(tree["arms"]))]
    target: Any = [
        scale, scale.setdefault("model", {}), scale["model"].setdefault("cnn", {}),
        scale.setdefault("arms", {}), scale["arms"].setdefault(arm, {}), tree["arms"][arm], tree,
        tree["arms"][arm].setdefault("model", {}), tree["train"]["optimizers"]["adam"],
    ][rng.integers(9)]  # fmt: skip
    values: list[Any] = [{}, {"x": 1}, 1, None, "x", [], {"train": {}}, {"train": {"epochs": 1}}]
    keys = ["ghost", "cnn", "train", "epochs", "arms", "model", "kernel", "scale", "seeds", "label"]
    if isinstance(target, dict):
        target[keys[rng.integers(len(keys))]] = values[rng.integers(len(values))]


def rename(tree: Tree, rng: Rng) -> None:
    """An entry gets another name, in half of the cases wherever it is named too."""
    section = NAMED[rng.integers(len(NAMED))]
    old = list(tree[section])[rng.integers(len(tree[section]))]
    new = NAMES[rng.integers(len(NAMES))]
    tree[section] = {new if key == old else key: value for key, value in tree[section].items()}
    if rng.integers(2):
        _everywhere(tree, old, new)


def _everywhere(tree: Any, old: str, new: str) -> None:
    for parent, key in list(places(tree)):
        if parent[key] == old:
            parent[key] = new
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if old in node:
                node[new] = node.pop(old)
            stack += node.values()


def text(tree: Tree, rng: Rng) -> None:
    """A label, a title or any text becomes one that is hard to draw, print or tell apart."""
    labels = ("label", "title", "paper", "section", "sentence")
    every = [
        (parent, key) for parent, key in places(tree)
        if isinstance(parent[key], str) and (key in labels or rng.integers(8) == 0)
    ]  # fmt: skip
    parent, key = every[rng.integers(len(every))]
    parent[key] = TEXTS[rng.integers(len(TEXTS))]


def nest(tree: Tree, rng: Rng) -> None:
    """A value stands in collections, one in another, up to fifty of them."""
    every = list(places(tree))
    parent, key = every[rng.integers(len(every))]
    value = parent[key]
    for _ in range([1, 1, 2, 3, 31, 50][rng.integers(6)]):
        value = [[value], {"x": value}, {"not": value}, {str(key): value}][rng.integers(4)]
    parent[key] = value


def lose(tree: Tree, rng: Rng) -> None:
    """A whole section is lost, empty, null, another's, or of another type."""
    parents = [tree, tree["scales"][next(iter(tree["scales"]))], tree["train"], tree["model"]]
    parent = parents[rng.integers(len(parents))]
    keys = list(parent)
    key, other = keys[rng.integers(len(keys))], keys[rng.integers(len(keys))]
    kind = rng.integers(7)
    if kind == 0:
        del parent[key]
    elif kind == 1:
        parent[key], parent[other] = parent[other], parent[key]
    else:
        parent[key] = [{}, None, [], "x", [copy.deepcopy(parent[key])]][kind - 2]


def many(tree: Tree, rng: Rng) -> None:
    """Very many arms, figures, seeds, claims or elements."""
    section = ["arms", "figures", "claims", "seeds", "list"][rng.integers(5)]
    count = int([30, 101, 201, 501][rng.integers(4)])
    if section == "seeds":
        tree["seeds"] = list(range(count))
    elif section == "list":
        lists = [(p, k) for p, k in places(tree) if isinstance(p[k], list) and p[k]]
        parent, key = lists[rng.integers(len(lists))]
        parent[key] = (parent[key] * count)[:count]
    else:
        entry = next(iter(tree[section].values()))
        tree[section] |= {f"more_{k}": copy.deepcopy(entry) for k in range(count)}


SLIPS: list[Callable[[Tree, Rng], None]] = [
    usual, usual, usual, usual, edge, edge, circle, ghost, ghost, rename, text, text, nest, lose,
    many,
]  # fmt: skip


def of_tree(tree: Tree, rng: Rng) -> Tree:
    """A copy after one of these slips, rarely two."""
    changed = copy.deepcopy(tree)
    for _ in range(2 if rng.integers(5) == 0 else 1):
        slip = SLIPS[rng.integers(len(SLIPS))]
        try:
            slip(changed, rng)
        except (AttributeError, KeyError, TypeError, ValueError, IndexError, OverflowError):
            break  # the first left nothing for the second to be done to
    return changed
