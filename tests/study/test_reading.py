"""params.yaml as text: read as DVC reads it; one line where it is no configuration."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import parse_yaml
from hypothesis import given
from hypothesis import strategies as st

from ablation.base.files import read_yaml
from ablation.study.checks import ConfigError
from ablation.study.dialects import notes
from ablation.study.reading import read

PARAMS = Path(__file__).parents[2] / "params.yaml"


def tried(content: bytes) -> tuple[Any, str]:
    """What was read, and why it was refused, empty where it was not."""
    try:
        return read(content), ""
    except ConfigError as error:
        return None, str(error)


def test_the_study_s_own_file_is_the_same_in_both_dialects() -> None:
    content = PARAMS.read_bytes()
    assert read(content) == read_yaml(PARAMS) == parse_yaml(content.decode(), "params.yaml")
    assert notes(content) == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("1e-05", 0.00001),
        ("1.0e-5", 0.00001),
        ("010", 10),
        ("0o10", 8),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("12:30", "12:30"),
        ("~", None),
        ("0x1F", 31),
    ],
)
def test_a_word_is_what_dvc_takes_it_for(word: str, expected: Any) -> None:
    tree = read(f"value: {word}\n".encode())
    assert tree == {"value": expected} == parse_yaml(f"value: {word}", "params.yaml")
    assert type(tree["value"]) is type(expected)


@given(st.text("0123456789.eE+-_:xob", min_size=1, max_size=8))
def test_whatever_looks_like_a_number_is_what_dvc_takes_it_for(word: str) -> None:
    text = f"value: {word}\n"
    try:
        theirs = parse_yaml(text, "params.yaml")
    except Exception:  # theirs is a traceback then
        theirs = None
    ours, refusal = tried(text.encode())
    assert refusal or repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("010", "line 2: 010 is read as 10, as DVC reads it; in YAML 1.1 it was 8"),
        ("on", "line 2: on is read as 'on', as DVC reads it; in YAML 1.1 it was True"),
        ("12:30", "line 2: 12:30 is read as '12:30', as DVC reads it; in YAML 1.1 it was 750"),
        ("0o17", "line 2: 0o17 is read as 15, as DVC reads it; in YAML 1.1 it was '0o17'"),
    ],
)
def test_a_word_that_another_dialect_reads_otherwise_is_told(word: str, told: str) -> None:
    assert notes(f"# a comment\nvalue: {word}\n".encode()) == [told]


@pytest.mark.parametrize("word", ["1e-05", "1e5", '"on"', "'010'", "true", "10", "0.5", "text"])
def test_nothing_is_told_of_what_nobody_takes_for_something_else(word: str) -> None:
    assert notes(f"value: {word}\n".encode()) == []


def test_of_many_such_words_a_few_are_told() -> None:
    assert notes(b"values: [on, off, yes, no, 010]\n")[3:] == ["and 2 more such values"]


LAUGHS = "\n".join(
    [
        "l0: &l0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)),
    ]
)
# text, what the one line says
NO_CONFIGURATION = {
    "not UTF-8": (b"scale: laptop\nlabel: caf\xe9\n", "line 2: the byte 0xe9 is not UTF-8"),
    "UTF-16": ("scale: laptop".encode("utf-16"), "line 1: the byte 0xff is not UTF-8"),
    "an impossible date": (b"a: 2025-13-45", "line 1: '2025-13-45' is a date"),
    "a date": (b"a: 2025-11-25", "line 1: '2025-11-25' is a date"),
    "a tag": (b"a: !!python/object:os.system x", "line 1: the tag"),
    "an own tag": (b"a: !mine x", "line 1: the tag '!mine'; allowed: none"),
    "binary": (b"a: !!binary aGVsbG8=", "line 1: the tag"),
    "a set": (b"a: !!set {x}", "line 1: the tag"),
    "no integer": (b"a: !!int x", "no YAML"),
    "no truth": (b"a: !!bool 3", "no YAML"),
    "thousands of digits": (b"seeds: [" + b"9" * 5000 + b"]", "no integer of 64 bits"),
    "beyond 64 bits": (b"a:\n  9223372036854775808", "line 2: '9223372036854775808' is no integer"),
    "thousands of brackets": (b"a: " + b"[" * 5000, "line 1: more than 24 levels"),
    "a hundred thousand brackets": (b"a: " + b"[" * 100_000, "more than 24 levels"),
    "braces": (b"{a: " * 50_000, "more than 24 levels"),
    "deep by indentation": ("".join(f"{' ' * n}a:\n" for n in range(500)).encode(), "24 levels"),
    "anchors that laugh": (LAUGHS.encode(), "more than 50,000 values"),
    "an anchor in itself": (b"a: &x [1, *x]", "'*x' stands inside what it repeats"),
    "an anchor that is not there": (b"a: *x", "'*x'"),
    "a doubled key": (b"a: 1\nb: 2\na: 3\n", "line 3: the same key stands twice"),
    "a key that is a number": (b"1: x", "the key 1; allowed: a text"),
    "a key that is a list": (b"[a, b]: x", "the key"),
    "another dialect": (b"%YAML 1.1\n---\na: 010\n", "line 1: a %YAML line"),
    "two documents": (b"a: 1\n---\nb: 2\n", "line 2"),
    "a control character": (b"a: \x07", "control characters"),
    "a lone surrogate": (b'a: "\\ud800"', "line 1"),
    "nothing closes": (b"a: [1, 2", "line"),
    "a tab": (b"a:\n\t- 1", "line 2"),
    "four megabytes": (b"# " + b"x" * (4 << 20), "allowed: at most 1,048,576"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CONFIGURATION)
def test_what_is_no_configuration_is_one_short_line_at_once(name: str) -> None:
    content, told = NO_CONFIGURATION[name]
    began = time.monotonic()
    with pytest.raises(ConfigError) as error:
        read(content)
    assert time.monotonic() - began < 5
    message = str(error.value)
    assert told in message
    assert "\n" not in message
    assert len(message) < 250


@given(st.binary(max_size=60))
def test_whatever_bytes_there_are_they_are_read_or_refused(content: bytes) -> None:
    _, refusal = tried(content)
    assert "\n" not in refusal
    assert refusal or notes(content) is not None


@given(st.text(max_size=60))
def test_whatever_text_there_is_it_is_read_or_refused(text: str) -> None:
    _, refusal = tried(text.encode("utf-8", "replace"))
    assert "\n" not in refusal


def test_an_alias_repeats_what_it_names() -> None:
    assert read(b"a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n") == {
        "a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2},
    }  # fmt: skip
