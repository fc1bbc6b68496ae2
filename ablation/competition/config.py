"""A person's own files: which of them the study takes in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ablation.base.section import Section

SIDE = 128  # px, of the competition's images


class AdmitConfig(Section):
    """Which files of a person enter the study; a relative path is relative to the project."""

    source: Literal["composed", "kaggle"]
    kaggle_dir: Annotated[str, Field(min_length=1)] | None
    external: Annotated[str, Field(pattern=r"\.npz$")] | None
