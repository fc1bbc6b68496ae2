"""Files written whole or not at all, and the text formats that stages share."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from ablation.base.errors import UserError, brief

Config = TypeVar("Config", bound=BaseModel)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an error.

    A reader sees the old file or the new one, never half of one; after an error the old one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Names the file of whatever error a library raises over its bytes.

    Raises:
        UserError: the file is damaged.
        OSError: it is missing or forbidden, as raised.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise
        reason = f"{type(error).__name__}: {brief(error)}"
        raise UserError(
            f"{path} is damaged ({reason}); remove it and run `dvc repro`, or `git checkout {path}`"
        ) from error


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_yaml(path: Path, content: Any) -> None:
    write_text(path, yaml.safe_dump(content, sort_keys=False))


def read_json(path: Path) -> Any:
    with reading(path):
        return json.loads(path.read_text(encoding="utf-8"))


def read_yaml(path: Path) -> Any:
    """The content of a YAML file that a stage wrote (params.yaml: `ablation.study.reading`)."""
    with reading(path):
        return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_config(path: Path, kind: type[Config]) -> Config:
    """The content of a YAML file, which the stage `resolve` wrote, as its typed model.

    Raises:
        UserError: the content does not fit; the message names the file and the first wrong key.
    """
    content = read_yaml(path)
    with reading(path):
        return kind.model_validate(content)
