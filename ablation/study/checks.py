"""A mistake in params.yaml or paper.yaml in one line: the key, its value, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ablation.base.errors import UserError, brief
from ablation.base.section import Section

Kind = TypeVar("Kind", bound=Section)


class ConfigError(UserError):
    """A mistake in params.yaml or paper.yaml, in one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


@contextmanager
def told_of(file: str) -> Iterator[None]:
    """Names the file of a mistake."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def shown(value: Any) -> str:
    """A value as a message shows it: as Python writes it, cut where it is long."""
    return brief(repr(value))


def known(name: Any, allowed: Iterable[str], key: str) -> None:
    """Refuses a name that stands for nothing.

    Raises:
        ConfigError: that.
    """
    names = list(allowed)
    if name not in names:
        raise ConfigError(f"{key} = {shown(name)}; allowed: {', '.join(names)}")


def validated(kind: type[Kind], tree: Any, where: str = "") -> Kind:
    """`tree` as its typed section; `where` ends the message, " (arm adam)" say.

    Raises:
        ConfigError: the first thing wrong with it.
    """
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(_line(first, tree) + where) from None


def _line(error: ErrorDetails, tree: Any) -> str:
    kind, of = error["type"], error.get("ctx", {})
    key = _key(error["loc"], tree, kind == "missing")
    if kind == "unknown_key":
        return f"{f'{key}.' if key else ''}{error['msg']}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "union_tag_not_found":
        return f"{key}.{of['discriminator'].strip(chr(39))} is missing"
    if kind == "union_tag_invalid":
        tag = of["discriminator"].strip("'")
        return f"{key}.{tag} = {shown(of['tag'])}; allowed: {of['expected_tags']}"
    if kind == "value_error":
        return f"{key}.{of['error']}".removeprefix(".")  # which begins with a key of the section
    if kind == "string_pattern_mismatch" and error["loc"][-1:] == ("[key]",):
        message = "should be a name of a-z, 0-9 and _, which begins with a letter"
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        message = "should be a mapping of keys to values"
    else:
        message = error["msg"].removeprefix("Input ").removeprefix("String ")
    if error["loc"][-1:] == ("[key]",):
        return f"{key}: {message}"
    return f"{key} = {shown(error['input'])}: {message}".removeprefix(" = ")


def _key(location: tuple[int | str, ...], tree: Any, missing: bool) -> str:
    """The parts of pydantic's location that stand in the tree: no tags of unions."""
    parts = []
    for part in location:
        inside = (isinstance(tree, dict) and part in tree) or (
            isinstance(tree, list) and isinstance(part, int)
        )
        if inside:
            tree = tree[part]
            parts.append(part)
    return ".".join(map(str, [*parts, *(location[-1:] if missing else ())]))
