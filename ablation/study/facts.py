"""What the statistics must know of each arm: its family of tests, its epochs, its steady part."""

from __future__ import annotations

from collections.abc import Mapping
from math import acos, pi

from ablation.composition.config import DataConfig
from ablation.statistics.config import OTHERS, ArmFacts, StatisticsConfig
from ablation.study.checks import ConfigError, check_name, shown
from ablation.training.config import ArmConfig, TrainConfig

Arms = Mapping[str, ArmConfig]


def facts_of(arms: Arms, settings: StatisticsConfig, data: DataConfig) -> dict[str, ArmFacts]:
    """The facts of every arm.

    Raises:
        ConfigError: an arm in two families or in none, a family of arms that there are not.
    """
    families = _families(settings, arms)
    return {
        name: _facts(arm, families[name], settings.steady_rate, data) for name, arm in arms.items()
    }


def _families(settings: StatisticsConfig, arms: Arms) -> dict[str, str]:
    """arm -> the family of tests that it belongs to."""
    path, rest = "statistics.families", None
    found: dict[str, str] = {}
    for family, members in settings.families.items():
        if members == OTHERS:
            if rest is not None:
                raise ConfigError(
                    f"{path}.{family} = {OTHERS!r}, as {rest} is; allowed: one such family"
                )
            rest = family
            continue
        if not isinstance(members, list):
            raise ConfigError(
                f"{path}.{family} = {shown(members)}; allowed: a list of arms, or {OTHERS}"
            )
        for arm in members:
            check_name(arm, arms, f"{path}.{family}")
            if arm in found:
                raise ConfigError(
                    f"{path}.{family} names the arm {shown(arm)}, as {found[arm]} does; "
                    "allowed: one family an arm"
                )
            found[arm] = family
    left = [arm for arm in arms if arm not in found]
    if left and rest is None:
        raise ConfigError(
            f"{path} lacks the arm {left[0]!r}; allowed: a family that names it, "
            f"or one that is {OTHERS!r}"
        )
    return found | {arm: str(rest) for arm in left}


def _facts(arm: ArmConfig, family: str, steady_rate: float, data: DataConfig) -> ArmFacts:
    """What the statistics must know of an arm."""
    total = data.mnist_images if arm.input.set == "mnist" else data.images
    validation = round(data.validation_fraction * total)
    train = arm.train
    return ArmFacts(
        family=family,
        epochs=train.epochs,
        epoch_images=train.images_per_epoch // train.batch_size * train.batch_size,
        steady_epochs=steady_epochs(train, steady_rate),
        validation_images=validation,
        measured_training=min(train.measured_images, train.images),
        measured_validation=min(train.measured_images, validation),
    )


def steady_epochs(train: TrainConfig, share: float) -> int:
    """The last epoch, from 1, that ends before the rate falls below `share` of its highest.

    All of them under a constant rate. A cosine falls from its highest, at the end of the warmup,
    to 0 at the end of the run; the warmup itself is not asked.
    """
    optimizer = train.optimizer
    if optimizer.warmup is None:
        return train.epochs
    fallen = acos(2 * share - 1) / pi  # of the way from the warmup's end to the run's
    return int(train.epochs * (optimizer.warmup + (1 - optimizer.warmup) * fallen) + 1e-9)
