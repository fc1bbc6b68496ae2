"""The arms as `params.yaml` declares them: in two sections, of which one has seeds of its own."""

from __future__ import annotations

from dataclasses import dataclass

from ablation.base.section import Tree
from ablation.study.checks import ConfigError, mapping

ARMS, COSTLY = "arms", "costly_arms"  # the sections; the arms of the second run with costly_seeds


@dataclass(frozen=True)
class Declared:
    """Every arm as written, in the order of the sections.

    Attributes:
        arms: arm -> its label, what it extends and what it changes.
        sections: arm -> where it stands.
    """

    arms: dict[str, Tree]
    sections: dict[str, str]

    def path(self, arm: str) -> str:
        """Where the arm stands in `params.yaml`, for messages."""
        return f"{self.sections[arm]}.{arm}"

    @property
    def costly(self) -> list[str]:
        """The arms that run with `costly_seeds`."""
        return [arm for arm, section in self.sections.items() if section == COSTLY]


def declared(params: Tree) -> Declared:
    """The arms of both sections.

    Raises:
        ConfigError: an arm that is no mapping, or one that both sections name.
    """
    found = Declared({}, {})
    for section in (ARMS, COSTLY):
        for name, written in mapping(params[section], section).items():
            path = f"{section}.{name}"
            if name in found.arms:
                raise ConfigError(f"{path}: {found.path(name)} is there too; allowed: one of them")
            found.arms[name] = mapping(written, path)
            found.sections[name] = section
    return found
