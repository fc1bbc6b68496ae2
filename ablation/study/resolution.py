"""From `params.yaml` and `paper.yaml` to all that the stages read, complete and checked."""

from __future__ import annotations

from ablation.base.section import Name, Section, Tree
from ablation.composition.config import DataConfig
from ablation.inputs.own import AdmitConfig
from ablation.reporting.config import FigureConfig
from ablation.statistics.config import ClaimsConfig
from ablation.study.arms import Params, check_labels, labelled
from ablation.study.checks import told_of, validated
from ablation.study.claims import Paper, resolve_claims
from ablation.study.config import StudyConfig
from ablation.study.costs import multiply_adds
from ablation.study.settings import ArmSettings, BaseSettings
from ablation.training.config import ArmConfig


class Resolved(Section):
    """All that `resolve` writes."""

    study: StudyConfig
    admit: AdmitConfig
    data: DataConfig
    arms: dict[Name, ArmConfig]
    figures: dict[Name, FigureConfig]
    claims: ClaimsConfig


def resolve(params_tree: Tree, paper_tree: Tree) -> Resolved:
    """Checks both files at the chosen scale and gives the complete configuration of the study.

    Raises:
        ConfigError: an unknown or missing key, a value of the wrong type or out of range, a name
            that stands for nothing. The message names the file and the key as it is written there.
    """
    with told_of("paper.yaml"):
        paper = validated(Paper, paper_tree)
    with told_of("params.yaml"):
        params = validated(Params, params_tree)
        base = validated(BaseSettings, params.base())
        merged = {name: params.merged(name) for name in params.every_arm}
        arms = {
            name: validated(ArmSettings, tree, f" (arm {name})") for name, tree in merged.items()
        }
        spoken = {
            name: labelled(name, arm, params.path(name), merged[name])
            for name, arm in params.every_arm.items()
        }
        labels = {name: label for name, (label, _) in spoken.items()}
        check_labels(labels, params)
        effective = {name: arm.effective() for name, arm in arms.items()}
        study = validated(
            StudyConfig,
            {
                "scale": params.scale,
                "seeds": params.seeds,
                "costly_seeds": params.costly_seeds,
                "baseline": params.baseline,
                "arms": labels,
                "costly_arms": list(params.costly_arms),
                "data_sets": {name: arm.input.set for name, arm in effective.items()},
                "figures": list(paper.figures),
                "multiply_adds": {name: multiply_adds(arm) for name, arm in effective.items()},
            },
        )
    mislabelled = {name: why for name, (_, why) in spoken.items() if why}
    with told_of("paper.yaml"):
        claims = resolve_claims(paper, arms, labels, params.baseline, mislabelled)
    data = base.data.model_dump()
    return Resolved(
        study=study,
        admit=AdmitConfig(**{key: data[key] for key in AdmitConfig.model_fields}),
        data=DataConfig(**{key: data[key] for key in DataConfig.model_fields}),
        arms=effective,
        figures=paper.figures,
        claims=claims,
    )
