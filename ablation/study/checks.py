"""Refusing a mistake in `params.yaml` in one line: the key, its value and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from ablation.base.errors import UserError
from ablation.base.section import Section, Tree

Kind = TypeVar("Kind", bound=Section)


class ConfigError(UserError):
    """A mistake in `params.yaml`, told in one line: the key, its value and what is allowed."""


def mapping(value: Any, path: str) -> Tree:
    """`value` where it is a mapping, as the key `path` must be."""
    if not isinstance(value, dict):
        raise ConfigError(f"{path} = {value!r}; allowed: a mapping of keys to values")
    return value


def check_keys(tree: Tree, allowed: tuple[str, ...], prefix: str) -> None:
    """Refuses a key of `tree` that is not allowed; `prefix` is where the tree stands."""
    for key in tree:
        if key not in allowed:
            raise ConfigError(f"{prefix}{key}: unknown key; allowed: {listed(allowed)}")


def check_name(name: Any, allowed: Iterable[str], key: str, where: str = "") -> None:
    """Refuses a name that stands for nothing; it may be of any type, a list among them."""
    if name not in list(allowed):
        raise ConfigError(f"{key} = {name!r}{where}; allowed: {listed(allowed)}")


def listed(names: Any) -> str:
    """Names as a person lists them."""
    return ", ".join(str(name) for name in names)


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
    value = f" = {first['input']!r}" if first["type"] != "value_error" else ""
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
            yield str(part)
