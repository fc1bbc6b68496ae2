"""`params.yaml` as written, and each arm with all that it inherits.

An arm is the base sections with the sizes of the chosen scale, then the overrides of the arm that
it extends (if any), then its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from ablation.base.section import Name, Section, Tree
from ablation.study.checks import ConfigError, known, shown
from ablation.study.config import Seeds

Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^_\s]")]  # a legend's
SECTIONS = ("input", "model", "train")  # that an arm may change


class Override(Section):
    """What is changed of the sections of an arm."""

    input: Tree = Field(default_factory=dict)
    model: Tree = Field(default_factory=dict)
    train: Tree = Field(default_factory=dict)


class Arm(Override):
    """An arm as written: its label, what that says of it, which arm it extends, its changes."""

    label: Label | None = None
    says: Tree = Field(default_factory=dict)
    extends: str | None = None


class Scale(Override):
    """A scale as written; the runner copies its seeds to the top, where DVC reads them."""

    seeds: Seeds
    costly_seeds: Seeds
    data: Tree = Field(default_factory=dict)
    arms: dict[str, Override] = Field(default_factory=dict)


class Params(Section):
    """`params.yaml` as written."""

    scale: str
    seeds: Seeds
    costly_seeds: Seeds
    baseline: str
    data: Tree
    input: Tree
    model: Tree
    train: Tree
    scales: dict[Name, Scale]
    arms: dict[Name, Arm]
    costly_arms: dict[Name, Arm]

    @model_validator(mode="after")
    def _names_stand_for_something(self) -> Params:
        known(self.scale, self.scales, "scale")
        known(self.baseline, self.every_arm, "baseline")
        for scale, sizes in self.scales.items():
            for name in sizes.arms:
                known(name, self.every_arm, f"scales.{scale}.arms")
        for name in self.every_arm:
            if name in self.arms and name in self.costly_arms:
                raise ValueError(f"costly_arms.{name}: arms.{name} is there too; keep one")
            self.lineage(name)
        return self

    @property
    def every_arm(self) -> dict[str, Arm]:
        return {**self.arms, **self.costly_arms}

    def path(self, arm: str) -> str:
        """Where the arm stands in the file."""
        return f"{'arms' if arm in self.arms else 'costly_arms'}.{arm}"

    def lineage(self, name: str) -> list[str]:
        """The arm and what it extends, the oldest first."""
        line = [name]
        while (parent := self.every_arm[line[-1]].extends) is not None:
            key = f"{self.path(line[-1])}.extends"
            known(parent, self.every_arm, key)
            if parent in line:
                raise ConfigError(f"{key} = {shown(parent)} closes a circle; extend another")
            line.append(parent)
        return line[::-1]

    def base(self) -> Tree:
        """The sections data, input, model and train with the sizes of the scale."""
        scale = self.scales[self.scale]
        return {
            key: _filled(getattr(self, key), getattr(scale, key), key, f"scales.{self.scale}.")
            for key in ("data", *SECTIONS)
        }

    def merged(self, name: str) -> Tree:
        """The sections of an arm with all that it inherits."""
        tree = self.base()
        sizes = self.scales[self.scale].arms
        for ancestor in self.lineage(name):
            for change in (self.every_arm[ancestor], sizes.get(ancestor, Override())):
                tree = _merged(tree, {key: getattr(change, key) for key in SECTIONS})
        return tree


def _filled(base: Tree, sizes: Tree, path: str, scale: str) -> Tree:
    """`base` with the keys that only the scale sets: one key has one place."""
    filled = dict(base)
    for key, value in sizes.items():
        where = f"{path}.{key}"
        if isinstance(base.get(key), dict) and isinstance(value, dict):
            filled[key] = _filled(base[key], value, where, scale)
        elif key in base:
            raise ConfigError(f"{where} is set twice, as {scale}{where} too; keep one")
        else:
            filled[key] = value
    return filled


def _merged(tree: Tree, change: Tree) -> Tree:
    merged = dict(tree)
    for key, value in change.items():
        deeper = isinstance(value, dict) and isinstance(tree.get(key), dict)
        merged[key] = _merged(tree[key], value) if deeper else value
    return merged


def labelled(name: str, arm: Arm, path: str, tree: Tree) -> tuple[str, str | None]:
    """The arm's name in legends, and why no claim speaks of it.

    Where the label says what the arm is not, the name says what it is instead, and the reason is
    that; else the reason is None.

    Args:
        path: where the arm stands in the file.
        tree: its sections, merged.

    Raises:
        ConfigError: `says` has a key that no arm has.
    """
    wrong, why = [], None
    for key, said in arm.says.items():
        node: Any = tree
        for part in key.split("."):
            if not isinstance(node, dict) or part not in node:
                allowed = ", ".join(node) if isinstance(node, dict) else "nothing below a value"
                raise ConfigError(f"{path}.says.{key}: unknown key; allowed: {allowed}")
            node = node[part]
        refused = isinstance(said, dict) and "not" in said
        if (node == said["not"]) if refused else (node != said):
            wrong.append(f"{key}: {_written(node)}")
            instead = "" if refused else f", not {_written(said)}"
            why = why or f"{key} of {name} is {_written(node)}{instead}"
    return (f"{name} [{', '.join(wrong)}]" if wrong else arm.label or name), why


def check_labels(labels: Mapping[str, str], params: Params) -> None:
    """Refuses two arms of one label, which a legend could not tell apart."""
    first: dict[str, str] = {}
    for name, label in labels.items():
        other = first.setdefault(label, name)
        if other != name:
            raise ConfigError(
                f"{params.path(name)}.label = {shown(label)}, as {params.path(other)}.label is; "
                "allowed: another for each arm"
            )


def _written(value: Any) -> str:
    """A value as params.yaml writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
