"""What `make` writes into params.yaml, and how `make back` takes back just that.

`SCALE=...` writes the scale, `make exp` the changes of its experiment, `GPU=1` backend and engine.
All of it stays there, as after `dvc exp run`, also where the study is interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ablation.base.files import write_json, write_text
from ablation.study.checks import ConfigError
from runner import params
from runner.graph import StudyError

NOTE = Path(".scratch/written.json")
ON_GPU = {"backend": "jax", "engine": "compiled"}  # of the section train


def set_up(
    scale: str | None,
    gpu: bool = False,
    overrides: Sequence[str] = (),
    check: Callable[[Any], object] = lambda _: None,
) -> list[str]:
    """Writes what the command asks for into params.yaml, all of it or nothing.

    Args:
        check: raises ConfigError where the tree that would be written is no study.

    Returns:
        What it wrote over something else, in words.

    Raises:
        StudyError: params.yaml cannot be read, or has no such scale or key.
    """
    before = text = params.load()
    params.read(text)
    told = []
    if scale is not None:
        text = params.with_scale(text, scale)
        told += [f"scale is {scale}"] if text != before else []
    plain = text
    if gpu:
        found = params.section(params.read(text), "train")
        if any(found.get(key) != value for key, value in ON_GPU.items()):
            text = params.changed(text, [f"train.{key}={value}" for key, value in ON_GPU.items()])
            told.append(f"train has {ON_GPU}")
    if overrides:
        text = params.changed(text, overrides)
    try:
        check(params.read(text))
    except ConfigError as error:
        raise StudyError(f"{params.PARAMS}: {error}") from None
    if text != before:
        known = _remembered()
        values = {*known.values, *params.changes(params.read(plain), params.read(text))}
        # Of commands one after the other the text before the first.
        first = known.before if before == known.after else before
        write_json(NOTE, asdict(Written(sorted(values), first, text)))
        write_text(params.PARAMS, text)
    return told


@dataclass(frozen=True)
class Written:
    """What `make` wrote: KEY=VALUE, +KEY=VALUE or ~KEY, and the text before and after it."""

    values: list[str] = field(default_factory=list)
    before: str | None = None
    after: str | None = None


def _remembered() -> Written:
    """Nothing where that is lost."""
    try:
        return Written(**json.loads(NOTE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Written()


def forget() -> None:
    NOTE.unlink(missing_ok=True)


def taken_back(original: str, text: str) -> tuple[str, list[str]]:
    """A params.yaml without what `make` wrote over the original one, and what that was.

    Where the file is as it was written, it is the text before that. Else values that a person
    changed stay; so do comments, though DVC lays out the file anew. Where nothing but what was
    written differs it is the original text.

    Raises:
        StudyError: one of the two cannot be read.
    """
    old, new = params.read(original), params.read(text)
    differing, known = params.changes(old, new), _remembered()
    if known.before is not None and text == known.after:
        taken = params.changes(params.read(known.before), new)
        return known.before, [value for value in taken if _key(value) != "scale"]
    written = [value for value in differing if value in known.values]
    if written == differing and _with(original, written) == text:
        return original, written
    keys = {_key(value) for value in written}
    undone = [value for value in params.changes(new, old) if _key(value) in keys]
    after = _with(text, undone) if undone else None
    return (text, []) if after is None else (after, written)


def _key(value: str) -> str:
    return value.lstrip("+~").partition("=")[0]


def _with(text: str, values: Iterable[str]) -> str | None:
    """As DVC writes it; None where a value cannot be said in `-S` as it stands."""
    try:
        return params.changed(text, list(values))
    except StudyError:
        return None
