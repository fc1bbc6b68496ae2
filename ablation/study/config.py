"""The study as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator

from ablation.base.section import Name, Section

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # as NumPy's and Keras's own
Seeds = Annotated[list[Seed], Field(min_length=1, max_length=100)]


class StudyConfig(Section):
    """The study as a whole: its scale, its runs in order and how they are named in pictures.

    Attributes:
        seeds: of every arm but the costly ones, which run with `costly_seeds`.
        arms: arm -> its label; `costly_arms` are among them.
        figures: in the order of paper.yaml.
    """

    scale: str
    seeds: Seeds
    costly_seeds: Seeds
    baseline: Name
    arms: dict[Name, str]
    costly_arms: list[Name]
    data_sets: dict[Name, str]
    multiply_adds: dict[Name, int]
    figures: list[Name]

    @model_validator(mode="after")
    def _each_seed_once(self) -> StudyConfig:
        for key, seeds in (("seeds", self.seeds), ("costly_seeds", self.costly_seeds)):
            for seed in seeds:
                if seeds.count(seed) > 1:
                    raise ValueError(f"{key} repeats {seed}; give each once")
        return self

    def seeds_of(self, arm: str) -> Sequence[int]:
        """The seeds with which the arm runs."""
        return self.costly_seeds if arm in self.costly_arms else self.seeds

    @property
    def counts(self) -> dict[str, int]:
        """arm -> how many seeds it runs with."""
        return {arm: len(self.seeds_of(arm)) for arm in self.arms}

    @property
    def runs(self) -> list[tuple[str, int]]:
        """Every (arm, seed) of the study, in the order of params.yaml."""
        return [(arm, seed) for arm in self.arms for seed in self.seeds_of(arm)]

    def arms_on(self, data_set: str) -> list[str]:
        """The arms that see a data set: another one is another task."""
        return [arm for arm, name in self.data_sets.items() if name == data_set]

    def stage(self, arm: str, seed: int) -> str:
        """The stage of dvc.yaml that trains a run."""
        return f"train{'_costly' if arm in self.costly_arms else ''}@{arm}-{seed}"
