"""How Modified MNIST is composed (paper, section 2, as measured), and how many images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ablation.base.section import Positive, Rate, Section
from ablation.composition.handwriting import HandwritingConfig

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


class FreshLayoutConfig(LayoutConfig):
    """How fresh images are composed: as the study's, but for what `params.yaml`, train, asks for.

    `pictures` says whether each epoch draws background pictures of its own.
    """

    handwriting: HandwritingConfig | None
    pictures: bool


class DataConfig(LayoutConfig):
    """How Modified MNIST is composed (paper, section 2, as measured) and how many images.

    With the source `kaggle` the competition's images stand in its place: the first `images` of
    them, and all of its test images.
    """

    source: Literal["composed", "kaggle"]
    image_seed: Seed
    images: Positive
    test_images: Positive
    mnist_images: Annotated[int, Field(gt=0, le=60_000)]
    mnist_test_images: Annotated[int, Field(gt=0, le=10_000)]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
