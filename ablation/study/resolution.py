"""From `params.yaml` as written to the complete configuration of every arm.

An arm is the base sections, with the sizes of the chosen scale filled in, then the overrides of
the arm it extends (if any) and its own. Of the architectures and optimizers that are on offer an
arm's configuration keeps the one it uses, so that changing another leaves its run untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ablation.competition.config import AdmitConfig
from ablation.composition.config import DataConfig, LayoutConfig
from ablation.evaluation.config import EvaluationConfig
from ablation.networks.config import InputConfig
from ablation.reporting.config import FigureConfig
from ablation.section import Name, Section, Tree
from ablation.sources.config import SourcesConfig
from ablation.statistics.config import ClaimsConfig
from ablation.study.checks import ConfigError, check_keys, check_name, listed, mapping, validated
from ablation.study.claims import resolve_claims
from ablation.study.config import StudyConfig
from ablation.study.costs import multiply_adds
from ablation.study.feasibility import check_arm, check_data, check_source
from ablation.study.requirements import label
from ablation.training.config import ArmConfig, OptimizerConfig, TrainConfig

ARM_SECTIONS = ("input", "model", "train")
SECTIONS = ("data", *ARM_SECTIONS, "evaluation")
ASKED = ("statistics", "metrics", "claims")
TOP = ("scale", "seeds", "baseline", "sources", *SECTIONS, "scales", "arms", "figures", *ASKED)

# kind -> what a figure of that kind declares
_KINDS: dict[str, type[Section]] = {
    get_args(figure.model_fields["kind"].annotation)[0]: figure
    for figure in get_args(get_args(FigureConfig)[0])
}
# architecture -> what an arm of that architecture declares
_NETWORKS: dict[str, type[Section]] = {
    get_args(network.model_fields["architecture"].annotation)[0]: network
    for network in get_args(ArmConfig.model_fields["model"].annotation)
}
_FILLED = ("weights_digest",)  # keys of theirs that params.yaml does not have


class Resolved(Section):
    """All that `resolve` writes."""

    study: StudyConfig
    sources: SourcesConfig
    admit: AdmitConfig
    data: DataConfig
    evaluation: EvaluationConfig
    arms: dict[Name, ArmConfig]
    figures: dict[Name, FigureConfig]
    claims: ClaimsConfig


def resolve(params: Tree) -> Resolved:
    """Checks `params` whole and gives the complete configuration of the study.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong type or out of range, a name
            that stands for nothing. The message names the key as it is written in `params.yaml`.
    """
    check_keys(mapping(params, "params.yaml"), TOP, "")
    missing = [key for key in TOP if key not in params]
    if missing:
        raise ConfigError(f"{missing[0]} is missing; the sections are {listed(TOP)}")
    scales = mapping(params["scales"], "scales")
    check_name(params["scale"], scales, "scale")
    chosen = _at_scale(params, params["scale"])
    data = {chosen.study.scale: chosen.data}
    for scale in scales:  # a mistake in another scale is told today, not when it is chosen
        if scale != chosen.study.scale:
            try:
                data[scale] = _at_scale(params, scale).data
            except ConfigError as error:
                raise ConfigError(f"at scale {scale}: {error}") from None
    check_source(chosen.study.scale, data)
    return chosen


def _at_scale(params: Tree, scale: str) -> Resolved:
    """The complete configuration at one scale."""
    sizes = mapping(params["scales"][scale], f"scales.{scale}")
    check_keys(sizes, (*SECTIONS, "arms"), f"scales.{scale}.")
    base: Tree = {key: mapping(params[key], key) for key in SECTIONS}
    for key in SECTIONS:
        base = {**base, key: _fill(base[key], sizes.get(key, {}), key, scale)}
    _check_offers(base)
    admit, data = _data(base["data"])
    check_data(data)

    sources = validated(SourcesConfig, params["sources"], "sources")
    merged = _merged(params, sizes, base, scale)
    arms = {name: _arm(name, tree, data, sources) for name, tree in merged.items()}
    labels = {name: label(name, params["arms"][name], merged[name]) for name in arms}
    study = validated(
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
    check_name(study.baseline, arms, "baseline")
    figures = _figures(params["figures"], arms)
    return validated(
        Resolved,
        {
            "study": study,
            "sources": _needed(sources, arms),
            "admit": admit,
            "data": data,
            "evaluation": validated(EvaluationConfig, base["evaluation"], "evaluation"),
            "arms": arms,
            "figures": figures,
            "claims": resolve_claims(
                {key: params[key] for key in ASKED},
                arms,
                study.baseline,
                figures,
                data,
                params["arms"],
                merged,
            ),
        },
        "",
    )


def _data(tree: Tree) -> tuple[AdmitConfig, DataConfig]:
    """The section `data`: a person's own files, and how images are made, apart.

    Apart, so that another external test set makes no images again.
    """
    own, made = set(AdmitConfig.model_fields), set(DataConfig.model_fields)
    check_keys(tree, tuple({**AdmitConfig.model_fields, **DataConfig.model_fields}), "data.")
    return (
        validated(AdmitConfig, {k: v for k, v in tree.items() if k in own}, "data"),
        validated(DataConfig, {k: v for k, v in tree.items() if k in made}, "data"),
    )


def _needed(sources: SourcesConfig, arms: Mapping[str, ArmConfig]) -> SourcesConfig:
    """The sources without VGG-19's where no arm starts from its weights."""
    if any(arm.model.pretrained == "vgg19" for arm in arms.values()):
        return sources
    return sources.model_copy(update={"vgg19": None})


