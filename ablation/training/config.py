"""One arm, complete: all that a run depends on beside its seed and the data.

All values are effective ones (see `networks.config`): an arm that does not use a setting of
`params.yaml` does not have it here, so it does not train again when that setting changes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ablation.base.section import (
    Batch,
    EpochImages,
    Epochs,
    Fraction,
    Images,
    LearningRate,
    Section,
    Threads,
)
from ablation.networks.config import NetworkConfig

Backend = Literal["tensorflow", "jax"]
Engine = Literal["steps", "compiled"]
FreshLabels = Literal["largest", "present"]

Schedule = Literal["constant", "cosine", "trapezoid"]


class RateConfig(Section):
    """The learning rate of a run; `warmup` and `decay` are None where the schedule has none."""

    learning_rate: LearningRate
    schedule: Schedule
    warmup: Fraction | None
    decay: Fraction | None


class AdamConfig(RateConfig):
    """Adam (paper, section 4.1, figure 5)."""

    algorithm: Literal["adam"]


class SgdConfig(RateConfig):
    """SGD, plain or with (Nesterov) momentum (paper, section 4.1, figure 5)."""

    algorithm: Literal["sgd"]
    momentum: Fraction
    nesterov: bool


class MuonConfig(RateConfig):
    """Muon for the kernels of hidden layers, Adam for all else; beyond the paper."""

    algorithm: Literal["muon"]
    momentum: Fraction


OptimizerConfig = AdamConfig | SgdConfig | MuonConfig


class TrainConfig(Section):
    """How long and on what a run trains.

    Attributes:
        backend: the framework under Keras.
        engine: batch by batch, or a compiled epoch with the data on the device.
        images: how many of the training images a run may see at all.
        images_per_epoch: how many of those an epoch shows.
        measured_images: how many training and validation images are measured after each epoch.
        threads: of the processor.
    """

    backend: Backend
    engine: Engine
    epochs: Epochs
    images: Images
    images_per_epoch: EpochImages
    batch_size: Batch
    measured_images: Images
    threads: Threads
    optimizer: Annotated[OptimizerConfig, Field(discriminator="algorithm")]


class FreshConfig(Section):
    """What a run depends on that composes each epoch's images anew.

    Attributes:
        layout: of an image, as the study's own; checked where it is used.
        labels: what the images teach: the largest digit, or which digits are present.
        digits: the digests of MNIST's training images and labels.
        code: the digest of the code that composes, since no run's stage depends on it.
    """

    layout: dict[str, Any]
    labels: FreshLabels
    digits: list[str]
    code: str


class ArmConfig(NetworkConfig):
    """One arm, complete; `fresh` is None where its images are the data set's."""

    train: TrainConfig
    fresh: FreshConfig | None
