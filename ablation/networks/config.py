"""What declares a network: the layers between raw images and it, and its architecture."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ablation.section import Fraction, Positive, Rate, Section


class InputConfig(Section):
    """Which data set an arm sees, and the layers between its raw images and its network."""

    set: Literal["modified", "mnist"]
    downscale: Positive
    threshold: Annotated[float, Field(ge=0, le=1)] | None
    pad: Positive | None
    scaling: Literal["unit", "imagenet"]


class NetworkConfig(Section):
    """What every architecture has."""

    architecture: str

    @property
    def pretrained(self) -> str | None:
        """The network whose ImageNet weights it starts from, `vgg16` say; None where random."""
        return None


class CnnConfig(NetworkConfig):
    """A convolutional network in blocks, each ended by pooling (paper, section 3.1, figure 4)."""

    architecture: Literal["cnn"]
    blocks: Annotated[list[Annotated[list[Positive], Field(min_length=1)]], Field(min_length=1)]
    kernel: Positive
    residual: bool
    batch_normalization: bool
    batch_normalization_momentum: Fraction
    spatial_dropout: list[Fraction]
    dropout: list[Fraction]
    dense: list[Positive]
    dense_dropout: Fraction
    regularizer: Literal["none", "l1", "l2"]
    regularization: Annotated[float, Field(ge=0)]
    width: Rate
    dropout_factor: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _one_rate_a_block(self) -> CnnConfig:
        for key in ("spatial_dropout", "dropout"):
            if len(getattr(self, key)) != len(self.blocks):
                raise ValueError(
                    f"{key} has {len(getattr(self, key))} rates for {len(self.blocks)} blocks; "
                    "give one rate a block"
                )
        return self


class VggConfig(NetworkConfig):
    """A VGG network under new dense layers.

    `frozen_layers` are at most as many as Keras counts without its top: the input, convolutions
    and poolings.
    """

    architecture: Literal["vgg16", "vgg19"]
    weights: Literal["imagenet", "none"]
    frozen_layers: Annotated[int, Field(ge=0)]
    dense: list[Positive]
    dense_dropout: Fraction

    @property
    def pretrained(self) -> str | None:
        return self.architecture if self.weights == "imagenet" else None


class Vgg16Config(VggConfig):
    """VGG-16 (paper, section 3.2.1, figure 4 left)."""

    architecture: Literal["vgg16"]
    frozen_layers: Annotated[int, Field(ge=0, le=19)]


class Vgg19Config(VggConfig):
    """VGG-19 (a deeper one, as the paper's section 5 proposes).

    `weights_digest` is that of the file with its weights, None where it starts from random ones:
    other weights are another configuration, since no run's stage depends on that file.
    """

    architecture: Literal["vgg19"]
    frozen_layers: Annotated[int, Field(ge=0, le=22)]
    weights_digest: str | None
