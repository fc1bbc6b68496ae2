"""`params.yaml` resolved: precedence, what a change touches, and every mistake in one line."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation import backgrounds
from ablation.checks import ConfigError
from ablation.config.arm import ArmConfig, CnnConfig, Vgg16Config
from ablation.config.data import Family
from ablation.files import read_yaml
from ablation.resolution import SECTIONS, TOP, Resolved, resolve

Tree = dict[str, Any]
Path_ = tuple[str | int, ...]

PARAMS: Tree = read_yaml(Path(__file__).parent.parent / "params.yaml")
SCALE = "smoke"
SCALES = tuple(PARAMS["scales"])
NULLABLE = {"threshold", "pad", "images_per_epoch", "last", "extends"}


def put(tree: Tree, path: str | Path_, value: Any) -> None:
    """Sets the value at `path`, whose missing parents are made."""
    parts = path.split(".") if isinstance(path, str) else path
    node: Any = tree
    for part in parts[:-1]:
        node = node.setdefault(part, {}) if isinstance(node, dict) else node[part]
    node[parts[-1]] = value


def drop(tree: Tree, path: str | Path_) -> None:
    parts = path.split(".") if isinstance(path, str) else path
    node: Any = tree
    for part in parts[:-1]:
        node = node[part]
    del node[parts[-1]]


def leaves(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """(path, value) of everything in `tree` that is no dictionary and no list."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path, tree


def mistake(params: Tree) -> str:
    """The message that `params` is refused with, which must be one line."""
    with pytest.raises(ConfigError) as error:
        resolve(params)
    message = str(error.value)
    assert message
    assert message == message.strip(" :")
    assert "\n" not in message
    assert "pydantic" not in message
    return message


# --- the study's own params.yaml --------------------------------------------------------------


@pytest.mark.parametrize("scale", SCALES)
def test_the_study_resolves_at_every_scale(scale: str, resolved: Callable[[str], Resolved]) -> None:
    study = resolved(scale)
    assert study.study.scale == scale
    assert list(study.arms) == list(PARAMS["arms"])
    assert list(study.figures) == list(PARAMS["figures"])
    assert study.study.arms == {name: arm["label"] for name, arm in PARAMS["arms"].items()}
    assert study.study.runs == [(a, s) for a in PARAMS["arms"] for s in PARAMS["seeds"]]
    assert set(study.study.multiply_adds) == set(PARAMS["arms"])
    assert all(count > 0 for count in study.study.multiply_adds.values())


@pytest.mark.parametrize("scale", SCALES)
def test_a_resolved_arm_survives_being_written(
    scale: str, resolved: Callable[[str], Resolved]
) -> None:
    for arm in resolved(scale).arms.values():
        assert ArmConfig.model_validate(arm.model_dump()) == arm


def test_every_arm_is_another_one(resolved: Callable[[str], Resolved]) -> None:
    dumps = [arm.model_dump_json() for arm in resolved("paper").arms.values()]
    assert len(set(dumps)) == len(dumps)


def test_the_baseline_is_the_paper_s_network(resolved: Callable[[str], Resolved]) -> None:
    baseline = resolved("paper").arms["baseline"]
    assert baseline.image_size == 128
    assert baseline.input.model_dump() == {
        "set": "modified", "downscale": 1, "threshold": None, "pad": None, "scaling": "unit"
    }  # fmt: skip
    assert isinstance(baseline.model, CnnConfig)
    assert baseline.model.blocks == [[64, 64, 64], [128, 128], [256, 256]]
    assert baseline.model.width == 1.0
    assert baseline.model.dense == [512]
    assert baseline.model.spatial_dropout == [0.2, 0.2, 0.0]
    assert baseline.model.dropout == [0.0, 0.0, 0.2]
    assert baseline.model.dense_dropout == 0.5
    assert baseline.model.regularizer == "none"
    assert baseline.train.epochs == 300
    optimizer = baseline.train.optimizer
    assert (optimizer.algorithm, optimizer.momentum, optimizer.nesterov) == ("sgd", 0.9, True)


