"""A mistake in `params.yaml` or `paper.yaml` is one line: the key, its value, what is allowed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.study.checks import ConfigError
from ablation.study.reading import read
from ablation.study.resolution import resolve
from tests.params import PAPER, PARAMS, Path_, Tree, leaves, put

# what somebody types -> the line, or what it begins with
MISTAKES: list[tuple[str, Any, str]] = [
    ("scale", "huge", "scale = 'huge'; allowed: smoke, laptop, half, paper"),
    ("colour", 1, "colour: unknown key; allowed: scale, seeds, costly_seeds, baseline, data, "),
    ("train.optimizer", "sdg", "train.optimizer = 'sdg'; allowed: adam, sgd, sgd_nesterov, muon"),
    ("train.optimizer", ["adam"], "train.optimizer = ['adam']: should be a valid string"),
    ("train.optimiser", "adam", "train.optimiser: unknown key; allowed: optimizer, backend, "),
    ("train.epochs", 3, "train.epochs is set twice, as scales.smoke.train.epochs too; keep one"),
    ("arms.adam.train.optimizer", "sdg",
     "train.optimizer = 'sdg'; allowed: adam, sgd, sgd_nesterov, muon (arm adam)"),
    ("arms.adam.train.epochs", "x", "train.epochs = 'x': should be a valid integer (arm adam)"),
    ("arms.adam.train.epoch", 3, "train.epoch: unknown key; allowed: optimizer, "),
    ("arms.adam.trian", {}, "arms.adam.trian: unknown key; allowed: input, model, train, label, "),
    ("arms.adam", None, "arms.adam = None: should be a mapping of keys to values"),
    ("arms.Adam-2", {}, "arms.Adam-2: should be a name of a-z, 0-9 and _, which begins with a "),
    ("arms.adam.extends", "nobody", "arms.adam.extends = 'nobody'; allowed: simple_mnist, simple"),
    ("arms.simple.extends", "nobody", "arms.simple.extends = 'nobody'; allowed: simple_mnist, "),
    ("arms.simple.extends", "simple_mnist", "arms.simple.extends = 'simple_mnist' closes a circle"),
    ("arms.adam.label", "L1", "arms.l1.label = 'L1', as arms.adam.label is; allowed: another"),
    ("arms.l1.says", {"model.cnn.regulariser": "l1"}, "arms.l1.says.model.cnn.regulariser: unknow"),
    ("costly_arms.adam", {}, "costly_arms.adam: arms.adam is there too; keep one"),
    ("model.architecture", "resnet", "model.architecture = 'resnet': should be 'cnn' or 'vgg16'"),
    ("model.cnn.dense_dropout", 1.0, "model.cnn.dense_dropout = 1.0: should be less than 1"),
    ("model.cnn.dropout", [0.2], "model.cnn.dropout has 1 values for 3 blocks; give one a block"),
    ("scales.smoke.model.cnn.width", 100.0, "model.cnn.width = 100.0 times 256 filters"),
    ("scales.smoke.model.cnn", 3, "model.cnn is set twice, as scales.smoke.model.cnn too"),
    ("scales.smoke.train.batch_size", "abc", "train.batch_size = 'abc': should be a valid integer"),
    ("scales.smoke.train.batch_size", True, "train.batch_size = True: should be a valid integer"),
    ("scales.smoke.train.batch_size", 300,
     "train.batch_size = 300; allowed: at most an epoch's 200 images (arm simple_mnist)"),
    ("scales.smoke.train.epochs", 99_999, "train.epochs = 99999: should be less than or equal to "),
    ("scales.smoke.input.downscale", 16, "input.downscale = 16 leaves images of 4 px; allowed: at "
     "least 8 px, since strides and poolings divide them by that (arm baseline)"),
    ("scales.smoke.arms.adan", {}, "scales.smoke.arms = 'adan'; allowed: simple_mnist, "),
    ("scales.smoke.arms.vgg_augmented.input.pad", 31, "input.pad = 31; allowed: null, or at least"),
    ("train.optimizers.sgd.nesterov", True,
     "train.optimizers.sgd.nesterov is true and momentum 0; give a momentum above 0"),
    ("scales.smoke.train.optimizers.sgd.learning_rate", float("inf"),
     "train.optimizers.sgd.learning_rate = in"),
    ("train.engine", "compiled", "train.engine = 'compiled' with backend tensorflow; allowed: ste"),
    ("train.fresh_backgrounds", ["space"], "train.fresh_backgrounds = 'space'; allowed: plate, "),
    ("train.fresh_handwriting", {"shear": 0.2, "stretch": 0.2, "thickness": 1.5, "elastic": 1.0},
     "train.fresh_handwriting.thickness = 1.5: should be less than or equal to 1"),
    ("arms.adam.train", {"fresh_images": True, "fresh_labels": "present"},
     "train.fresh_labels = 'present' without the head largest; allowed: largest, or model.cnn"),
    ("arms.simple_mnist.train.fresh_images", True,
     "train.fresh_images = True with input.set mnist; allowed: False, since only Modified MNIST"),
    ("costly_arms.simple_128.input.set", "modified_64",
     "input.set = 'modified_64': should be 'modified', 'mnist' or 'modified_128' (arm simple_128)"),
    ("arms.adam.input.scaling", "imagenet", "input.scaling = 'imagenet' with model.architecture c"),
    ("data.source", "kaggle", "data.canvas = 64 with source kaggle; allowed: 128, as at the scale"),
    ("data.external", "real.zip", "data.external = 'real.zip': should match pattern"),
    ("data.backgrounds", ["lava"], "data.backgrounds = 'lava'; allowed: plate, granite, "),
    ("data.magnification", [1.2, 1.0], "data.magnification = [1.2, 1.0]; allowed: the smaller "),
    ("data.digits", 9, "data.canvas = 64, digits = 9: 9 disjoint tiles of 28 px do not fit"),
    ("seeds", [1, 2, 1], "seeds repeats 1; give each once"),
    ("seeds", [], "seeds = []: List should have at least 1 item"),
    ("costly_seeds", [3, 3], "costly_seeds repeats 3; give each once"),
    ("baseline", "nobody", "baseline = 'nobody'; allowed: simple_mnist, simple, baseline, "),
]  # fmt: skip
ASKED: list[tuple[str, Any, str]] = [
    ("colour", 1, "colour: unknown key; allowed: figures, headline, questions, statistics, "),
    ("figures.dropout.kind", "pie", "figures.dropout.kind = 'pie'; allowed: 'curves', 'label_den"),
    ("figures.dropout", {"title": "t"}, "figures.dropout.kind is missing"),
    ("figures.dropout.lats", 1, "figures.dropout.lats: unknown key; allowed: title, paper, kind"),
    ("figures.dropout.arms", ["baseline", "nobody"],
     "figures.dropout.arms = 'nobody'; allowed: simple_mnist, simple, "),
    ("figures.best.groups", {"CNN": ["nobody"]}, "figures.best.arms = 'nobody'; allowed: simple_m"),
    ("figures.differences.metrics", ["loss"], "figures.differences.metrics = 'loss'; allowed: "),
    ("questions.dropout.figure", "pie", "questions.dropout.figure = 'pie'; allowed: label_density"),
    ("questions.dropout.pairs", [["l1"]], "questions.dropout.pairs.0 = ['l1']: List should"),
    ("questions.dropout.pairs", [["l1", "nobody"]], "questions.dropout.pairs = 'nobody'; allow"),
    ("questions.dropout.pairs", [["l1", "l1"]], "questions.dropout.pairs = ['l1', 'l1']; allo"),
    ("questions.dropout.pairs", [["l1", "simple_mnist"]],
     "questions.dropout.pairs = ['l1', 'simple_mnist'] compares the data sets modified and mnist"),
    ("questions.dropout.pairs", [["sgd", "adam"]],
     "questions.dropout.pairs has ['sgd', 'adam'], as questions.optimizer.pairs has; keep one"),
    ("statistics.metrics", ["loss"], "statistics.metrics = 'loss'; allowed: training_accuracy, "),
    ("statistics.fails_in_paper", ["x"], "statistics.fails_in_paper = 'x'; allowed: simple_mnist"),
    ("regimes.cnn.arms", ["nobody"], "regimes.cnn.arms = 'nobody'; allowed: simple_mnist, "),
    ("metrics.at_once.images", 0, "metrics.at_once.images = 0: should be greater than 0"),
    ("metrics.at_once.images", None, "metrics.at_once.take = 'after_images' takes ['images"),
    ("metrics.at_once.of", "loss", "metrics.at_once.of = 'loss' with take after_images; allowed"),
    ("claims.l1_lowers_training.arms", ["l1", "nobody"], "claims.l1_lowers_training.arms = 'nobod"),
    ("claims.l1_lowers_training.arms", ["l1", "sgd"],
     "claims.l1_lowers_training.arms = ['l1', 'sgd'] is no pair of `questions`; allowed: one of"),
    ("claims.l1_lowers_training.metric", "loss", "claims.l1_lowers_training.metric = 'loss'; allo"),
    ("claims.l1_lowers_training.regimes", ["x"], "claims.l1_lowers_training.regimes = 'x'; a"),
    ("claims.l1_lowers_training.contradicts", "x", "claims.l1_lowers_training.contradicts = "),
    ("claims.l2_equals_none_training.metric", "convergence",
     "claims.l2_equals_none_training.metric = 'convergence' has no margin; allowed: "),
    ("claims.simple_overfits.levels", {"loss": 0.1}, "claims.simple_overfits.levels = 'loss'; "),
    ("claims.simple_overfits.levels", {"convergence": 2e5},
     "claims.simple_overfits.levels = 'convergence'; allowed: training_accuracy, "),
    ("metrics.convergence.of", "validation_accuracy", "metrics.convergence.of = 'validation_accur"),
    ("figures.best.theirs", {"CNN": {"train": 0.9}}, "figures.best.theirs.CNN.train: should be "),
]  # fmt: skip


def refusal(params: Tree, paper: Tree) -> str:
    with pytest.raises(ConfigError) as error:
        resolve(params, paper)
    message = str(error.value)
    assert "\n" not in message
    assert "pydantic" not in message
    return message


def test_a_figure_of_differences_where_no_two_arms_are_compared(params: Tree, paper: Tree) -> None:
    params["arms"], params["costly_arms"] = {"baseline": params["arms"]["baseline"]}, {}
    for scale in params["scales"].values():
        scale.pop("arms", None)
    paper |= {"figures": {"differences": paper["figures"]["differences"]}, "headline": []}
    paper |= {"questions": {}, "regimes": {}, "claims": {}}
    paper["statistics"]["fails_in_paper"] = []
    told = "figures.differences draws differences, and no two arms are compared; remove it, or "
    assert refusal(params, paper).startswith(f"paper.yaml: {told}")
    del paper["figures"]["differences"]
    assert list(resolve(params, paper).study.arms) == ["baseline"]


@pytest.mark.parametrize(("path", "value", "line"), MISTAKES, ids=[m[2][:40] for m in MISTAKES])
def test_a_mistake_in_params_yaml(
    params: Tree, paper: Tree, path: str, value: Any, line: str
) -> None:
    put(params, path, value)
    assert refusal(params, paper).startswith(f"params.yaml: {line}")


@pytest.mark.parametrize(("path", "value", "line"), ASKED, ids=[m[2][:40] for m in ASKED])
def test_a_mistake_in_paper_yaml(
    params: Tree, paper: Tree, path: str, value: Any, line: str
) -> None:
    put(paper, path, value)
    assert refusal(params, paper).startswith(f"paper.yaml: {line}")


def test_a_figure_of_differences_shows_what_is_told_in_points(params: Tree, paper: Tree) -> None:
    put(paper, "statistics.metrics", ["validation_accuracy", "convergence"])
    put(paper, "figures.differences.metrics", ["convergence"])
    line = "paper.yaml: figures.differences.metrics = 'convergence'; allowed: validation_accuracy"
    assert refusal(params, paper) == line


def test_no_arm_is_blamed_for_what_all_inherit(params: Tree) -> None:
    put(params, "train.optimizer", "sdg")
    assert refusal(params, PAPER).endswith("allowed: adam, sgd, sgd_nesterov, muon")


def test_a_missing_key_is_told(params: Tree, paper: Tree) -> None:
    del paper["claims"]["labels_skewed"]["sentence"]
    assert refusal(params, paper) == "paper.yaml: claims.labels_skewed.sentence is missing"
    del params["train"]["threads"]
    assert refusal(params, PAPER) == "params.yaml: train.threads is missing"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"scale: smoke\nscale: paper\n", "line 2: not valid YAML: found duplicate key"),
        (b"scale: smoke\ntrain: {epochs: 3\n", "line 3: not valid YAML: "),
        (b"scale: smoke\n\ttrain: 3\n", "line 2: not valid YAML: "),
        (b"scale: \xff\n", "not valid YAML: "),
        (b"", "None: should be a mapping"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(
    text: bytes, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paper: Tree
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes(text)
    with pytest.raises(ConfigError) as error:
        resolve(read(Path("params.yaml")), paper)
    assert str(error.value).startswith(f"params.yaml: {line}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("word", "value"),
    [("1e-05", 0.00001), ("010", 10), ("on", "on"), ("12:30", "12:30"), ("~", None)],
)
def test_a_word_is_what_dvc_takes_it_for(word: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"value: {word}\n")
    read_again = read(tmp_path / "a.yaml")["value"]
    assert read_again == value
    assert type(read_again) is type(value)


SEEN = [("params", path) for path, _ in leaves(PARAMS)] + [("paper", p) for p, _ in leaves(PAPER)]
VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 1, 2**70, 1.5, float("nan"), "", "x", "adam", [], ["x"]]),
    st.sampled_from([{}, {"x": 1}, {1: 2}, [[]], [0], {"not": 1}, [{"x": []}], "\x00\n\u2028"]),
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Both files with another value at a place, at any depth."""
    trees = {"params": copy.deepcopy(PARAMS) | {"scale": "smoke"}, "paper": copy.deepcopy(PAPER)}
    file, path = draw(st.sampled_from(SEEN))
    cut: Path_ = path[: draw(st.integers(1, len(path)))]
    put(trees[file], cut, draw(VALUES))
    return trees["params"], trees["paper"]


@settings(max_examples=150)
@given(mutated())
def test_nothing_but_a_line_is_ever_raised(trees: tuple[Tree, Tree]) -> None:
    line = ""
    try:
        resolve(*trees)
    except ConfigError as error:
        line = str(error)
    assert "\n" not in line
    assert not line or line.startswith(("params.yaml: ", "paper.yaml: "))
