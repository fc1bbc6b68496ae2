"""Values that are right each by itself and cannot work together: refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from ablation.composition import backgrounds
from ablation.composition.config import DataConfig
from ablation.composition.digits import SIDE
from ablation.composition.placement import Geometry, place
from ablation.inputs.own import SIDE as COMPETITION_SIDE
from ablation.networks import vgg_layers
from ablation.networks.config import CnnConfig, InputConfig, NetworkConfig
from ablation.study.checks import ConfigError, check_name, listed
from ablation.study.settings import TrainSettings


def check_data(data: DataConfig) -> None:
    """Refuses what preprocess could not compose.

    Raises:
        ConfigError: an unknown background, tiles that are not MNIST's or do not fit the canvas, a
            range whose ends are exchanged.
    """
    for family in data.backgrounds:
        check_name(family, backgrounds.families(), "data.backgrounds")
    if data.tile != SIDE:
        raise ConfigError(f"data.tile = {data.tile}; allowed: {SIDE}, the side of MNIST's digits")
    if data.canvas > backgrounds.SMALLEST:
        raise ConfigError(
            f"data.canvas = {data.canvas}; allowed: at most {backgrounds.SMALLEST} px, the side of "
            "the smallest background picture"
        )
    smallest, largest = data.magnification
    if smallest > largest:
        raise ConfigError(
            f"data.magnification = {data.magnification}; allowed: the smallest, then the largest"
        )
    try:
        geometry = Geometry(
            data.canvas, data.tile, data.digits, data.rotation, (smallest, largest), data.blur
        )
        place(1, geometry, np.random.default_rng(0))
    except ValueError as error:
        raise ConfigError(
            f"data.canvas = {data.canvas}, data.digits = {data.digits}: {error}"
        ) from None


def check_source(scale: str, data: Mapping[str, DataConfig]) -> None:
    """Refuses the competition's images at a scale of another size; `data` is each scale's.

    Raises:
        ConfigError: the canvas of `scale` is not the competition's.
    """
    chosen = data[scale]
    if chosen.source == "kaggle" and chosen.canvas != COMPETITION_SIDE:
        fitting = [name for name in data if data[name].canvas == COMPETITION_SIDE]
        raise ConfigError(
            f"data.canvas = {chosen.canvas} at scale {scale} with data.source kaggle; allowed: "
            f"{COMPETITION_SIDE}, as at these scales: {listed(fitting) or 'none'}"
        )


def training_images(data: DataConfig, data_set: str) -> int:
    """How many images of a data set are for training."""
    total = data.mnist_images if data_set == "mnist" else data.images
    return total - round(data.validation_fraction * total)


def check_arm(inputs: InputConfig, train: TrainSettings, data: DataConfig, where: str) -> None:
    """Refuses settings that no run can follow; `where` says which arm.

    Raises:
        ConfigError: a batch larger than an epoch, fresh images of what is not composed, an engine
            or an average that the backend does not have.
    """
    if train.engine == "compiled" and train.backend != "jax":
        raise ConfigError(
            f"train.engine = 'compiled'{where} with train.backend {train.backend}; allowed: steps, "
            "or the backend jax"
        )
    if train.fresh_images and inputs.set != "modified":
        raise ConfigError(
            f"train.fresh_images = True{where} with input.set {inputs.set}; allowed: False, "
            "since only Modified MNIST is composed"
        )
    for family in train.fresh_backgrounds or ():
        check_name(family, data.backgrounds, "train.fresh_backgrounds", where)
    images = training_images(data, inputs.set)
    images = min(train.images or images, images)
    images = min(train.images_per_epoch or images, images)
    if train.batch_size > images:
        raise ConfigError(
            f"train.batch_size = {train.batch_size}{where}; "
            f"allowed: at most an epoch's {images} images"
        )


def check_network(network: NetworkConfig, where: str) -> None:
    """Refuses a network that its images cannot pass; `where` says which arm.

    Raises:
        ConfigError: ImageNet's scaling before a network of one channel, a frame smaller than the
            image, an image that the poolings shrink to nothing.
    """
    inputs, model = network.input, network.model
    if inputs.scaling == "imagenet" and isinstance(model, CnnConfig):
        raise ConfigError(
            f"input.scaling = 'imagenet'{where} with model.architecture {model.architecture}; "
            "allowed: unit, or a VGG network, which sees three channels"
        )
    size = network.image_size // inputs.downscale
    if inputs.pad is not None and inputs.pad < size:
        raise ConfigError(
            f"input.pad = {inputs.pad}{where}; allowed: null, or at least the image's {size} px"
        )
    size = inputs.pad or size
    if isinstance(model, CnnConfig):
        smallest = prod(model.pools) * (model.stem.stride if model.stem else 1)
        *_, last = model.sides(size)
    else:
        smallest = 2 ** len(vgg_layers.BLOCKS)
        last = size // smallest
    if last < 1:
        raise ConfigError(
            f"input.downscale = {inputs.downscale}{where} leaves images of {size} px; "
            f"allowed: at least {smallest} px, since strides and poolings divide them by that"
        )