def test_each_arm_differs_from_the_baseline_as_the_paper_says(
    resolved: Callable[[str], Resolved],
) -> None:
    arms = resolved("paper").arms
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
    assert changed["l1"] == changed["l2"] == {"model.regularizer"}
    assert changed["head_1024"] == changed["head_512_32"] == {"model.dense"}
    for name in ("adam", "sgd"):
        assert {path.rsplit(".", 1)[0] for path in changed[name]} == {"train.optimizer"}
    raw, augmented = arms["vgg_raw"], arms["vgg_augmented"]
    assert isinstance(raw.model, Vgg16Config)
    assert (raw.model.weights, raw.model.frozen_layers) == ("imagenet", 5)
    assert (augmented.input.threshold, augmented.input.pad) == (0.9, 224)
    assert raw.model == augmented.model
    assert raw.train == augmented.train
    assert arms["simple_mnist"].image_size == 28
    assert arms["simple_mnist"].input.set == "mnist"
    assert arms["simple_mnist"].model == arms["simple"].model


def test_the_schema_s_families_are_those_that_are_drawn() -> None:
    assert Family.__args__ == backgrounds.families()  # type: ignore[attr-defined]
    assert tuple(PARAMS["data"]["backgrounds"]) == backgrounds.families()


# --- precedence -------------------------------------------------------------------------------


def epochs(params: Tree, arm: str) -> int:
    return resolve(params).arms[arm].train.epochs


def test_a_scale_s_size_reaches_every_arm_that_names_no_other(params: Tree) -> None:
    params["scales"]["smoke"]["train"]["epochs"] = 7
    arms = resolve(params).arms
    assert {n for n, arm in arms.items() if arm.train.epochs == 7} == set(arms) - {
        "vgg_raw", "vgg_augmented"
    }  # fmt: skip


def test_an_arm_overrides_its_scale_s_size(params: Tree) -> None:
    put(params, "arms.adam.train.epochs", 9)
    assert epochs(params, "adam") == 9
    assert epochs(params, "baseline") == params["scales"]["smoke"]["train"]["epochs"]


def test_a_scale_s_arm_overrides_the_arm(params: Tree) -> None:
    put(params, "arms.adam.train.epochs", 9)
    put(params, "scales.smoke.arms.adam.train.epochs", 11)
    put(params, "scales.laptop.arms.adam.train.epochs", 13)
    assert epochs(params, "adam") == 11


def test_an_arm_inherits_what_it_extends_and_overrides_it(params: Tree) -> None:
    params["arms"]["second"] = {"extends": "adam"}
    params["arms"]["third"] = {"extends": "second"}
    put(params, "arms.adam.train.epochs", 9)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [9, 9, 9]
    put(params, "scales.smoke.arms.adam.train.epochs", 11)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 11, 11]
    put(params, "arms.second.train.epochs", 12)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 12, 12]
    put(params, "scales.smoke.arms.third.train.epochs", 13)
    assert [epochs(params, arm) for arm in ("adam", "second", "third")] == [11, 12, 13]
    assert resolve(params).arms["third"].train.optimizer.algorithm == "adam"


def test_the_order_of_arms_does_not_matter(params: Tree) -> None:
    before = resolve(params).arms
    params["arms"] = dict(reversed(params["arms"].items()))
    assert resolve(params).arms == before


def test_resolving_leaves_params_untouched(params: Tree) -> None:
    before = copy.deepcopy(params)
    resolve(params)
    assert params == before


def test_an_arm_without_a_label_is_named_by_itself(params: Tree) -> None:
    del params["arms"]["adam"]["label"]
    assert resolve(params).study.arms["adam"] == "adam"


def test_a_mistake_in_another_scale_is_told_with_its_name(params: Tree) -> None:
    params["scale"] = "smoke"
    params["scales"]["laptop"]["train"]["epochs"] = "many"
    said = mistake(params)
    assert said.startswith("at scale laptop: ")
    assert "many" in said


# --- what a change touches --------------------------------------------------------------------


def touched(params: Tree, path: str, value: Any) -> set[str]:
    """The arms whose resolved configuration a change of one value changes."""
    before = resolve(params).arms
    put(params, path, value)
    after = resolve(params).arms
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("scale", SCALES)
def test_another_optimizer_touches_exactly_the_arms_that_inherit_it(
    params: Tree, scale: str
) -> None:
    params["scale"] = scale
    assert params["train"]["optimizer"] == "sgd_nesterov"
    inherit = {
        "simple_mnist", "simple", "baseline", "no_dropout", "l1", "l2", "head_1024", "head_512_32"
    }  # fmt: skip
    assert touched(params, "train.optimizer", "adam") == inherit
    arms = resolve(params).arms
    assert arms["baseline"] == arms["adam"]
    assert touched(params, "train.optimizer", "sgd_nesterov") == inherit


