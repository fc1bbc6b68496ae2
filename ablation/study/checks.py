"""Refusing a mistake in `params.yaml` in one line: the key, its value and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from ablation.base.errors import UserError
from ablation.base.section import Section, Tree

Kind = TypeVar("Kind", bound=Section)

LONGEST = 80  # characters of one value or key in a message
LONGEST_LINE = 600  # characters of a message
LONGEST_NAME = 60  # characters; with a seed it names files, which may have 255
MOST_NAMES = 40  # names in a list of what is allowed

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ConfigError(UserError):
    """A mistake in `params.yaml`, told in one line: the key, its value and what is allowed."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        super().__init__(line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…")


def shown(value: Any) -> str:
    """A value as a message shows it: as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits, which Python does not write out
        text = f"an integer of {value.bit_length()} bits" if isinstance(value, int) else "a value"
    except RecursionError:
        text = "a value of very many levels"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def key_shown(key: Any) -> str:
    """A key as it is written, cut where it is long; what no terminal prints is escaped."""
    text = key if isinstance(key, str) and key.isprintable() else shown(key)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def mapping(value: Any, path: str) -> Tree:
    """`value` where it is a mapping, as the key `path` must be."""
    if not isinstance(value, dict):
        raise ConfigError(f"{path} = {shown(value)}; allowed: a mapping of keys to values")
    return value


def check_keys(tree: Tree, allowed: tuple[str, ...], prefix: str) -> None:
    """Refuses a key of `tree` that is not allowed; `prefix` is where the tree stands."""
    for key in tree:
        if key not in allowed:
            raise ConfigError(f"{prefix}{key_shown(key)}: unknown key; allowed: {listed(allowed)}")


def check_name(name: Any, allowed: Iterable[str], key: str, where: str = "") -> None:
    """Refuses a name that stands for nothing; it may be of any type, a list among them."""
    if name not in list(allowed):
        raise ConfigError(f"{key} = {shown(name)}{where}; allowed: {listed(allowed)}")


def is_name(name: Any) -> bool:
    """Whether a name is one of an arm, a figure or a scale: it becomes the name of files."""
    return isinstance(name, str) and len(name) <= LONGEST_NAME and bool(_NAME.fullmatch(name))


def check_new_names(names: Iterable[Any], path: str) -> None:
    """Refuses names that make no file names; `path` is where they are declared."""
    for name in names:
        if not is_name(name):
            raise ConfigError(
                f"{path}.{key_shown(name)}: no name; allowed: a to z, 0 to 9 and _, a letter "
                f"first, at most {LONGEST_NAME} characters"
            )


def listed(names: Any) -> str:
    """Names as a person lists them."""
    written = [key_shown(name) for name in names]
    more = len(written) - MOST_NAMES
    return ", ".join(written[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def validated(section: type[Kind], tree: Tree, path: str, where: str = "") -> Kind:
    """`tree`, which stands at `path`, as its typed section; `where` says for which arm."""
    try:
        return section.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_first_error(error, path, where, section)) from None


@contextmanager
def in_effect(where: str) -> Iterator[None]:
    """Refuses what settings come to where each alone is allowed, filters times the width say."""
    try:
        yield
    except ValidationError as error:
        raise ConfigError(f"in effect, {_first_error(error, '', where, Section)}") from None


def _first_error(error: ValidationError, path: str, where: str, section: type[Section]) -> str:
    first = error.errors(include_url=False)[0]
    key = ".".join(part for part in (path, *_readable(first["loc"])) if part)
    if first["type"] == "missing":
        return f"{key} is missing{where}"
    if first["type"] == "extra_forbidden":
        allowed = listed(_section_at(section, first["loc"][:-1]).model_fields)
        return f"{key}: unknown key{where}; allowed: {allowed}"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    value = f" = {shown(first['input'])}" if first["type"] != "value_error" else ""
    return f"{key}{value}{where}: {message}".removeprefix(": ")


def _section_at(section: type[Section], location: tuple[int | str, ...]) -> type[Section]:
    """The section that a location leads to, as far as it leads through sections."""
    for part in location:
        field = section.model_fields.get(str(part))
        if field is None:
            break
        kinds = get_args(field.annotation) or (field.annotation,)  # of `Section | None` the first
        if not (isinstance(kinds[0], type) and issubclass(kinds[0], Section)):
            break
        section = kinds[0]
    return section


def _readable(location: tuple[int | str, ...]) -> Iterator[str]:
    """The parts of a location that stand in `params.yaml`."""
    for part in location:
        if part != "[key]":
            yield key_shown(part)
