"""What a stage depends on, and whether it changed while the stage ran."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from ablation.base.errors import UserError

KINDS = (".py", ".yaml", ".npy", ".npz")  # of files that a stage imports or reads
MERGED = re.compile(r"_(BACKUP|BASE|LOCAL|REMOTE)_\d+$")  # what git mergetool leaves


def dependencies(graph: Path, stage: str, item: Mapping[str, str]) -> list[Path]:
    """The paths that a stage of a DVC graph depends on.

    Args:
        graph: a dvc.yaml.
        item: what `${item.KEY}` stands for in an instance of the stage.
    """
    paths = []
    for entry in yaml.safe_load(graph.read_text(encoding="utf-8"))["stages"][stage]["deps"]:
        for key, value in item.items():
            entry = entry.replace(f"${{item.{key}}}", value)
        paths.append(Path(entry))
    return paths


class Inputs:
    """The files that a stage depends on, as they were when it started.

    Attributes:
        digests: path -> 16 hexadecimal digits; of Python, of its `code`.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        """`paths` are of files and of folders, which stand for all that is in them.

        Raises:
            FileNotFoundError: there is no such file.
        """
        self._paths = list(paths)
        self.digests = self._digests()

    def without(self, *folders: str) -> dict[str, str]:
        """The digests of the files that are in none of these folders."""
        return {path: d for path, d in self.digests.items() if not path.startswith(folders)}

    def refuse_change(self) -> None:
        """Ends the stage where a file is not what it was, so that nothing is recorded.

        DVC takes the digests of a stage's dependencies after the stage has run. A file that changed
        meanwhile would be recorded with a result that is not of it.

        Raises:
            UserError: naming the file.
        """
        now = self._digests()
        for path in sorted({*now, *self.digests}):
            if now.get(path) != self.digests.get(path):
                raise UserError(
                    f"{path} changed while the stage ran, so nothing is recorded; "
                    "run the same command again"
                )

    def _digests(self) -> dict[str, str]:
        files = sorted(file for path in self._paths for file in _files_of(path))
        return {file.as_posix(): _digest(file) for file in files}


def code(source: bytes) -> str:
    """What of Python is run, as it is written: without comments, docstrings and empty lines.

    Not `ast.unparse`, which another Python gives otherwise (of f-strings, 3.11 and 3.12).
    """
    lines = source.decode().splitlines()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    docstrings, texts = set[int](), set[int]()  # the lines of each; of texts all is run
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            first, last = node.body[0].lineno, node.body[0].end_lineno or 0
            before = lines[first - 1].encode()[: node.body[0].col_offset]
            after = lines[last - 1].encode()[node.body[0].end_col_offset :]
            if not (before + after).strip():
                docstrings |= {*range(first, last + 1)}
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            texts |= {*range(node.lineno, node.end_lineno or 0)}
    kept = []
    for number, line in enumerate(lines, start=1):
        if number in docstrings:
            continue
        if number in texts:
            kept.append(line)
        elif line.strip():
            kept.append(line.rstrip())
    return "\n".join(kept)


def identity(digests: Mapping[str, str]) -> str:
    """Of files by name and content, in 16 hexadecimal digits."""
    return digest_of(json.dumps(sorted(digests.items())).encode())


def digest_of(content: bytes) -> str:
    """16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def _files_of(path: Path) -> list[Path]:
    """What counts of a folder, as .dvcignore has it: not what editors and merges leave there."""
    if not path.is_dir():
        return [path]
    return [
        file
        for file in path.rglob("*")
        if file.suffix in KINDS
        and file.stem.isidentifier()
        and not MERGED.search(file.stem)
        and not any(part.startswith((".", "__")) for part in file.relative_to(path).parts[:-1])
    ]


def _digest(path: Path) -> str:
    if path.suffix == ".py":
        return digest_of(code(path.read_bytes()).encode())
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
