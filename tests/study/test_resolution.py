"""`params.yaml` and `paper.yaml` resolved: every scale, precedence, what is written."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from ablation.base.files import read_config
from ablation.composition import backgrounds
from ablation.networks.config import CnnConfig, VggConfig
from ablation.statistics.config import ClaimsConfig
from ablation.study.config import StudyConfig
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig, SgdConfig
from stages.resolve import write
from tests.params import ARMS, PAPER, PARAMS, SCALES, Tree, leaves, put


def at(scale: str) -> Resolved:
    return resolve(copy.deepcopy(PARAMS) | {"scale": scale}, PAPER)


@pytest.mark.parametrize("scale", SCALES)
def test_the_study_resolves_at_every_scale(scale: str) -> None:
    study = at(scale)
    assert study.study.scale == scale
    assert study.study.arms == {name: arm["label"] for name, arm in ARMS.items()}
    assert study.study.runs == [
        *((arm, seed) for arm in PARAMS["arms"] for seed in PARAMS["seeds"]),
        *((arm, seed) for arm in PARAMS["costly_arms"] for seed in PARAMS["costly_seeds"]),
    ]
    assert study.study.figures == list(study.figures) == list(PAPER["figures"])
    dumps = [arm.model_dump_json() for arm in study.arms.values()]
    assert len(set(dumps)) == len(ARMS)  # every arm is another one


def test_the_baseline_is_the_paper_s_network() -> None:
    baseline = at("paper").arms["baseline"]
    assert baseline.image_size == 128
    assert baseline.input.model_dump() == {
        "set": "modified", "downscale": 1, "threshold": None, "pad": None, "scaling": "unit"
    }  # fmt: skip
    assert baseline.model == CnnConfig(
        architecture="cnn", stem=None, blocks=[[64, 64, 64], [128, 128], [256, 256]],
        pools=[2, 2, 2], kernel=3, normalization_momentum=0.9, spatial_dropout=[0.2, 0.2, 0.0],
        dropout=[0.0, 0.0, 0.2], head="dense", dense=[512], dense_dropout=0.5, regularizer=None,
    )  # fmt: skip
    assert baseline.train.epochs == 300
    optimizer = baseline.train.optimizer
    assert isinstance(optimizer, SgdConfig)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)


def test_each_arm_differs_from_the_baseline_as_the_paper_says() -> None:
    arms = at("paper").arms
    base = dict(leaves(arms["baseline"].model_dump()))
    changed = {
        name: {
            ".".join(str(p) for p in path if isinstance(p, str))
            for path, value in leaves(arms[name].model_dump())
            if path not in base or base[path] != value
        }
        for name in ("no_dropout", "l1", "l2", "head_1024", "head_512_32", "adam", "sgd")
    }
    assert changed["no_dropout"] == {
        "model.spatial_dropout", "model.dropout", "model.dense_dropout"
    }  # fmt: skip
    for kind in ("l1", "l2"):
        assert changed[kind] == {"model.regularizer.kind", "model.regularizer.factor"}
        regularizer = arms[kind].model.model_dump()["regularizer"]
        assert regularizer == {"kind": kind, "factor": 1e-4}
    assert changed["head_1024"] == changed["head_512_32"] == {"model.dense"}
    for name in ("adam", "sgd"):
        assert {path.rsplit(".", 1)[0] for path in changed[name]} == {"train.optimizer"}, name
    raw, augmented = arms["vgg_raw"], arms["vgg_augmented"]
    assert isinstance(raw.model, VggConfig)
    assert raw.model.weights is not None
    assert raw.model.frozen_layers == 5
    assert (augmented.input.threshold, augmented.input.pad) == (0.9, 224)
    assert (raw.model, raw.train) == (augmented.model, augmented.train)
    assert arms["simple_mnist"].image_size == 28
    assert arms["simple_mnist"].input.set == "mnist"
    assert arms["simple_mnist"].model == arms["simple"].model


def test_the_paper_s_canvas_is_halved_at_every_scale() -> None:
    for scale in SCALES:
        arms = at(scale).arms
        for name in ("simple", "baseline"):
            other = arms[f"{name}_128"]
            assert (other.input.set, other.image_size) == ("modified_128", 64)
            assert other.input.downscale == 1
            # At laptop the baseline drops less on this canvas; nothing else differs.
            dropouts = {"spatial_dropout", "dropout", "dense_dropout"}
            first, second = (arm.model.model_dump(exclude=dropouts) for arm in (other, arms[name]))
            assert first == second
            if name == "simple":
                assert other.model == arms[name].model


def test_every_background_family_is_used() -> None:
    assert tuple(PARAMS["data"]["backgrounds"]) == backgrounds.families()[:7]


@pytest.mark.parametrize("scale", ["half", "paper"])
def test_the_competition_s_images_fit_a_scale_of_their_size(params: Tree, scale: str) -> None:
    put(params, "data.source", "kaggle")
    assert resolve(params | {"scale": scale}, PAPER).admit.source == "kaggle"


def epochs(params: Tree, *arms: str) -> list[int]:
    resolved = resolve(params, PAPER).arms
    return [resolved[arm].train.epochs for arm in arms]


def test_an_arm_inherits_its_scale_what_it_extends_and_overrides_both(params: Tree) -> None:
    put(params, "scales.smoke.train.epochs", 7)
    params["arms"]["second"] = {"extends": "adam"}
    params["arms"]["third"] = {"extends": "second"}
    names = ("baseline", "adam", "second", "third")
    assert epochs(params, *names) == [7, 7, 7, 7]
    put(params, "arms.adam.train.epochs", 9)
    assert epochs(params, *names) == [7, 9, 9, 9]
    put(params, "scales.smoke.arms.adam.train.epochs", 11)
    put(params, "scales.laptop.arms.adam.train.epochs", 12)
    assert epochs(params, *names) == [7, 11, 11, 11]
    put(params, "arms.second.train.epochs", 13)
    put(params, "scales.smoke.arms.third.train.epochs", 14)
    assert epochs(params, *names) == [7, 11, 13, 14]
    assert resolve(params, PAPER).arms["third"].train.optimizer.algorithm == "adam"


def test_costly_arms_run_with_their_own_seeds_and_are_arms_in_all_else(params: Tree) -> None:
    params |= {"seeds": [3, 0, 1], "costly_seeds": [0]}
    before = resolve(params, PAPER)
    assert before.study.seeds_of("baseline") == [3, 0, 1]
    assert [run for run in before.study.runs if run[0].startswith("vgg")] == [
        ("vgg_raw", 0), ("vgg_augmented", 0)
    ]  # fmt: skip
    assert before.study.stage("vgg_raw", 0) == "train_costly@vgg_raw-0"
    assert before.study.stage("adam", 3) == "train@adam-3"

    # An arm that moves is the same arm, whatever extends it and whatever it extends.
    params["arms"]["vgg_raw"] = params["costly_arms"].pop("vgg_raw")
    params["costly_arms"]["adam"] = params["arms"].pop("adam")
    after = resolve(params, PAPER)
    assert after.arms == before.arms
    costly = [*before.study.costly_arms, "adam"]
    costly.remove("vgg_raw")
    assert after.study.costly_arms == costly


def test_what_is_written_is_read_again_and_what_is_gone_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: Tree, paper: Tree
) -> None:
    monkeypatch.chdir(tmp_path)
    put(params, "arms.gone", {"extends": "adam"})
    put(paper, "figures.gone", paper["figures"]["dropout"])
    write(resolve(params, paper))
    configs = Path("configs")
    assert (configs / "arms/gone.yaml").exists()
    del params["arms"]["gone"], paper["figures"]["gone"]
    study = resolve(params, paper)
    write(study)
    assert {path.stem for path in (configs / "arms").iterdir()} == set(ARMS)
    assert not (configs / "figures/gone.yaml").exists()
    assert read_config(configs / "study.yaml", StudyConfig) == study.study
    assert read_config(configs / "claims.yaml", ClaimsConfig) == study.claims
    for name, arm in study.arms.items():
        assert read_config(configs / f"arms/{name}.yaml", ArmConfig) == arm
