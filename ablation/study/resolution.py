"""From `params.yaml` as written to all that the stages read, complete and checked.

Every scale is checked, not the chosen one alone: a mistake in another is told today, not when it is
chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from ablation.base.section import Name, Section, Tree
from ablation.composition.config import DataConfig
from ablation.inputs.own import AdmitConfig
from ablation.reporting.config import AugmentationFigure, BestFigure, FigureConfig
from ablation.statistics.config import ClaimsConfig
from ablation.study.arms import ARM_SECTIONS, merge_arms, resolve_arms
from ablation.study.checks import (
    ConfigError,
    check_keys,
    check_name,
    listed,
    mapping,
    shown,
    validated,
)
from ablation.study.claims import resolve_claims
from ablation.study.config import StudyConfig
from ablation.study.costs import multiply_adds
from ablation.study.declared import ARMS, COSTLY, declared
from ablation.study.feasibility import check_data, check_source
from ablation.study.requirements import label
from ablation.study.sizes import check_data as check_size
from ablation.study.sizes import (
    check_different,
    check_entries,
    check_once,
    check_samples,
)
from ablation.study.texts import LONGEST_TITLE, check_label, check_values
from ablation.training.config import ArmConfig

SECTIONS = ("data", *ARM_SECTIONS)
ASKED = ("statistics", "metrics", "claims")
PAPER = ("figures", *ASKED)
SEEDS = ("seeds", "costly_seeds")
TOP = ("scale", *SEEDS, "baseline", *SECTIONS, "scales", ARMS, COSTLY, "figures", *ASKED)

MOST_DRAWN = 56  # arms in a figure: so many pairs of colour and marker there are

# kind -> what a figure of that kind declares
_KINDS: dict[str, type[Section]] = {
    get_args(figure.model_fields["kind"].annotation)[0]: figure
    for figure in get_args(get_args(FigureConfig)[0])
}


class Resolved(Section):
    """All that `resolve` writes."""

    study: StudyConfig
    admit: AdmitConfig
    data: DataConfig
    arms: dict[Name, ArmConfig]
    figures: dict[Name, FigureConfig]
    claims: ClaimsConfig


def resolve(params: Tree, paper: Tree) -> Resolved:
    """The complete configuration of the study, from params.yaml and paper.yaml as trees.

    Raises:
        ConfigError: as of `_resolve`.
    """
    check_keys(mapping(paper, "paper.yaml"), PAPER, "paper.yaml: ")
    return _resolve({**mapping(params, "params.yaml"), **paper})


def _resolve(params: Tree) -> Resolved:
    """Checks `params` whole and gives the complete configuration of the study.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong type or out of range, a name
            that stands for nothing. The message names the key as it is written in `params.yaml`.
    """
    check_keys(mapping(params, "params.yaml"), TOP, "")
    missing = [key for key in TOP if key not in params]
    if missing:
        raise ConfigError(f"{missing[0]} is missing; the sections are {listed(TOP)}")
    check_values(params)
    check_entries(params)
    scales = mapping(params["scales"], "scales")
    check_name(params["scale"], scales, "scale")
    chosen = _at_scale(params, params["scale"])
    data = {chosen.study.scale: chosen.data}
    for scale in scales:
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
    check_keys(sizes, (*SEEDS, *SECTIONS, "arms"), f"scales.{scale}.")
    base: Tree = {key: mapping(params[key], key) for key in SECTIONS}
    for key in SECTIONS:
        base = {**base, key: _fill(base[key], sizes.get(key, {}), key, scale)}
    admit, data = _data(base["data"])
    check_size(data)
    check_data(data)
    written = declared(params)
    merged = merge_arms(written, sizes.get("arms", {}), base, scale)
    arms = resolve_arms(merged, data)
    labels = {name: label(name, written, merged[name]) for name in arms}
    check_different(labels, written.path)
    check_name(params["baseline"], arms, "baseline")
    study = validated(
        StudyConfig,
        {
            "scale": scale,
            **{key: params[key] for key in SEEDS},
            "baseline": params["baseline"],
            "arms": labels,
            "costly_arms": written.costly,
            "data_sets": {name: arm.input.set for name, arm in arms.items()},
            "multiply_adds": {name: multiply_adds(arm) for name, arm in arms.items()},
        },
        "",
    )
    figures = _figures(params["figures"], arms)
    return validated(
        Resolved,
        {
            "study": study,
            "admit": admit,
            "data": data,
            "arms": arms,
            "figures": figures,
            "claims": resolve_claims(
                {key: params[key] for key in ASKED},
                arms,
                study.baseline,
                figures,
                data,
                written,
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


def _figures(declared: Any, arms: Mapping[str, ArmConfig]) -> dict[str, Any]:
    figures = {}
    for name, content in mapping(declared, "figures").items():
        path = f"figures.{name}"
        check_name(mapping(content, path).get("kind"), _KINDS, f"{path}.kind")
        figure: Any = validated(_KINDS[content["kind"]], content, path)
        check_label(figure.title, f"{path}.title", LONGEST_TITLE)
        if isinstance(figure, AugmentationFigure):
            check_samples(figure.images, f"{path}.images")
        drawn = getattr(figure, "arms", [])
        if isinstance(figure, BestFigure):
            for group, arms_of_group in figure.groups.items():
                check_label(group, f"{path}.groups")
                check_once(arms_of_group, f"{path}.groups.{group}")
        else:
            check_once(drawn, f"{path}.arms")
        if len(drawn) > MOST_DRAWN:
            raise ConfigError(f"{path} has {len(drawn)} arms; allowed: at most {MOST_DRAWN}")
        for arm in drawn:
            if arm not in arms:
                raise ConfigError(f"{path} names the arm {shown(arm)}; arms: {listed(arms)}")
        figures[name] = figure
    return figures


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
