"""What cannot work, and what no picture can show, is refused by resolve before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from ablation.study.checks import LONGEST_LINE
from ablation.study.resolution import resolve
from tests.params import Tree, mistake, put

# path, value, what the message says beside the key
BEYOND: list[tuple[str, Any, str]] = [
    ("data.blur", 1e9, "at most 28 px"),
    ("data.magnification", [1e-300, 1.0], "0.036 to 28"),
    ("data.magnification", [1.0, 1e5], "0.036 to 28"),
    ("data.digits", 64, "at most 10"),
    ("data.backgrounds", ["plate", "plate"], "twice"),
    ("data.validation_fraction", 1e-9, "without an image"),
    ("data.validation_fraction", 0.999999, "without an image"),
    ("scales.smoke.data.images", 1_000_000_000, "at most 1,000,000"),
    ("scales.smoke.data.test_images", 2**63, "64 bits"),
    ("scales.smoke.data.canvas", 4000, "at most 1,024"),
    ("evaluation.batch_size", 2**31 - 1, "at most 10,000"),
    ("figures.augmentation.images", [1] * 13, "allowed: 1 to 12"),
    ("seeds", [2**32], "4294967295"),
    ("seeds", list(range(101)), "100 items"),
    ("figures.dropout.arms", ["baseline", "baseline"], "twice"),
    ("figures.best.groups", {"CNN": ["adam", "adam"]}, "twice"),
    ("statistics.metrics", ["test_accuracy", "test_accuracy"], "twice"),
]


@pytest.mark.parametrize(
    ("path", "value", "told"), BEYOND, ids=[f"{p}={str(v)[:30]}" for p, v, _ in BEYOND]
)
def test_a_value_that_cannot_work_is_refused(
    params: Tree, path: str, value: Any, told: str
) -> None:
    put(params, path, value)
    message = mistake(params)
    assert path.removeprefix("scales.smoke.") in message
    assert told in message
    assert len(message) < 250


@pytest.mark.parametrize("name", ["index", "backgrounds"])
def test_a_figure_s_name_that_is_in_use_is_refused(params: Tree, name: str) -> None:
    params["figures"][name] = params["figures"]["dropout"]
    assert mistake(params) == (
        f"figures.{name}: a name in use; allowed: any but index, backgrounds"
    )


@pytest.mark.parametrize("section", ["arms", "figures", "metrics", "claims", "scales"])
def test_a_name_too_long_for_files_is_refused(params: Tree, section: str) -> None:
    entries = params[section]
    entries["a" * 60] = entries.pop(next(reversed(entries)))
    entries["a" * 61] = entries.pop("a" * 60)
    message = mistake(params)
    assert message.startswith(f"{section}.{'a' * 61}: no name; allowed: a to z")
    assert "at most 60 characters" in message


def test_a_scale_s_and_an_optimizer_s_name_follow_the_rule_of_arms(params: Tree) -> None:
    params["scales"]["half size"] = params["scales"].pop("half")
    assert "scales.half size: no name" in mistake(params)
    params["scales"]["half"] = params["scales"].pop("half size")
    params["train"]["optimizers"]["a.b"] = dict(params["train"]["optimizers"]["adam"])
    assert "train.optimizers.a.b: no name" in mistake(params)


def test_sections_have_no_thousands_of_entries(params: Tree) -> None:
    params["arms"] |= {f"arm_{number}": {} for number in range(200)}
    assert mistake(params) == "arms has 212 entries; allowed: at most 200"


def test_hundreds_of_arms_are_resolved_in_seconds(params: Tree) -> None:
    params["arms"] |= {f"arm_{number}": {} for number in range(180)}
    params["scales"] = {"smoke": params["scales"]["smoke"]}
    assert len(resolve(params).arms) == 194


# What no font draws, or XML forbids: a key or a value anywhere.
UNDRAWABLE = ["a\x00b", "a\x1bb", "a\nb", "a\tb", "\x85", "\ud800", "\u2028", "\ufffe", "\x7f"]
TEXTS = ["arms.adam.label", "figures.dropout.title", "figures.dropout.paper",
         "metrics.first_epoch.label", "claims.labels_skewed.sentence", "sources.mnist.public.url",
         "data.kaggle_dir"]  # fmt: skip


@pytest.mark.parametrize("path", TEXTS)
def test_a_text_that_cannot_be_drawn_is_refused(params: Tree, path: str) -> None:
    for text in UNDRAWABLE:
        put(params, path, text)
        message = mistake(params)
        assert f"U+{ord(text.strip('ab') or text[1]):04X}" in message
        assert path in message
        assert message.isprintable()


@pytest.mark.parametrize("text", ["", "   ", "x" * 61, "_hidden"])
def test_a_label_that_a_legend_cannot_show_is_refused(params: Tree, text: str) -> None:
    put(params, "arms.adam.label", text)
    assert "arms.adam.label" in mistake(params)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_wherever_it_stands(params: Tree, number: float) -> None:
    """In what a claim requires any value may stand, and one that equals nothing is always met."""
    claim = next(name for name, one in params["claims"].items() if "arms" in one)
    params["claims"][claim]["requires"] = {params["claims"][claim]["arms"][0]: {"x": [1, number]}}
    assert "allowed: a finite number" in mistake(params)


def test_two_arms_of_one_label_are_refused(params: Tree) -> None:
    put(params, "arms.adam.label", "SGD")
    assert mistake(params).startswith("arms.sgd.label = 'SGD', as arms.adam.label is")


@pytest.mark.parametrize("text", ["$\\frac{1}{0}$", "a $ b", "100 % $x_1$", "Größe ✓ 最大"])
def test_a_label_is_any_text_and_dollars_too(params: Tree, text: str) -> None:
    put(params, "arms.adam.label", text)
    assert resolve(params).study.arms["adam"] == text


def test_messages_are_short_however_long_what_they_quote_is(params: Tree) -> None:
    for path, value in (
        ("scale", "x" * 400),
        ("seeds", {"a": ["y" * 400] * 1000}),
        ("arms.adam.extends", ["z" * 400] * 1000),
        ("data.tile", 10**4400),
        ("baseline", "é" * 400),
    ):
        changed = {**params, "arms": {**params["arms"], "adam": dict(params["arms"]["adam"])}}
        changed["data"] = dict(params["data"])
        put(changed, path, value)
        assert len(mistake(changed)) <= LONGEST_LINE
