"""What a stage depends on, held to what it was when the stage started."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ablation.base.errors import UserError
from ablation.base.files import read_yaml


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
