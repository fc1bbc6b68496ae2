"""What a label or a claim says of an arm, held against the arm's configuration.

A requirement is a key of params.yaml and its value, or `{not: value}`, as the arm's sections
`input`, `model` and `train` have it once its overrides are merged into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ablation.base.section import Tree
from ablation.study.checks import ConfigError, listed, mapping, shown
from ablation.study.declared import Declared
from ablation.study.texts import check_label

Requirements = Mapping[str, Any]


@dataclass(frozen=True)
class Unmet:
    """A requirement that an arm does not meet: the key, its value, and the value required.

    `required` is empty where only this value is refused.
    """

    key: str
    value: str
    required: str


def unmet(required: Requirements, tree: Tree, where: str) -> list[Unmet]:
    """The requirements that an arm does not meet.

    Args:
        required: key, its sections joined by dots, -> value or {not: value}.
        tree: the arm's sections, merged.
        where: the place in params.yaml that requires it, for messages.

    Raises:
        ConfigError: a key that no arm has, a value of a type that it never has.
    """
    missed = []
    for key, wanted in mapping(required, where).items():
        node: Any = tree
        for part in str(key).split("."):
            if not isinstance(node, dict) or part not in node:
                allowed = listed(node) if isinstance(node, dict) else "nothing below a value"
                raise ConfigError(f"{where}.{key}: unknown key; allowed: {allowed}")
            node = node[part]
        refuses = isinstance(wanted, dict) and set(wanted) == {"not"}
        value = wanted["not"] if refuses else wanted
        if not _alike(node, value):
            raise ConfigError(
                f"{where}.{key} = {shown(wanted)}; allowed: a value like {_written(node)}, "
                "or {not: value}"
            )
        if (node == value) == refuses:
            missed.append(Unmet(str(key), _written(node), "" if refuses else _written(value)))
    return missed


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are of types that may be equal; null may stand for any."""
    if one is None or other is None:
        return not isinstance(one, dict) and not isinstance(other, dict)
    if isinstance(one, list) and isinstance(other, list):
        return None not in other and all(_alike(a, b) for a in one for b in other)
    numbers = [isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other)]
    return all(numbers) or (type(one) is type(other) and not isinstance(one, dict))


def label(name: str, declared: Declared, tree: Tree) -> str:
    """The arm's name in legends; where its label says what it is not, what it is instead.

    Args:
        tree: the arm's sections, merged.

    Raises:
        ConfigError: a label that is no text, or `says` with a key that no arm has.
    """
    written, path = declared.arms[name], declared.path(name)
    text = check_label(written.get("label", name), f"{path}.label")
    wrong = unmet(written.get("says", {}), tree, f"{path}.says")
    return f"{name} ({', '.join(f'{w.key}: {w.value}' for w in wrong)})" if wrong else text


def _written(value: Any) -> str:
    """A value as params.yaml writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
