"""From `params.yaml` as written to the complete configuration of every arm.

An arm is the base sections, with the sizes of the chosen scale filled in, then the overrides of
the arm it extends (if any) and its own. Of the architectures and optimizers that are on offer an
arm's configuration keeps the one it uses, so that changing another leaves its run untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ablation.config.arm import ArmConfig, CnnConfig, OptimizerConfig, Vgg16Config
from ablation.config.base import Name, Section, Tree
from ablation.config.data import DataConfig, SourcesConfig
from ablation.config.figure import FigureConfig
from ablation.config.study import EvaluationConfig, StudyConfig
from ablation.costs import multiply_adds

ARM_SECTIONS = ("input", "model", "train")
SECTIONS = ("data", *ARM_SECTIONS, "evaluation")
TOP = ("scale", "seeds", "baseline", "sources", *SECTIONS, "scales", "arms", "figures")

Kind = TypeVar("Kind", bound=Section)


class ConfigError(ValueError):
    """A mistake in `params.yaml`, told in one line: the key, its value and what is allowed."""


class Resolved(Section):
    """All that `resolve` writes."""

    study: StudyConfig
    sources: SourcesConfig
    data: DataConfig
    evaluation: EvaluationConfig
    arms: dict[Name, ArmConfig]
    figures: dict[Name, FigureConfig]


def resolve(params: Tree) -> Resolved:
    """Checks `params` whole and gives the complete configuration of the study.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong type or out of range, a name
            that stands for nothing. The message names the key as it is written in `params.yaml`.
    """
    _check_keys(params, TOP, "")
    missing = [key for key in TOP if key not in params]
    if missing:
        raise ConfigError(f"{missing[0]} is missing; the sections are {_listed(TOP)}")
    scale = params["scale"]
    if scale not in _mapping(params["scales"], "scales"):
        raise ConfigError(f"scale = {scale!r}; allowed: {_listed(params['scales'])}")
    sizes = _mapping(params["scales"][scale], f"scales.{scale}")
    _check_keys(sizes, (*SECTIONS, "arms"), f"scales.{scale}.")
    base: Tree = {key: _mapping(params[key], key) for key in SECTIONS}
    for key in SECTIONS:
        base = {**base, key: _fill(base[key], sizes.get(key, {}), key, scale)}
    _check_offers(base)
    data = _validated(DataConfig, base["data"], "data")

    arms = _arms(params, sizes, base, scale, data)
    labels = {name: _label(params["arms"][name], name) for name in arms}
    study = _validated(
        StudyConfig,
        {
            "scale": scale,
            "seeds": params["seeds"],
            "baseline": params["baseline"],
            "arms": labels,
            "data_sets": {name: arm.input.set for name, arm in arms.items()},
            "training_images": {
                "modified": round(data.images * (1 - data.validation_fraction)),
                "mnist": round(data.mnist_images * (1 - data.validation_fraction)),
            },
            "multiply_adds": {name: multiply_adds(arm) for name, arm in arms.items()},
        },
        "",
    )
    if study.baseline not in arms:
        raise ConfigError(f"baseline = {study.baseline!r}; allowed: {_listed(arms)}")
    return Resolved(
        study=study,
        sources=_validated(SourcesConfig, params["sources"], "sources"),
        data=data,
        evaluation=_validated(EvaluationConfig, base["evaluation"], "evaluation"),
        arms=arms,
        figures=_figures(params["figures"], arms),
    )


def _arms(
    params: Tree, sizes: Tree, base: Tree, scale: str, data: DataConfig
) -> dict[str, ArmConfig]:
    declared = _mapping(params["arms"], "arms")
    sized = _mapping(sizes.get("arms", {}), f"scales.{scale}.arms")
    for name in sized:
        if name not in declared:
            raise ConfigError(f"scales.{scale}.arms.{name}: no such arm; arms: {_listed(declared)}")
    for name, overrides in declared.items():
        _check_keys(
            _mapping(overrides, f"arms.{name}"),
            ("label", "extends", *ARM_SECTIONS),
            f"arms.{name}.",
        )
    arms = {}
    for name in declared:
        tree = {key: base[key] for key in ARM_SECTIONS}
        for ancestor in _lineage(name, declared):
            for origin, overrides in (
                (f"arms.{ancestor}", declared[ancestor]),
                (f"scales.{scale}.arms.{ancestor}", sized.get(ancestor, {})),
            ):
                _check_keys(
                    _mapping(overrides, origin), ("label", "extends", *ARM_SECTIONS), f"{origin}."
                )
                for key in ARM_SECTIONS:
                    change = overrides.get(key, {})
                    tree[key] = _override(tree[key], change, f"{origin}.{key}")
        arms[name] = _arm(name, tree, data)
    return arms


def _arm(name: str, tree: Tree, data: DataConfig) -> ArmConfig:
    """Keeps the architecture and the optimizer that the arm uses."""
    where = f" (arm {name})"
    model, train = tree["model"], tree["train"]
    offered = [key for key in model if key != "architecture"]
    if model["architecture"] not in offered:
        raise ConfigError(
            f"model.architecture = {model['architecture']!r}{where}; allowed: {_listed(offered)}"
        )
    if train["optimizer"] not in train["optimizers"]:
        raise ConfigError(
            f"train.optimizer = {train['optimizer']!r}{where}; "
            f"allowed: {_listed(train['optimizers'])}"
        )
    optimizer = {"name": train["optimizer"], **train["optimizers"][train["optimizer"]]}
    image_size = data.tile if tree["input"].get("set") == "mnist" else data.canvas
    chosen = {
        "image_size": image_size,
        "input": tree["input"],
        "model": {"architecture": model["architecture"], **model[model["architecture"]]},
        "train": {k: v for k, v in train.items() if k not in ("optimizer", "optimizers")}
        | {"optimizer": optimizer},
    }
    arm = _validated(ArmConfig, chosen, "", where)
    size = image_size // arm.input.downscale
    if arm.input.pad is not None and arm.input.pad < size:
        raise ConfigError(
            f"input.pad = {arm.input.pad}{where}; allowed: null, or at least the image's {size} px"
        )
    return arm


def _check_offers(base: Tree) -> None:
    """Validates also the architectures and optimizers that no arm uses today."""
    model, train = base["model"], base["train"]
    _check_keys(model, ("architecture", "cnn", "vgg16"), "model.")
    for key, section in (("cnn", CnnConfig), ("vgg16", Vgg16Config)):
        offer = {"architecture": key, **_mapping(model.get(key), f"model.{key}")}
        _validated(section, offer, f"model.{key}")
    for key in ("optimizer", "optimizers"):
        if key not in train:
            raise ConfigError(f"train.{key} is missing")
    if "architecture" not in model:
        raise ConfigError("model.architecture is missing")
    for name, settings in _mapping(train["optimizers"], "train.optimizers").items():
        offer = {"name": name, **_mapping(settings, f"train.optimizers.{name}")}
        _validated(OptimizerConfig, offer, f"train.optimizers.{name}")


def _figures(declared: Any, arms: Mapping[str, ArmConfig]) -> dict[str, Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(FigureConfig)
    figures = {}
    for name, content in _mapping(declared, "figures").items():
        try:
            figure = adapter.validate_python(content)
        except ValidationError as error:
            raise ConfigError(_first_error(error, f"figures.{name}", "")) from None
        for arm in getattr(figure, "arms", []):
            if arm not in arms:
                raise ConfigError(f"figures.{name} names the arm {arm!r}; arms: {_listed(arms)}")
        figures[name] = figure
    return figures


def _lineage(name: str, declared: Tree) -> list[str]:
    """The arm and what it extends, the oldest first."""
    line = [name]
    while (parent := declared[line[-1]].get("extends")) is not None:
        if parent not in declared:
            raise ConfigError(f"arms.{line[-1]}.extends = {parent!r}; allowed: {_listed(declared)}")
        if parent in line:
            raise ConfigError(
                f"arms.{line[-1]}.extends = {parent!r} closes a circle; extend another"
            )
        line.append(parent)
    return line[::-1]


def _label(overrides: Tree, name: str) -> str:
    label = overrides.get("label", name)
    if not isinstance(label, str):
        raise ConfigError(f"arms.{name}.label = {label!r}; allowed: a text for the legend")
    return label


# --- trees ------------------------------------------------------------------------------------


def _fill(base: Tree, sizes: Any, path: str, scale: str) -> Tree:
    """`base` with the keys that only the scale sets. One key has one place."""
    merged = dict(base)
    for key, value in _mapping(sizes, f"scales.{scale}.{path}").items():
        if key not in base:
            merged[key] = value
        elif isinstance(base[key], dict) and isinstance(value, dict):
            merged[key] = _fill(base[key], value, f"{path}.{key}", scale)
        else:
            raise ConfigError(
                f"{path}.{key} is set twice, in {path} and in scales.{scale}.{path}; keep one"
            )
    return merged


def _override(base: Tree, change: Any, origin: str) -> Tree:
    """`base` with the values of `change`, which may name only keys that `base` has."""
    merged = dict(base)
    for key, value in _mapping(change, origin).items():
        if key not in base:
            raise ConfigError(f"{origin}.{key}: unknown key; allowed: {_listed(base)}")
        deeper = isinstance(base[key], dict)
        merged[key] = _override(base[key], value, f"{origin}.{key}") if deeper else value
    return merged


def _mapping(value: Any, path: str) -> Tree:
    if not isinstance(value, dict):
        raise ConfigError(f"{path} = {value!r}; allowed: a mapping of keys to values")
    return value


def _check_keys(tree: Tree, allowed: tuple[str, ...], prefix: str) -> None:
    for key in tree:
        if key not in allowed:
            raise ConfigError(f"{prefix}{key}: unknown key; allowed: {_listed(allowed)}")


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


# --- pydantic's errors, in one line -----------------------------------------------------------


def _validated(section: type[Kind], tree: Tree, path: str, where: str = "") -> Kind:
    try:
        return section.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_first_error(error, path, where, section)) from None


def _first_error(
    error: ValidationError, path: str, where: str, section: type[Section] | None = None
) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(part for part in (path, *_readable(first["loc"])) if part)
    if first["type"] == "missing":
        return f"{key} is missing{where}"
    if first["type"] == "extra_forbidden":
        allowed = f"; allowed: {_listed(section.model_fields)}" if section and not where else ""
        return f"{key}: unknown key{where}{allowed}"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    value = f" = {first['input']!r}" if first["type"] != "value_error" else ""
    return f"{key}{value}{where}: {message}"


def _readable(location: tuple[int | str, ...]) -> Iterator[str]:
    """The parts of a location that stand in `params.yaml` (not the name of a union's member)."""
    for part in location:
        if part not in ("cnn", "vgg16", "[key]") and not str(part).startswith("function-"):
            yield str(part)
