"""Files written whole or not at all, and the few formats the stages share."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ablation.base.errors import UserError

Config = TypeVar("Config", bound=BaseModel)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends without an error.

    A reader sees the old file or the new one, never half of one; after an error the old one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_yaml(path: Path, content: Any) -> None:
    write_text(path, yaml.safe_dump(content, sort_keys=False))


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        UserError: the file is no YAML; the message names the line.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {' '.join(str(error).split())}") from None


def read_config(path: Path, kind: type[Config]) -> Config:
    """The content of a YAML file as its typed model.

    Raises:
        UserError: the content does not fit; the message names the file and the first wrong key.
    """
    try:
        return kind.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {key}: {first['msg']}; run `dvc repro resolve`") from None


def dependencies(graph: Path, stage: str, item: Mapping[str, str]) -> list[Path]:
    """The paths that a stage of a DVC graph depends on.

    Args:
        graph: a dvc.yaml.
        item: what `${item.KEY}` stands for in an instance of the stage.
    """
    paths = []
    for entry in read_yaml(graph)["stages"][stage]["deps"]:
        for key, value in item.items():
            entry = entry.replace(f"${{item.{key}}}", value)
        paths.append(Path(entry))
    return paths


class Inputs:
    """The files that a stage depends on, as they were when it started.

    DVC takes the digests of a stage's dependencies after the stage has run. A file that changed
    meanwhile would be recorded with a result that is not of it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        """`paths` are of files and of folders, which stand for all that is in them.

        Raises:
            FileNotFoundError: there is no such file.
        """
        self._paths = list(paths)
        self._looks = {path: _look(path) for path in self._files()}
        self._digests = {path: _digest(path) for path in self._looks}

    @property
    def digest(self) -> str:
        """Of all the files, by name and content: 32 hexadecimal digits."""
        whole = hashlib.sha256(json.dumps([[str(p), d] for p, d in self._digests.items()]).encode())
        return whole.hexdigest()[:32]

    def refuse_change(self, stage: str) -> None:
        """Ends the stage where a file is not what it was, so that nothing is recorded.

        Raises:
            UserError: naming the file.
        """
        files = self._files()
        differing = [path for path in {*files, *self._digests} if self._changed(path)]
        if differing:
            raise UserError(
                f"{min(differing)} changed while {stage} ran, so nothing is recorded; "
                "run the same command again"
            )

    def _changed(self, path: Path) -> bool:
        if path not in self._digests or not path.exists():
            return True
        # A file that looks as before is not read again: data sets are large.
        return _look(path) != self._looks[path] and _digest(path) != self._digests[path]

    def _files(self) -> list[Path]:
        return sorted(file for path in self._paths for file in _files_of(path))


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file())
    return [file for file in files if not any(map(_is_by_product, file.relative_to(path).parts))]


def _is_by_product(name: str) -> bool:
    """Of Python or of an editor: what .dvcignore keeps from DVC."""
    return name.startswith((".", "#")) or name.endswith(("~", ".pyc")) or name == "__pycache__"


def _look(path: Path) -> tuple[int, ...]:
    """What changes when a file does, without reading it."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
