"""What a stage reads, held against what dvc.lock says that the stages before it left.

DVC looks before it runs a stage. A stage that is run by hand, or a file that is damaged after DVC
has looked, would else give a number of something else, without a word: a digit that has changed
inside a table is a table still.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from ablation.base.errors import UserError
from ablation.base.files import read_yaml

GRAPH, LOCK, IGNORED = Path("dvc.yaml"), Path("dvc.lock"), Path(".dvcignore")
CONFIGS = "configs"
STUDY = Path(CONFIGS) / "study.yaml"


def refuse_others(stage: str, key: str = "") -> None:
    """Refuses files that are not what dvc.lock says of them, before anything is made of them.

    Where there is no lock file, or none that can be read, nothing is known and nothing refused.
    What is missing is told by whoever reads it.

    Args:
        stage: the one that is about to read, as dvc.yaml calls it.
        key: what `${key}` stands for in it.

    Raises:
        UserError: naming the file or folder, and the stage to run again.
    """
    left = dict(_left())
    if not left:
        return
    body = read_yaml(GRAPH)["stages"][stage]
    deps = [dep.replace("${key}", key) for dep in body.get("do", body)["deps"]]
    for path, (made_by, digest) in left.items():
        if not any(_overlap(path, dep) for dep in deps) or not Path(path).exists():
            continue
        if path == CONFIGS and _is_of_the_rest():
            continue
        if digest_of(Path(path)) != digest:
            raise UserError(
                f"{path} is not what the stage {made_by} left, by {LOCK}; remove it and run "
                f"`dvc repro {made_by}`"
            )


def digest_of(path: Path) -> str:
    """The MD5 of a file or folder as DVC writes it; a folder's is of the list of its files."""
    if path.is_file():
        return _md5(path)
    patterns = _ignored()
    listed = [
        {"md5": _md5(file), "relpath": file.relative_to(path).as_posix()}
        for file in path.rglob("*")
        if file.is_file()
        and not any(fnmatchcase(p, i) for p in file.relative_to(path).parts for i in patterns)
    ]
    listed.sort(key=lambda item: item["relpath"])
    text = json.dumps(listed, sort_keys=True)
    return f"{hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}.dir"


def _left() -> Iterator[tuple[str, tuple[str, str]]]:
    """Path -> the stage that made it and its digest, of the outputs that dvc.yaml has today."""
    if not (GRAPH.is_file() and LOCK.is_file()):
        return
    try:
        # The C parser where there is one: a lock file has thousands of lines.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        entries = yaml.load(LOCK.read_text(encoding="utf-8"), Loader=loader)["stages"].items()
        made = {name: _outs(entry.get("do", entry)) for name, entry in _graph().items()}
        for name, entry in entries:  # those of stages that are gone stay there
            for out in entry.get("outs", ()):
                path, known = out["path"], made.get(name.split("@")[0], [])
                if "md5" in out and any(pattern.fullmatch(path) for pattern in known):
                    yield path, (name, str(out["md5"]))
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return  # `runner.safeguard` brings a damaged one back


def _graph() -> dict[str, Any]:
    stages: dict[str, Any] = read_yaml(GRAPH)["stages"]
    return stages


def _outs(body: dict[str, Any]) -> list[re.Pattern[str]]:
    """The outputs of a stage; what `${...}` stands for in an instance may be anything."""
    entries = [*body.get("outs", ()), *body.get("metrics", ())]
    paths = [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]
    return [re.compile(".+".join(map(re.escape, re.split(r"\$\{[^}]*\}", path)))) for path in paths]


def _overlap(path: str, dep: str) -> bool:
    return path == dep or path.startswith(f"{dep}/") or dep.startswith(f"{path}/")


def _is_of_the_rest() -> bool:
    """Whether the configurations are those of the arms that are whole, for one report."""
    content = read_yaml(STUDY, "resolve")
    return isinstance(content, dict) and bool(content.get("failed"))


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _ignored() -> list[str]:
    """The names that .dvcignore keeps from DVC."""
    if not IGNORED.is_file():
        return []
    lines = IGNORED.read_text(encoding="utf-8").splitlines()
    return [line.replace("\\#", "#").rstrip("/") for line in lines if line and line[0] != "#"]
