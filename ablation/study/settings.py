"""An arm as `params.yaml` says it, and what is effective of that.

In `params.yaml` some keys multiply others (`width`, `dropout_factor`) and some count only where
another says so (`regularization`, the momentum of a normalization). A resolved arm holds what comes
out. So a change of a key retrains the arms that it makes another network or another run, and none
else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ablation.base.section import (
    Batch,
    Blocks,
    Dense,
    EpochImages,
    Epochs,
    Fraction,
    Images,
    Kernel,
    LearningRate,
    Rate,
    Section,
    Stride,
    Threads,
)
from ablation.networks.config import (
    CnnConfig,
    RegularizerConfig,
    StemConfig,
    VggConfig,
)
from ablation.training.config import AdamConfig, Backend, Engine, OptimizerConfig, SgdConfig


class CnnSettings(Section):
    """The section model.cnn."""

    stem: StemConfig | None
    blocks: Blocks
    pools: list[Stride]
    kernel: Kernel
    batch_normalization: bool
    batch_normalization_momentum: Fraction
    spatial_dropout: list[Fraction]
    dropout: list[Fraction]
    head: Literal["dense", "largest"]
    dense: Dense
    dense_dropout: Fraction
    regularizer: Literal["none", "l1", "l2"]
    regularization: Annotated[float, Field(ge=0, le=1e3)]
    width: Rate
    dropout_factor: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _one_value_a_block(self) -> CnnSettings:
        for key in ("spatial_dropout", "dropout", "pools"):
            if len(getattr(self, key)) != len(self.blocks):
                raise ValueError(
                    f"{key} has {len(getattr(self, key))} values for {len(self.blocks)} blocks; "
                    "give one a block"
                )
        return self

    def effective(self) -> CnnConfig:
        """Filters times the width, rates times the factor; what is switched off is not there."""
        dense = [] if self.head == "largest" else self.dense
        regularizer = None
        if self.regularizer != "none" and self.regularization > 0:
            regularizer = RegularizerConfig(kind=self.regularizer, factor=self.regularization)
        stem = self.stem and StemConfig(
            filters=self._times_width(self.stem.filters),
            kernel=self.stem.kernel,
            stride=self.stem.stride,
        )
        return CnnConfig(
            architecture="cnn",
            stem=stem,
            blocks=[[self._times_width(f) for f in block] for block in self.blocks],
            pools=self.pools,
            kernel=self.kernel,
            normalization_momentum=(
                self.batch_normalization_momentum if self.batch_normalization else None
            ),
            spatial_dropout=[rate * self.dropout_factor for rate in self.spatial_dropout],
            dropout=[rate * self.dropout_factor for rate in self.dropout],
            head=self.head,
            dense=dense,
            dense_dropout=self.dense_dropout * self.dropout_factor if dense else 0.0,
            regularizer=regularizer,
        )

    def _times_width(self, filters: int) -> int:
        return max(1, round(filters * self.width))


class VggSettings(Section):
    """The section model.vgg16."""

    weights: Literal["imagenet", "none"]
    frozen_layers: Annotated[int, Field(ge=0, le=19)]
    dense: Dense
    dense_dropout: Fraction

    def effective(self, weights: str | None) -> VggConfig:
        """`weights` is the digest of the ImageNet weights; None where it starts from random ones.

        The input, which Keras counts as the first layer, has nothing to freeze.
        """
        return VggConfig(
            architecture="vgg16",
            weights=weights,
            frozen_layers=self.frozen_layers if self.frozen_layers > 1 else 0,
            dense=self.dense,
            dense_dropout=self.dense_dropout if self.dense else 0.0,
        )


NETWORKS: dict[str, type[CnnSettings | VggSettings]] = {
    "cnn": CnnSettings,
    "vgg16": VggSettings,
}


class OptimizerSettings(Section):
    """One entry of train.optimizers."""

    algorithm: Literal["adam", "sgd"]
    learning_rate: LearningRate
    momentum: Fraction
    nesterov: bool
    schedule: Literal["constant", "cosine"]
    warmup: Fraction

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> OptimizerSettings:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov is true and momentum 0; give a momentum above 0")
        return self

    def effective(self) -> OptimizerConfig:
        """Adam has no momentum of SGD's, and a constant rate no warmup."""
        warmup = self.warmup if self.schedule == "cosine" else None
        if self.algorithm == "adam":
            return AdamConfig(
                algorithm="adam",
                learning_rate=self.learning_rate,
                schedule=self.schedule,
                warmup=warmup,
            )
        return SgdConfig(
            algorithm="sgd",
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
            schedule=self.schedule,
            warmup=warmup,
        )


class TrainSettings(Section):
    """The section train, but for its optimizers."""

    backend: Backend
    engine: Engine
    precision: Literal["float32", "mixed_bfloat16"]
    fresh_images: bool
    fresh_backgrounds: Annotated[list[str], Field(min_length=1)] | None
    threads: Threads
    epochs: Epochs
    images: Images | None
    images_per_epoch: EpochImages | None
    batch_size: Batch
    measured_images: Images
