"""One arm, complete: all that a run depends on beside its seed and the data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ablation.composition.config import LayoutConfig
from ablation.networks.config import CnnConfig, InputConfig, Vgg16Config, Vgg19Config
from ablation.section import Fraction, Positive, Rate, Section


class OptimizerConfig(Section):
    """One optimizer with its settings (paper, section 4.1, figure 5)."""

    name: str
    algorithm: Literal["adam", "sgd"]
    learning_rate: Rate
    momentum: Fraction
    nesterov: bool
    schedule: Literal["constant", "cosine"]
    warmup: Fraction

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> OptimizerConfig:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov is true and momentum 0; give a momentum above 0")
        return self


class TrainConfig(Section):
    """How long and on what a run trains."""

    epochs: Positive
    images: Positive | None
    images_per_epoch: Positive | None
    fresh_images: bool
    batch_size: Positive
    measured_images: Positive
    threads: Positive
    precision: Literal["float32", "mixed_bfloat16"]
    optimizer: OptimizerConfig


class ArmConfig(Section):
    """The complete configuration of one arm: all that a run depends on, beside seed and data.

    `layout` is that of the images which a run composes for itself; None where it composes none.
    """

    image_size: Positive
    input: InputConfig
    model: Annotated[CnnConfig | Vgg16Config | Vgg19Config, Field(discriminator="architecture")]
    train: TrainConfig
    layout: LayoutConfig | None
