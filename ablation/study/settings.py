"""An arm as `params.yaml` has it, and its effective settings.

In `params.yaml` some keys multiply others (`width`, `dropout_factor`) and some count only where
another says so (`regularization`, the momentum of a normalization). `effective` gives the result.
So a change of a key trains again only the arms of which it makes another network or another run.
"""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

import ablation.composition
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
    Name,
    Section,
    Stride,
    Threads,
)
from ablation.composition import backgrounds
from ablation.composition.backgrounds import mosaic
from ablation.composition.config import DataConfig, FreshLayoutConfig, LayoutConfig
from ablation.composition.handwriting import HandwritingConfig
from ablation.composition.placement import geometry, place
from ablation.inputs.own import SIDE as COMPETITION_SIDE
from ablation.inputs.own import AdmitConfig
from ablation.inputs.sources import SOURCES
from ablation.networks import vgg_layers
from ablation.networks.config import (
    CnnConfig,
    InputConfig,
    RegularizerConfig,
    StemConfig,
    VggConfig,
)
from ablation.study.checks import known
from ablation.training.config import (
    AdamConfig,
    ArmConfig,
    Backend,
    Engine,
    FreshConfig,
    FreshLabels,
    MuonConfig,
    OptimizerConfig,
    Schedule,
    SgdConfig,
    TrainConfig,
)
from ablation.training.inputs import Inputs, identity

Magnification = Annotated[float, Field(ge=0.1, le=10)]