@pytest.mark.parametrize(
    ("optimizer", "users"),
    [
        ("adam", {"adam"}),  # the VGG arms have their own rate
        ("sgd", {"sgd"}),
        ("sgd_nesterov", {"simple_mnist", "simple", "baseline", "no_dropout", "l1", "l2",
                          "head_1024", "head_512_32"}),
    ],
)  # fmt: skip
def test_an_optimizer_s_rate_touches_its_users_alone(
    params: Tree, optimizer: str, users: set[str]
) -> None:
    assert touched(params, f"train.optimizers.{optimizer}.learning_rate", 0.0123) == users


@pytest.mark.parametrize(
    ("path", "value", "arms"),
    [
        ("model.vgg16.dense_dropout", 0.1, {"vgg_raw", "vgg_augmented"}),
        ("arms.l1.model.cnn.kernel", 5, {"l1"}),
        ("arms.vgg_raw.model.vgg16.frozen_layers", 2, {"vgg_raw", "vgg_augmented"}),
        ("arms.adam.label", "another name", set()),
        ("figures.dropout.title", "another title", set()),
        ("data.rotation", 10.0, set()),
        ("scales.laptop.train.epochs", 99, set()),
    ],
)
def test_a_change_touches_what_uses_it(params: Tree, path: str, value: Any, arms: set[str]) -> None:
    assert touched(params, path, value) == arms


# --- mistakes ---------------------------------------------------------------------------------

ARMS = tuple(PARAMS["arms"])
KINDS = ("curves", "label_density", "augmentation", "architectures", "comparison")
OPTIMIZERS = tuple(PARAMS["train"]["optimizers"])

# path, wrong value, what the message names beside the key and the value
MISTAKES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("scale", "huge", SCALES),
    ("train.optimizer", "nonsense", OPTIMIZERS),
    ("train.optimizer", None, OPTIMIZERS),
    ("train.optimizer", ["adam"], OPTIMIZERS),
    ("arms.adam.train.optimizer", "nonsense", OPTIMIZERS),
    ("model.architecture", "resnet", ("cnn", "vgg16")),
    ("scales.smoke.train.batch_size", "abc", ("integer",)),
    ("scales.smoke.train.batch_size", "1", ("integer",)),
    ("scales.smoke.train.batch_size", 1.5, ("integer",)),
    ("scales.smoke.train.batch_size", True, ("integer",)),
    ("scales.smoke.train.batch_size", 0, ("greater than 0",)),
    ("scales.smoke.train.images_per_epoch", "all", ("integer",)),
    ("arms.adam.train.epochs", "x", ("integer", "adam")),
    ("arms.adam.model.cnn.dense", "x", ("list", "adam")),
    ("model.cnn.dropout", ["0.2", 0.0, 0.0], ("number",)),
    ("model.cnn.dense_dropout", 1.0, ("less than 1",)),
    ("model.cnn.regularizer", "l3", ("none", "l1", "l2")),
    ("model.vgg16.frozen_layers", 20, ("19",)),
    ("train.optimizers.sgd.learning_rate", "0.1", ("number",)),
    ("train.optimizers.sgd.learning_rate", 0, ("greater than 0",)),
    ("train.optimizers.sgd.learning_rate", float("inf"), ("finite",)),
    ("arms.vgg_raw.train.optimizers.adam.learning_rate", "x", ("number", "vgg_raw")),
    ("train.precision", "float16", ("float32", "mixed_bfloat16")),
    ("data.backgrounds", ["plate", "lava"], backgrounds.families()),
    ("data.backgrounds", [], ("at least 1",)),
    ("data.rotation", 181, ("180",)),
    ("data.magnification", [1.0], ("2 items",)),
    ("scales.smoke.data.mnist_images", 60_001, ("60000",)),
    ("input.set", "fashion", ("modified", "mnist")),
    ("evaluation.sample_images", [0], ("1",)),
    ("scales.smoke.arms.vgg_augmented.input.pad", 31, ("null", "32", "vgg_augmented")),
    ("arms.adam.extends", "nobody", ARMS),
    ("arms.adam.extends", ["l1"], ARMS),
    ("arms.adam.extends", "adam", ("circle",)),
    ("arms.simple.extends", "simple_mnist", ("circle",)),
    ("arms.adam.label", 3, ("text",)),
    ("arms.adam", None, ("mapping",)),
    ("arms", ["adam"], ("mapping",)),
    ("scales.smoke.arms", None, ("mapping",)),
    ("seeds", [1, 2, 1], ("once",)),
    ("seeds", [], ("at least 1",)),
    ("seeds", [-1], ("0",)),
    ("seeds", 0, ("list",)),
    ("baseline", "nobody", ARMS),
    ("figures.dropout.arms", ["baseline", "nobody"], ARMS),
    ("figures.comparison.groups", {"CNN": ["nobody"]}, ARMS),
    ("figures.dropout.arms", [], ("at least 1",)),
    ("figures.dropout.last", 2, ("less than 1",)),
    ("figures.dropout.kind", "pie", KINDS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "allowed"), MISTAKES, ids=[f"{p}={v!r}" for p, v, _ in MISTAKES]
)
def test_a_wrong_value_is_told_with_its_key_and_what_is_allowed(
    params: Tree, path: str, value: Any, allowed: tuple[str, ...]
) -> None:
    put(params, path, value)
    message = mistake(params)
    key = path.removeprefix("scales.smoke.").split(".")
    if key[0] == "arms":  # an arm's mistake may be told by its key, with the arm named apart
        assert key[:2][-1] in message
        key = key[2:] or key[:1]
    if key[-1] in ("arms", "groups"):  # a figure's arms are told by the figure
        key = key[:2]
    assert ".".join(key) in message
    wrong = [leaf for _, leaf in leaves(value)] or [value]
    assert any(repr(leaf) in message for leaf in wrong)
    for name in allowed:
        assert name in message


