"""What was measured on the competition's data, and the tolerances (`measured.yaml`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ablation.base.section import Positive, Rate, Section

Grey = Annotated[float, Field(ge=0, le=255)]
Two = Field(min_length=2, max_length=2)
Three = Annotated[list[Rate], Field(min_length=3, max_length=3)]


class Layout(Section):
    """How the measured images are laid out; the keys are those of a study's data."""

    canvas: Positive
    tile: Positive
    digits: Positive
    rotation: float
    magnification: Annotated[list[Rate], Two]
    blur: float


class Tolerances(Section):
    """How far from the measured value ours may be: grey levels, or shares of the value."""

    mean: Rate
    sd: Rate
    percentiles: Rate
    half_lengths: Rate
    digits: Rate
    labels: Annotated[float, Field(gt=0, lt=1)]


class MeasuredFamily(Section):
    """A background family outside the digits, in grey levels; the half-lengths in px."""

    mean: Grey
    image_means: Annotated[list[Grey], Two]
    sd: Rate
    percentiles: list[Grey]
    half_lengths: Annotated[list[Rate], Two]


class MeasuredDigits(Section):
    """Smallest, median and largest of ink boxes in px and of an image's pixels of 255."""

    ink_width: Three
    ink_height: Three
    saturated: Three


class Measured(Section):
    layout: Layout
    tolerances: Tolerances
    percents: Annotated[list[Annotated[float, Field(ge=0, le=100)]], Field(min_length=1)]
    families: dict[str, MeasuredFamily]
    digits: MeasuredDigits
    labels: Annotated[list[Positive], Field(min_length=10, max_length=10)]

    @model_validator(mode="after")
    def _one_level_a_percentile(self) -> Measured:
        for name, family in self.families.items():
            if len(family.percentiles) != len(self.percents):
                raise ValueError(
                    f"families.{name}.percentiles has {len(family.percentiles)} values for"
                    f" {len(self.percents)} percents"
                )
        return self
