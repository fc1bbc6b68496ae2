"""Files written whole or not at all, and the formats of text that the stages share."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ablation.base.errors import UserError, brief
from ablation.base.reading import refusing
from ablation.base.yaml_text import refuse_growth

Config = TypeVar("Config", bound=BaseModel)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an error.

    A reader sees the old file or the new one, never half of one; after an error the old one stays.
    That holds for a power cut too, since the new one is on the disk before it has the name.

    Raises:
        OSError: the file cannot be written; `filename` is `path`.
    """
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # 0666 less the person's umask, as any program's new file.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno is not None and error.filename in (None, os.fspath(temporary)):
            error.filename = os.fspath(path)  # a full disk names no file
        raise


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_yaml(path: Path, content: Any) -> None:
    write_text(path, yaml.safe_dump(content, sort_keys=False))


def read_json(path: Path, made_by: str | None = None) -> Any:
    """The content of a JSON file.

    Args:
        made_by: the stage that wrote it, if one did.

    Raises:
        UserError: it is no JSON, or half of one; the message says what to run.
    """
    with refusing(path, "JSON", made_by):
        return json.loads(path.read_text(encoding="utf-8"))


def read_yaml(path: Path, made_by: str | None = None) -> Any:
    """The content of a YAML file.

    Args:
        made_by: the stage that wrote it, if one did.

    Raises:
        UserError: the file is no YAML; the message names the line.
    """
    with refusing(path, "YAML", made_by):
        text = path.read_text(encoding="utf-8")
        refuse_growth(text)
        return yaml.safe_load(text)


def read_config(path: Path, kind: type[Config]) -> Config:
    """The content of a YAML file, which the stage `resolve` wrote, as its typed model.

    Raises:
        UserError: the content does not fit; the message names the file and the first wrong key.
    """
    try:
        return kind.model_validate(read_yaml(path, "resolve"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(brief(part) for part in first["loc"])
        raise UserError(f"{path}: {key}: {brief(first['msg'])}; run `dvc repro resolve`") from None
