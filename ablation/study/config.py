"""The study as a whole."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ablation.base.section import Name, Section

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # as NumPy's and Keras's own


class StudyConfig(Section):
    """The study as a whole: its scale, its runs in order and how they are named in pictures.

    Attributes:
        failed: arm -> the end of its log, where a run of it failed and the rest is reported; such
            an arm stands nowhere else. None of it, and no key, where all arms are there.
    """

    scale: str
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=100)]
    baseline: Name
    arms: dict[Name, str]
    data_sets: dict[Name, str]
    multiply_adds: dict[Name, int]
    failed: dict[Name, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _seeds_differ(self) -> StudyConfig:
        for seed in self.seeds:
            if self.seeds.count(seed) > 1:
                raise ValueError(f"seeds repeats {seed}; give each once")
        return self

    @property
    def runs(self) -> list[tuple[str, int]]:
        """Every (arm, seed) of the study, in the order of params.yaml."""
        return [(arm, seed) for arm in self.arms for seed in self.seeds]