# path of the unknown key, keys that the message offers instead
UNKNOWN = [
    ("colour", ("scale", "seeds", "train", "figures")),
    ("data.colour", ("canvas", "tile")),
    ("input.colour", ("set", "threshold")),
    ("model.colour", ("architecture", "cnn", "vgg16")),
    ("model.cnn.colour", ("blocks", "kernel")),
    ("model.cnn.architecture", ("blocks", "kernel")),
    ("model.vgg16.colour", ("weights", "frozen_layers")),
    ("train.colour", ("precision", "threads")),
    ("train.optimizers.adam.colour", ("learning_rate", "momentum")),
    ("train.optimizers.adam.name", ("learning_rate", "momentum")),
    ("evaluation.colour", ("batch_size", "sample_images")),
    ("sources.colour", ("mnist", "vgg16")),
    ("sources.mnist.colour", ("public", "index", "content")),
    ("sources.mnist.public.colour", ("url", "digest")),
    ("arms.adam.colour", ("label", "extends", "input", "model", "train")),
    ("arms.adam.train.colour", ("optimizer", "epochs")),
    ("arms.adam.model.cnn.colour", ("blocks", "kernel")),
    ("arms.adam.train.optimizers.rmsprop", ("adam", "sgd", "sgd_nesterov")),
    ("scales.smoke.colour", ("data", "train", "arms")),
    ("scales.smoke.data.colour", ("canvas", "tile")),
    ("scales.smoke.train.colour", ("precision", "threads")),
    ("scales.smoke.arms.colour", ARMS),
    ("scales.smoke.arms.adam.colour", ("input", "model", "train")),
    ("scales.smoke.arms.adam.label", ("input", "model", "train")),
    ("scales.smoke.arms.adam.extends", ("input", "model", "train")),
    ("scales.smoke.arms.vgg_raw.train.colour", ("optimizer", "epochs")),
    ("figures.dropout.colour", ("title", "paper", "arms", "last")),
    ("figures.label_density.arms", ("title", "paper")),
]


@pytest.mark.parametrize(("path", "offered"), UNKNOWN, ids=[path for path, _ in UNKNOWN])
def test_an_unknown_key_is_told_with_the_known_ones(
    params: Tree, path: str, offered: tuple[str, ...]
) -> None:
    value: Any = ["baseline"] if path.endswith("arms") else {}
    put(params, path, {"architecture": "cnn", "name": "adam"}.get(path.split(".")[-1], value))
    message = mistake(params)
    key = path.split(".")
    if key[0] == "scales" and key[2] != "arms" and len(key) > 3:
        key = key[2:]  # sizes may be told as the section they fill
    told, _, allowed = message.partition(":")
    assert ".".join(key) in told
    for name in offered:
        assert name in allowed


@pytest.mark.parametrize("path", ["data.canvas", "train.epochs", "input.downscale"])
def test_a_key_in_base_and_scale_is_refused(params: Tree, path: str) -> None:
    put(params, path, 64)
    message = mistake(params)
    assert path in message
    assert f"scales.smoke.{path.split('.')[0]}" in message