class DataSettings(AdmitConfig, DataConfig):
    """The section data, with a scale's sizes."""

    canvas: Annotated[int, Field(gt=0, le=backgrounds.SMALLEST)]  # a crop of every picture
    tile: Literal[28]  # the side of MNIST's digits
    digits: Annotated[int, Field(gt=0, le=10)]  # more are rarely placed without touching
    magnification: Annotated[list[Magnification], Field(min_length=2, max_length=2)]
    blur: Annotated[float, Field(ge=0, le=28)]
    images: Images
    test_images: Images

    @model_validator(mode="after")
    def _can_be_composed(self) -> DataSettings:
        for family in self.backgrounds:
            known(family, backgrounds.families(), "backgrounds")
        if self.magnification != sorted(self.magnification):
            raise ValueError(f"magnification = {self.magnification}; allowed: the smaller first")
        try:
            place(1, geometry(self), np.random.default_rng(0))
        except ValueError as error:
            raise ValueError(f"canvas = {self.canvas}, digits = {self.digits}: {error}") from None
        return self

    @model_validator(mode="after")
    def _every_part_has_images(self) -> DataSettings:
        for total in (self.images, self.mnist_images):
            if not 0 < round(self.validation_fraction * total) < total:
                raise ValueError(
                    f"validation_fraction = {self.validation_fraction} of {total} images leaves "
                    "training or validation without one"
                )
        return self

    @model_validator(mode="after")
    def _competition_fits(self) -> DataSettings:
        if self.source == "kaggle" and self.canvas != COMPETITION_SIDE:
            raise ValueError(
                f"canvas = {self.canvas} with source kaggle; allowed: {COMPETITION_SIDE}, as "
                "at the scales half and paper"
            )
        return self

    def parts(self, data_set: str) -> tuple[int, int]:
        """How many images of a data set are for training, and how many for validation."""
        total = self.mnist_images if data_set == "mnist" else self.images
        validation = round(self.validation_fraction * total)
        return total - validation, validation


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
    width: Annotated[float, Field(gt=0, le=1000)]
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

    @model_validator(mode="after")
    def _filters_are_few_enough(self) -> CnnSettings:
        most = max(self.stem.filters if self.stem else 0, *map(max, self.blocks))
        if self._filters(most) > 16_384:
            raise ValueError(f"width = {self.width} times {most} filters; allowed: at most 16384")
        return self

    def effective(self) -> CnnConfig:
        """Filters times the width, rates times the factor; what is switched off is not there."""
        dense = [] if self.head == "largest" else self.dense
        regularizer = None
        if self.regularizer != "none" and self.regularization > 0:
            regularizer = RegularizerConfig(kind=self.regularizer, factor=self.regularization)
        stem = self.stem and self.stem.model_copy(
            update={"filters": self._filters(self.stem.filters)}
        )
        return CnnConfig(
            architecture="cnn",
            stem=stem,
            blocks=[[self._filters(number) for number in block] for block in self.blocks],
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

    def _filters(self, number: int) -> int:
        return max(1, round(number * self.width))


class VggSettings(Section):
    """The section model.vgg16."""

    weights: Literal["imagenet", "none"]
    frozen_layers: Annotated[int, Field(ge=0, le=19)]
    dense: Dense
    dense_dropout: Fraction

    def effective(self) -> VggConfig:
        """The input, which Keras counts as the first layer, has nothing to freeze."""
        return VggConfig(
            architecture="vgg16",
            weights=SOURCES["vgg16"].content if self.weights == "imagenet" else None,
            frozen_layers=self.frozen_layers if self.frozen_layers > 1 else 0,
            dense=self.dense,
            dense_dropout=self.dense_dropout if self.dense else 0.0,
        )


class ModelSettings(Section):
    """The section model: the architecture of an arm, and the settings of each on offer."""

    architecture: Literal["cnn", "vgg16"]
    cnn: CnnSettings
    vgg16: VggSettings

    def effective(self) -> CnnConfig | VggConfig:
        return (self.cnn if self.architecture == "cnn" else self.vgg16).effective()


class OptimizerSettings(Section):
    """One entry of train.optimizers."""

    algorithm: Literal["adam", "sgd", "muon"]
    learning_rate: LearningRate
    momentum: Fraction
    nesterov: bool
    schedule: Schedule
    warmup: Fraction
    decay: Fraction

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> OptimizerSettings:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov is true and momentum 0; give a momentum above 0")
        return self

    def effective(self) -> OptimizerConfig:
        """Adam has no momentum of SGD's, and a constant rate neither warmup nor decay."""
        kinds: dict[str, type[AdamConfig | SgdConfig | MuonConfig]] = {
            "adam": AdamConfig,
            "sgd": SgdConfig,
            "muon": MuonConfig,
        }
        kind = kinds[self.algorithm]
        used = self.model_dump(include=set(kind.model_fields))
        used["warmup"] = None if self.schedule == "constant" else self.warmup
        used["decay"] = self.decay if self.schedule == "trapezoid" else None
        return kind(**used)


class TrainSettings(Section):
    """The section train: how an arm trains, and the optimizers on offer."""

    optimizer: str
    backend: Backend
    engine: Engine
    precision: Literal["float32", "mixed_bfloat16"]
    fresh_images: bool
    fresh_backgrounds: Annotated[list[str], Field(min_length=1)] | None
    fresh_pictures: bool
    fresh_handwriting: HandwritingConfig | None
    fresh_labels: FreshLabels
    threads: Threads
    epochs: Epochs
    images: Images | None
    images_per_epoch: EpochImages | None
    batch_size: Batch
    measured_images: Images
    optimizers: dict[Name, OptimizerSettings]

    @model_validator(mode="after")
    def _optimizer_and_engine_are_on_offer(self) -> TrainSettings:
        known(self.optimizer, self.optimizers, "optimizer")
        if self.engine == "compiled" and self.backend != "jax":
            raise ValueError(
                f"engine = 'compiled' with backend {self.backend}; allowed: steps, or the backend "
                "jax"
            )
        return self


class BaseSettings(Section):
    """The sections that an arm changes, with a scale's sizes."""

    data: DataSettings
    input: InputConfig
    model: ModelSettings
    train: TrainSettings


class ArmSettings(BaseSettings):
    """An arm, in the terms of `params.yaml`."""

    @model_validator(mode="after")
    def _input_suits_the_network(self) -> ArmSettings:
        if self.input.scaling == "imagenet" and self.model.architecture == "cnn":
            raise ValueError(
                "input.scaling = 'imagenet' with model.architecture cnn; allowed: unit, or vgg16, "
                "which sees three channels"
            )
        size = self.image_size // self.input.downscale
        if self.input.pad is not None and self.input.pad < size:
            raise ValueError(
                f"input.pad = {self.input.pad}; allowed: null, or at least the image's {size} px"
            )
        size, model = self.input.pad or size, self.model.effective()
        if isinstance(model, CnnConfig):
            smallest = prod(model.pools) * (model.stem.stride if model.stem else 1)
            *_, last = model.sides(size)
        else:
            smallest = 2 ** len(vgg_layers.BLOCKS)
            last = size // smallest
        if last < 1:
            raise ValueError(
                f"input.downscale = {self.input.downscale} leaves images of {size} px; allowed: at "
                f"least {smallest} px, since strides and poolings divide them by that"
            )
        return self

    @model_validator(mode="after")
    def _there_are_images(self) -> ArmSettings:
        if self.train.batch_size > self.epoch_images:
            raise ValueError(
                f"train.batch_size = {self.train.batch_size}; allowed: at most an epoch's "
                f"{self.epoch_images} images"
            )
        if self.train.fresh_images and self.input.set != "modified":
            raise ValueError(
                f"train.fresh_images = True with input.set {self.input.set}; allowed: False, since "
                "only Modified MNIST is composed"
            )
        present = self.train.fresh_images and self.train.fresh_labels == "present"
        if present and getattr(self.model.effective(), "head", None) != "largest":
            raise ValueError(
                "train.fresh_labels = 'present' without the head largest; allowed: largest, or "
                "model.cnn.head largest, which scores each digit"
            )
        for family in self.train.fresh_backgrounds or ():
            known(family, backgrounds.families(), "train.fresh_backgrounds")
        return self

    @property
    def image_size(self) -> int:
        """px, the side of a raw image."""
        sides = {
            "modified": self.data.canvas,
            "mnist": self.data.tile,
            "modified_128": COMPETITION_SIDE // 2,
        }
        return sides[self.input.set]

    @property
    def images(self) -> int:
        """How many of the training images a run may see."""
        training, _ = self.data.parts(self.input.set)
        return min(self.train.images or training, training)

    @property
    def epoch_images(self) -> int:
        return min(self.train.images_per_epoch or self.images, self.images)

    def effective(self) -> ArmConfig:
        """Of all that is on offer, what the arm uses."""
        train = self.train
        return ArmConfig(
            image_size=self.image_size,
            input=self.input,
            model=self.model.effective(),
            precision=train.precision,
            train=TrainConfig(
                backend=train.backend,
                engine=train.engine,
                epochs=train.epochs,
                images=self.images,
                images_per_epoch=self.epoch_images,
                batch_size=train.batch_size,
                measured_images=train.measured_images,
                threads=train.threads,
                optimizer=train.optimizers[train.optimizer].effective(),
            ),
            fresh=self._fresh() if train.fresh_images else None,
        )

    def _fresh(self) -> FreshConfig:
        """What a run depends on that composes its own images: all but its seed."""
        layout = {key: getattr(self.data, key) for key in LayoutConfig.model_fields}
        if self.train.fresh_backgrounds is not None:
            layout["backgrounds"] = self.train.fresh_backgrounds
        own = FreshLayoutConfig(
            **layout, handwriting=self.train.fresh_handwriting, pictures=self.train.fresh_pictures
        )
        content = SOURCES["mnist"].content
        return FreshConfig(
            layout=own.model_dump(),
            labels=self.train.fresh_labels,
            digits=[content[part] for part in ("x_train", "y_train")],
            code=_composing_code(own),
        )


@cache
def _digests() -> dict[str, str]:
    """Of the modules that compose images, which every arm with fresh images asks for."""
    folder = Path(ablation.composition.__path__[0])
    found = Inputs([folder]).digests
    return {Path(path).relative_to(folder).as_posix(): found[path] for path in found}


def _composing_code(layout: FreshLayoutConfig) -> str:
    """The digest of the modules that compose such images."""
    digests = dict(_digests())
    if layout.handwriting is None:
        del digests["handwriting.py"]
    if not set(layout.backgrounds) & mosaic.FAMILIES.keys():
        del digests["backgrounds/mosaic.py"]
    return identity(digests)
