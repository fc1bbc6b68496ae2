"""How an image of Modified MNIST is laid out: all that composing depends on, beside the seed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ablation.config.base import Positive, Rate, Section

Seed = Annotated[int, Field(ge=0)]


class LayoutConfig(Section):
    """Digits on a crop of a background (paper, section 2, as measured); see `params.yaml`, data."""

    canvas: Positive
    tile: Positive
    digits: Positive
    rotation: Annotated[float, Field(ge=0, le=180)]
    magnification: Annotated[list[Rate], Field(min_length=2, max_length=2)]
    blur: Annotated[float, Field(ge=0)]
    backgrounds: Annotated[list[str], Field(min_length=1)]
    background_seed: Seed