def test_a_nested_key_in_base_and_scale_is_refused(params: Tree) -> None:
    put(params, "model.cnn.width", 1.0)
    assert "model.cnn.width" in mistake(params)


@pytest.mark.parametrize("key", TOP)
def test_a_missing_section_is_told(params: Tree, key: str) -> None:
    del params[key]
    assert mistake(params).startswith(f"{key} is missing")


REQUIRED = [
    path
    for path, _ in leaves({**{key: PARAMS[key] for key in SECTIONS}, "sources": PARAMS["sources"],
                           "scales": {SCALE: {k: PARAMS["scales"][SCALE][k]
                                              for k in SECTIONS if k in PARAMS["scales"][SCALE]}}})
    if not any(isinstance(part, int) for part in path) and "content" not in path
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(path))
def test_every_key_of_the_sections_is_required(params: Tree, path: Path_) -> None:
    drop(params, path)
    assert str(path[-1]) in mistake(params)


@pytest.mark.parametrize("path", ["figures.dropout.title", "figures.dropout.kind"])
def test_a_figure_s_missing_key_is_told(params: Tree, path: str) -> None:
    drop(params, path)
    assert path in mistake(params)


@pytest.mark.parametrize("name", ["Adam", "adam-2", "2adam", "a b", ""])
@pytest.mark.parametrize("section", ["arms", "figures"])
def test_a_name_that_makes_no_file_name_is_refused(params: Tree, section: str, name: str) -> None:
    params[section][name] = params[section]["dropout" if section == "figures" else "adam"]
    message = mistake(params)
    assert section in message
    assert name in message


def test_a_dropout_for_each_block_is_required(params: Tree) -> None:
    put(params, "arms.adam.model.cnn.dropout", [0.2])
    message = mistake(params)
    assert "adam" in message
    assert "dropout has 1 rates for 3 blocks" in message


def test_nesterov_without_momentum_is_refused(params: Tree) -> None:
    put(params, "train.optimizers.sgd.nesterov", True)
    message = mistake(params)
    assert "train.optimizers.sgd" in message
    assert "momentum" in message


def test_images_that_a_network_would_pool_to_nothing_are_refused(params: Tree) -> None:
    put(params, "scales.smoke.input.downscale", 16)
    assert "downscale" in mistake(params)


def test_a_batch_larger_than_the_training_images_is_refused(params: Tree) -> None:
    put(params, "scales.smoke.train.batch_size", 10_000)
    message = mistake(params)
    assert "batch_size" in message
    assert "10000" in message


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_a_file_that_holds_no_sections_is_refused(content: Any) -> None:
    with pytest.raises(ConfigError):
        resolve(content)


# --- any one mistake --------------------------------------------------------------------------

WRONG: dict[type, list[Any]] = {
    bool: [1, "true", None],
    int: ["1", 1.5, True, None],
    float: ["0.1", True, None],
    str: [1, 1.5, True, None],
    type(None): ["x", True],
}
SEEN = [
    (path, value)
    for path, value in leaves(PARAMS)
    if path[0] != "scales" or path[1] == SCALE
]  # fmt: skip


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[Path_, Any]:
    """A leaf of params.yaml that the smoke scale reads, and a value of a type it may not have."""
    path, value = draw(st.sampled_from(SEEN))
    wrong = [*WRONG[type(value)], ["x"], {"x": 1}]
    if path[-1] in NULLABLE:
        wrong = [other for other in wrong if other is not None]
    return path, draw(st.sampled_from(wrong))


@settings(max_examples=150)
@given(corruptions())
def test_a_value_of_a_wrong_type_is_always_one_line(corruption: tuple[Path_, Any]) -> None:
    path, value = corruption
    params = copy.deepcopy(PARAMS) | {"scale": SCALE}
    put(params, path, value)
    if path == ("scale",):
        params["scale"] = value
    message = mistake(params)
    named = [part for part in path if isinstance(part, str)]
    assert named[-1] in message or named[-2] in message


REQUIRED_PARENTS = [path for path in REQUIRED if len(path) > 1]


@given(st.sampled_from(REQUIRED_PARENTS), st.text("abcz_ 1é", min_size=1, max_size=6))
def test_a_misspelt_key_is_never_taken(path: Path_, letters: str) -> None:
    params = copy.deepcopy(PARAMS) | {"scale": SCALE}
    parent: Any = params
    for part in path[:-1]:
        parent = parent[part]
    parent[f"{path[-1]}{letters}"] = parent.pop(path[-1])
    mistake(params)
