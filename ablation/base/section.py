"""What every section of a configuration is: strict, immutable and complete.

`params.yaml` is written for people: base sections, a scale's sizes, an arm's overrides. The stage
`resolve` merges them (`ablation.study`) and validates the result against the sections that stand in
the `config.py` of each folder, beside the code that they configure. So every later stage reads a
complete configuration and no default hides in code.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Tree = dict[str, Any]

Fraction = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Section(BaseModel):
    """A strict, immutable section: an unknown key or a value of another type is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
