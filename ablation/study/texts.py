"""Values of `params.yaml` that can be drawn and written: every later stage may rely on it."""

from __future__ import annotations

import unicodedata
from math import isfinite
from typing import Any

from ablation.study.checks import ConfigError, key_shown, shown
from ablation.study.reading import INTEGERS

LONGEST_TEXT = 500  # characters of any text; an address is the longest in use, with 120
LONGEST_LABEL = 60  # characters that a legend has room for
LONGEST_TITLE = 120  # characters over a figure, or of a metric
DEEPEST = 32  # levels; one that `reading` lets pass has fewer
# Controls, halves of a pair of UTF-16, and separators of lines and paragraphs: no font draws them,
# XML (and so SVG) forbids most, and each would break the one line of a message.
REFUSED = ("Cc", "Cs", "Zl", "Zp")


def check_values(tree: Any, path: str = "", depth: int = 0) -> None:
    """Refuses a text, key or value, that cannot be drawn or written, and numbers that are none.

    Raises:
        ConfigError: that, or a tree of too many levels.
    """
    if depth > DEEPEST:
        raise ConfigError(f"{path}: more than {DEEPEST} levels")
    if isinstance(tree, int) and tree not in INTEGERS:
        raise ConfigError(f"{path} = {shown(tree)}; allowed: an integer of 64 bits")
    if isinstance(tree, float) and not isfinite(tree):  # which equals nothing, itself neither
        raise ConfigError(f"{path} = {shown(tree)}; allowed: a finite number")
    if isinstance(tree, str):
        _check_text(tree, path)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            where = f"{path}.{key_shown(key)}" if path else key_shown(key)
            if isinstance(key, str):
                _check_text(key, where)
            check_values(value, where, depth + 1)
    elif isinstance(tree, list | tuple):
        for value in tree:
            check_values(value, path, depth + 1)


def check_label(text: Any, path: str, longest: int = LONGEST_LABEL) -> str:
    """The text that a picture shows, which stands at `path`.

    Raises:
        ConfigError: it is no text, an empty or a long one, or one that legends leave out.
    """
    if not isinstance(text, str):
        raise ConfigError(f"{path} = {shown(text)}; allowed: a text for the legend")
    if not text.strip() or len(text) > longest:
        raise ConfigError(f"{path} = {shown(text)}; allowed: 1 to {longest} characters")
    if text.startswith("_"):  # matplotlib's mark for a line without a legend
        raise ConfigError(f"{path} = {shown(text)}; allowed: a text that does not begin with _")
    return text


def _check_text(text: str, path: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ConfigError(f"{path} = {shown(text)}; allowed: at most {LONGEST_TEXT} characters")
    if text.isprintable():  # which leaves out all of REFUSED, and what Unicode gives to nobody
        return
    for character in text:
        if unicodedata.category(character) in REFUSED or _is_noncharacter(character):
            raise ConfigError(
                f"{path} = {shown(text)} holds U+{ord(character):04X}, which no font draws; "
                "allowed: text on one line"
            )


def _is_noncharacter(character: str) -> bool:
    """One of the 66 that Unicode gives to nobody; XML forbids the commonest."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
