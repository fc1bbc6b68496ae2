"""From the sections and overrides of `params.yaml` to the complete configuration of every arm.

An arm is the base sections, with the sizes of the chosen scale filled in, then the overrides of the
arm it extends (if any) and its own. Of the architectures and optimizers that are on offer an arm's
configuration keeps the one it uses, so that changing another leaves its run untouched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ablation.composition
from ablation.base.section import Section, Tree
from ablation.composition.config import DataConfig, LayoutConfig
from ablation.inputs.sources import SOURCES
from ablation.networks.config import CnnConfig, InputConfig, VggConfig
from ablation.study.checks import (
    ConfigError,
    check_keys,
    check_name,
    check_new_names,
    in_effect,
    listed,
    mapping,
    shown,
    validated,
)
from ablation.study.declared import Declared
from ablation.study.feasibility import check_arm, check_network, training_images
from ablation.study.settings import (
    NETWORKS,
    CnnSettings,
    OptimizerSettings,
    TrainSettings,
    VggSettings,
)
from ablation.training.config import ArmConfig, FreshConfig, TrainConfig

ARM_SECTIONS = ("input", "model", "train")


def merge_arms(declared: Declared, sized: Any, base: Tree, scale: str) -> dict[str, Tree]:
    """arm -> its sections with all that it inherits, in the terms of `params.yaml`.

    Args:
        declared: every arm as written.
        sized: what the scale says of single arms, `scales.SCALE.arms`.
        base: the sections of an arm with the scale's sizes filled in.

    Raises:
        ConfigError: an unknown key, or an arm that there is not.
    """
    sizes = mapping(sized, f"scales.{scale}.arms")
    for name in sizes:
        where = f"scales.{scale}.arms.{name}"
        if name not in declared.arms:
            raise ConfigError(f"{where}: no such arm; arms: {listed(declared.arms)}")
        check_keys(mapping(sizes[name], where), ARM_SECTIONS, f"{where}.")
    for name, overrides in declared.arms.items():
        allowed = ("label", "says", "extends", *ARM_SECTIONS)
        check_keys(overrides, allowed, f"{declared.path(name)}.")
    _check_offers(base)
    return {name: _merged(name, declared, sizes, base, scale) for name in declared.arms}


def resolve_arms(merged: Mapping[str, Tree], data: DataConfig) -> dict[str, ArmConfig]:
    """Every arm, complete, from its merged sections.

    Raises:
        ConfigError: a wrong value, an arm that cannot run.
    """
    return {name: _arm(name, tree, data) for name, tree in merged.items()}


def _merged(name: str, declared: Declared, sized: Tree, base: Tree, scale: str) -> Tree:
    tree = {key: base[key] for key in ARM_SECTIONS}
    for ancestor in _lineage(name, declared):
        for origin, overrides in (
            (declared.path(ancestor), declared.arms[ancestor]),
            (f"scales.{scale}.arms.{ancestor}", sized.get(ancestor, {})),
        ):
            for key in ARM_SECTIONS:
                change = overrides.get(key, {})
                tree[key] = _override(tree[key], change, f"{origin}.{key}")
    return tree


def _lineage(name: str, declared: Declared) -> list[str]:
    """The arm and what it extends, the oldest first."""
    line = [name]
    while (parent := declared.arms[line[-1]].get("extends")) is not None:
        where = f"{declared.path(line[-1])}.extends"
        check_name(parent, declared.arms, where)
        if parent in line:
            raise ConfigError(f"{where} = {shown(parent)} closes a circle; extend another")
        line.append(parent)
    return line[::-1]


def _override(base: Tree, change: Any, origin: str) -> Tree:
    """`base` with the values of `change`, which may name only keys that `base` has."""
    merged = dict(base)
    for key, value in mapping(change, origin).items():
        if key not in base:
            raise ConfigError(f"{origin}.{key}: unknown key; allowed: {listed(base)}")
        deeper = isinstance(base[key], dict)
        merged[key] = _override(base[key], value, f"{origin}.{key}") if deeper else value
    return merged


def _check_offers(base: Tree) -> None:
    """Validates also the architectures and optimizers that no arm uses today."""
    model, train = base["model"], base["train"]
    check_keys(base["input"], tuple(InputConfig.model_fields), "input.")
    check_keys(train, (*TrainSettings.model_fields, "optimizer", "optimizers"), "train.")
    check_keys(model, ("architecture", *NETWORKS), "model.")
    for key, section in NETWORKS.items():
        _check_offer(section, model.get(key), f"model.{key}")
    for key in ("optimizer", "optimizers"):
        if key not in train:
            raise ConfigError(f"train.{key} is missing")
    if "architecture" not in model:
        raise ConfigError("model.architecture is missing")
    check_new_names(mapping(train["optimizers"], "train.optimizers"), "train.optimizers")
    for name, settings in train["optimizers"].items():
        _check_offer(OptimizerSettings, settings, f"train.optimizers.{name}")


def _check_offer(section: type[Section], settings: Any, path: str) -> None:
    check_keys(mapping(settings, path), tuple(section.model_fields), f"{path}.")
    validated(section, settings, path)


def _arm(name: str, tree: Tree, data: DataConfig) -> ArmConfig:
    """What is effective of an arm's sections: of all that is on offer, what it uses."""
    where = f" (arm {name})"
    model, train = tree["model"], tree["train"]
    architecture, optimizer = model["architecture"], train["optimizer"]
    check_name(architecture, NETWORKS, "model.architecture", where)
    check_name(optimizer, train["optimizers"], "train.optimizer", where)
    settings = validated(
        TrainSettings,
        {k: v for k, v in train.items() if k not in ("optimizer", "optimizers")},
        "train",
        where,
    )
    key = f"train.optimizers.{optimizer}"
    rule = validated(OptimizerSettings, train["optimizers"][optimizer], key, where)
    network = validated(NETWORKS[architecture], model[architecture], f"model.{architecture}", where)
    inputs = validated(InputConfig, tree["input"], "input", where)
    check_arm(inputs, settings, data, where)
    available = training_images(data, inputs.set)
    images = min(settings.images or available, available)
    image_size = data.tile if inputs.set == "mnist" else data.canvas
    with in_effect(where):
        arm = ArmConfig(
            image_size=image_size,
            input=inputs,
            model=_model(network),
            precision=settings.precision,
            train=TrainConfig(
                backend=settings.backend,
                engine=settings.engine,
                epochs=settings.epochs,
                images=images,
                images_per_epoch=min(settings.images_per_epoch or images, images),
                batch_size=settings.batch_size,
                measured_images=settings.measured_images,
                threads=settings.threads,
                optimizer=rule.effective(),
            ),
            fresh=_fresh(data, settings.fresh_backgrounds) if settings.fresh_images else None,
        )
    check_network(arm, where)
    return arm


def _model(settings: Section) -> CnnConfig | VggConfig:
    if isinstance(settings, CnnSettings):
        return settings.effective()
    assert isinstance(settings, VggSettings)
    return settings.effective(SOURCES.vgg16.content if settings.weights == "imagenet" else None)


def _fresh(data: DataConfig, families: list[str] | None) -> FreshConfig:
    """What a run depends on that composes its own images: all but its seed."""
    content = SOURCES.mnist.content
    layout = {key: getattr(data, key) for key in LayoutConfig.model_fields}
    if families is not None:
        layout["backgrounds"] = families
    return FreshConfig(
        layout=layout,
        digits=[content[part] for part in ("x_train", "y_train")],
        code=_composing_code(),
    )


def _composing_code() -> str:
    """The digest of the modules that compose images."""
    digest = hashlib.sha256()
    folder = Path(ablation.composition.__path__[0])
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"
