"""Every mistake in `params.yaml` is refused in one line that names it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.composition import backgrounds
from ablation.study.checks import ConfigError
from ablation.study.resolution import SECTIONS, TOP, resolve
from tests.params import ARMS as DECLARED
from tests.params import PARAMS, SCALE, SCALES, Path_, Tree, drop, leaves, mistake, put

NULLABLE = {
    "kaggle_dir", "external", "threshold", "pad",
    "images", "images_per_epoch", "last", "extends", "paper",
}  # fmt: skip

ARMS = tuple(DECLARED)
KINDS = ("curves", "label_density", "augmentation", "architectures", "best", "forest")
OPTIMIZERS = tuple(PARAMS["train"]["optimizers"])

# path, wrong value, what the message names beside the key and the value
MISTAKES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("scale", "huge", SCALES),
    ("train.optimizer", "nonsense", OPTIMIZERS),
    ("train.optimizer", None, OPTIMIZERS),
    ("train.optimizer", ["adam"], OPTIMIZERS),
    ("arms.adam.train.optimizer", "nonsense", OPTIMIZERS),
    ("model.architecture", "resnet", ("cnn", "vgg16", "vgg19")),
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
    ("model.vgg19.frozen_layers", 23, ("22",)),
    ("model.vgg19.weights", "keras", ("imagenet", "none")),
    ("train.optimizers.sgd.learning_rate", "0.1", ("number",)),
    ("train.optimizers.sgd.learning_rate", 0, ("greater than 0",)),
    ("train.optimizers.sgd.learning_rate", float("inf"), ("finite",)),
    ("costly_arms.vgg_raw.train.optimizers.adam.learning_rate", "x", ("number", "vgg_raw")),
    ("train.fresh_images", 1, ("boolean",)),
    ("train.fresh_backgrounds", ["space"], ("stars", "water")),
    ("train.fresh_backgrounds", [], ("1",)),
    ("arms.simple_mnist.train.fresh_images", True, ("False", "simple_mnist")),
    ("train.precision", "float16", ("float32", "mixed_bfloat16")),
    ("data.source", "imagenet", ("composed", "kaggle")),
    ("data.kaggle_dir", 3, ("string",)),
    ("data.kaggle_dir", "", ("1 character",)),
    ("data.external", "real.zip", ("npz",)),
    ("data.external", 3, ("string",)),
    ("data.backgrounds", ["plate", "lava"], backgrounds.families()),
    ("data.backgrounds", [], ("at least 1",)),
    ("data.rotation", 181, ("180",)),
    ("data.magnification", [1.2, 1.0], ("smallest",)),
    ("data.background_seed", -1, ("0",)),
    ("data.tile", 20, ("28",)),
    ("data.digits", 9, ("84 px",)),
    ("scales.smoke.data.canvas", 50, ("56 px",)),
    ("scales.smoke.data.canvas", 300, ("240",)),
    ("sources.mnist.public.digest", "sha256:12", ("pattern",)),
    ("sources.vgg19.public.digest", "md5:12", ("pattern",)),
    ("data.magnification", [1.0], ("2 items",)),
    ("scales.smoke.data.mnist_images", 60_001, ("60000",)),
    ("input.set", "fashion", ("modified", "mnist")),
    ("arms.adam.input.scaling", "imagenet", ("cnn", "unit", "VGG", "adam")),
    ("figures.augmentation.images", [0], ("1",)),
    ("figures.augmentation.images", [], ("1",)),
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
    ("costly_seeds", [0, 0], ("once",)),
    ("costly_seeds", [], ("at least 1",)),
    ("costly_seeds", [3], ("allowed: 0",)),
    ("costly_arms", ["adam"], ("mapping",)),
    ("costly_arms.vgg_raw.extends", "nobody", ARMS),
    ("baseline", "nobody", ARMS),
    ("figures.dropout.arms", ["baseline", "nobody"], ARMS),
    ("figures.best.groups", {"CNN": ["nobody"]}, ARMS),
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
    # An arm's mistake may be told by its key, with the arm named apart.
    if key[0] in ("arms", "costly_arms"):
        assert key[:2][-1] in message
        key = key[2:] or key[:1]
    if key[-1] in ("arms", "groups"):  # a figure's arms are told by the figure
        key = key[:2]
    assert ".".join(key) in message
    wrong = [leaf for _, leaf in leaves(value)] or [value]
    assert any(repr(leaf) in message for leaf in wrong)
    for name in allowed:
        assert name in message


def test_an_arm_stands_in_one_section(params: Tree) -> None:
    put(params, "costly_arms.adam", {})
    assert "costly_arms.adam: arms.adam is there too; allowed: one of them" in mistake(params)


# path of the unknown key, keys that the message offers instead
UNKNOWN = [
    ("colour", ("scale", "seeds", "train", "figures")),
    ("data.colour", ("canvas", "tile")),
    ("input.colour", ("set", "threshold")),
    ("model.colour", ("architecture", "cnn", "vgg16", "vgg19")),
    ("model.cnn.colour", ("blocks", "kernel")),
    ("model.cnn.architecture", ("blocks", "kernel")),
    ("model.vgg16.colour", ("weights", "frozen_layers")),
    ("model.vgg19.colour", ("weights", "frozen_layers")),
    ("model.vgg19.weights_digest", ("weights", "frozen_layers")),
    ("costly_arms.vgg_raw.model.vgg19.weights_digest", ("weights", "frozen_layers")),
    ("train.colour", ("precision", "threads")),
    ("train.optimizers.adam.colour", ("learning_rate", "momentum")),
    ("train.optimizers.adam.name", ("learning_rate", "momentum")),
    ("evaluation.colour", ("batch_size",)),
    ("sources.colour", ("mnist", "vgg16", "vgg19")),
    ("sources.vgg19.colour", ("public", "index")),
    ("sources.vgg19.public.colour", ("url", "digest")),
    ("sources.mnist.colour", ("public", "index", "content")),
    ("sources.mnist.public.colour", ("url", "digest")),
    ("arms.adam.colour", ("label", "says", "extends", "input", "model", "train")),
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


def test_vgg19_without_a_source_of_its_weights_is_refused(params: Tree) -> None:
    put(params, "sources.vgg19", None)
    resolve(params)  # no arm asks for it
    put(params, "costly_arms.vgg_raw.model.architecture", "vgg19")
    assert mistake(params) == (
        "model.vgg19.weights = 'imagenet' (arm vgg_raw) and sources.vgg19 is null; "
        "allowed: none, or an address under sources.vgg19"
    )
    put(params, "costly_arms.vgg_raw.model.vgg19.weights", "none")
    assert resolve(params).arms["vgg_raw"].model.architecture == "vgg19"


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
    assert "dropout has 1 values for 3 blocks" in message


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


def test_the_compiled_engine_is_jax_s_alone(params: Tree) -> None:
    put(params, "train.engine", "compiled")
    message = mistake(params)
    assert message.startswith("train.engine = 'compiled' (arm ")
    assert message.endswith("with train.backend tensorflow; allowed: steps, or the backend jax")
    put(params, "train.backend", "jax")
    assert {arm.train.engine for arm in resolve(params).arms.values()} == {"compiled"}
    put(params, "arms.adam.train.backend", "torch")
    assert "(arm adam) with train.backend torch" in mistake(params)


def test_weights_are_averaged_under_tensorflow_alone(params: Tree) -> None:
    put(params, "arms.adam.train.average_weights", 0.99)
    assert resolve(params).arms["adam"].train.average_weights == 0.99
    put(params, "arms.adam.train.backend", "jax")
    assert "train.average_weights = 0.99 (arm adam) with train.backend jax" in mistake(params)


def test_fresh_images_stand_in_their_arm_alone(params: Tree) -> None:
    """Which arm composes its images, and of what kind, stands in its configuration alone."""
    arms = resolve(params).arms
    put(params, "arms.adam.train.fresh_images", True)
    changed = resolve(params).arms
    assert {name for name in arms if arms[name] != changed[name]} == {"adam"}
    fresh = changed["adam"].fresh
    assert fresh is not None
    assert fresh.layout["canvas"] == params["scales"][SCALE]["data"]["canvas"]
    put(params, "arms.adam.train.images", 100)  # so many an epoch, each time others
    train = resolve(params).arms["adam"].train
    assert (train.images, train.images_per_epoch) == (100, 100)


def test_a_mistake_in_another_scale_is_told_with_its_name(params: Tree) -> None:
    params["scale"] = "smoke"
    params["scales"]["laptop"]["train"]["epochs"] = "many"
    said = mistake(params)
    assert said.startswith("at scale laptop: ")
    assert "many" in said


def test_the_competition_s_images_need_a_scale_of_their_size(params: Tree) -> None:
    put(params, "data.source", "kaggle")
    said = mistake(params)
    assert "data.canvas = 64 at scale smoke" in said
    assert "allowed: 128" in said
    assert "half, paper" in said


@pytest.mark.parametrize("scale", ["half", "paper"])
def test_the_competition_s_images_fit_a_scale_of_their_size(params: Tree, scale: str) -> None:
    put(params, "data.source", "kaggle")
    assert resolve(params | {"scale": scale}).data.source == "kaggle"


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
    if (path[0] != "scales" or path[1] == SCALE)
    # What a label says of an arm may be null where the arm's own value may.
    and not (value is None and {"says", "requires"} & set(path))
]  # fmt: skip


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[Path_, Any]:
    """A leaf of params.yaml that the smoke scale reads, and a value of a type it may not have."""
    path, value = draw(st.sampled_from(SEEN))
    wrong = [*WRONG[type(value)], ["x"], {"x": 1}]
    if path[-1] in NULLABLE or {"says", "requires"} & set(path):
        wrong = [other for other in wrong if other is not None]
    if {"says", "requires"} & set(path):  # of numbers it may say any: then the legend corrects it
        wrong = [other for other in wrong if not isinstance(other, float)]
    if path[-1] == "kaggle_dir":  # any text may name a folder
        wrong = [other for other in wrong if not isinstance(other, str)]
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