def _model(architecture: str, settings: Tree, sources: SourcesConfig, where: str) -> Tree:
    """The architecture with its settings, and with the digest of weights that no stage watches."""
    model = {"architecture": architecture, **settings}
    if architecture != "vgg19":
        return model
    if settings["weights"] != "imagenet":
        return model | {"weights_digest": None}
    if sources.vgg19 is None:
        raise ConfigError(
            f"model.vgg19.weights = 'imagenet'{where} and sources.vgg19 is null; "
            "allowed: none, or an address under sources.vgg19"
        )
    return model | {"weights_digest": sources.vgg19.public.digest}


def _merged(params: Tree, sizes: Tree, base: Tree, scale: str) -> dict[str, Tree]:
    """arm -> its sections `input`, `model` and `train` as merged, with the keys of params.yaml."""
    declared = mapping(params["arms"], "arms")
    sized = mapping(sizes.get("arms", {}), f"scales.{scale}.arms")
    for name in sized:
        if name not in declared:
            raise ConfigError(f"scales.{scale}.arms.{name}: no such arm; arms: {listed(declared)}")
        where = f"scales.{scale}.arms.{name}"
        check_keys(mapping(sized[name], where), ARM_SECTIONS, f"{where}.")
    for name, overrides in declared.items():
        check_keys(
            mapping(overrides, f"arms.{name}"),
            ("label", "says", "extends", *ARM_SECTIONS),
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
                for key in ARM_SECTIONS:
                    change = overrides.get(key, {})
                    tree[key] = _override(tree[key], change, f"{origin}.{key}")
        arms[name] = tree
    return arms


def _arm(name: str, tree: Tree, data: DataConfig, sources: SourcesConfig) -> ArmConfig:
    """Keeps the architecture and the optimizer that the arm uses."""
    where = f" (arm {name})"
    model, train = tree["model"], tree["train"]
    offered = [key for key in model if key != "architecture"]
    check_name(model["architecture"], offered, "model.architecture", where)
    check_name(train["optimizer"], train["optimizers"], "train.optimizer", where)
    optimizer = validated(
        OptimizerConfig,
        {"name": train["optimizer"], **train["optimizers"][train["optimizer"]]},
        f"train.optimizers.{train['optimizer']}",
        where,
    )
    image_size = data.tile if tree["input"].get("set") == "mnist" else data.canvas
    chosen = {
        "image_size": image_size,
        "input": tree["input"],
        "model": _model(model["architecture"], model[model["architecture"]], sources, where),
        "train": {k: v for k, v in train.items() if k not in ("optimizer", "optimizers")}
        | {"optimizer": optimizer},
        "layout": _layout(data) if train.get("fresh_images") is True else None,
    }
    arm = validated(ArmConfig, chosen, "", where)
    check_arm(arm, data, where)
    return arm


def _layout(data: DataConfig) -> LayoutConfig:
    return LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})


def _check_offers(base: Tree) -> None:
    """Validates also the architectures and optimizers that no arm uses today."""
    model, train = base["model"], base["train"]
    check_keys(base["input"], tuple(InputConfig.model_fields), "input.")
    check_keys(train, (*TrainConfig.model_fields, "optimizers"), "train.")
    check_keys(model, ("architecture", *_NETWORKS), "model.")
    for key, section in _NETWORKS.items():
        _check_offer(section, "architecture", key, model.get(key), f"model.{key}")
    for key in ("optimizer", "optimizers"):
        if key not in train:
            raise ConfigError(f"train.{key} is missing")
    if "architecture" not in model:
        raise ConfigError("model.architecture is missing")
    for name, settings in mapping(train["optimizers"], "train.optimizers").items():
        _check_offer(OptimizerConfig, "name", name, settings, f"train.optimizers.{name}")


def _check_offer(section: type[Section], tag: str, name: str, settings: Any, path: str) -> None:
    """Validates `settings` as the `section` whose field `tag` is the name it is offered under."""
    filled = {key: None for key in _FILLED if key in section.model_fields}
    fields = tuple(field for field in section.model_fields if field not in (tag, *filled))
    check_keys(mapping(settings, path), fields, f"{path}.")
    validated(section, {tag: name, **settings, **filled}, path)


def _figures(declared: Any, arms: Mapping[str, ArmConfig]) -> dict[str, Any]:
    figures = {}
    for name, content in mapping(declared, "figures").items():
        path = f"figures.{name}"
        check_name(mapping(content, path).get("kind"), _KINDS, f"{path}.kind")
        figure = validated(_KINDS[content["kind"]], content, path)
        for arm in getattr(figure, "arms", []):
            if arm not in arms:
                raise ConfigError(f"{path} names the arm {arm!r}; arms: {listed(arms)}")
        figures[name] = figure
    return figures


def _lineage(name: str, declared: Tree) -> list[str]:
    """The arm and what it extends, the oldest first."""
    line = [name]
    while (parent := declared[line[-1]].get("extends")) is not None:
        check_name(parent, declared, f"arms.{line[-1]}.extends")
        if parent in line:
            raise ConfigError(
                f"arms.{line[-1]}.extends = {parent!r} closes a circle; extend another"
            )
        line.append(parent)
    return line[::-1]


def _fill(base: Tree, sizes: Any, path: str, scale: str) -> Tree:
    """`base` with the keys that only the scale sets. One key has one place."""
    merged = dict(base)
    for key, value in mapping(sizes, f"scales.{scale}.{path}").items():
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
    for key, value in mapping(change, origin).items():
        if key not in base:
            raise ConfigError(f"{origin}.{key}: unknown key; allowed: {listed(base)}")
        deeper = isinstance(base[key], dict)
        merged[key] = _override(base[key], value, f"{origin}.{key}") if deeper else value
    return merged
