"""Changes the text of params.yaml as `dvc exp run -S` does, but keeps its layout."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ablation.base.errors import UserError
from ablation.monitoring.provenance import leaves
from ablation.study.reading import PARAMS, parse

read = partial(parse, path=PARAMS)


def of_scale(text: str, scale: str) -> list[str]:
    """The overrides that make this params.yaml one of that scale, with its seeds.

    DVC reads the lists of seeds at the top alone, so those of a scale are written there.

    Raises:
        UserError: it has no such scale.
    """
    tree = read(text)
    scales = tree.get("scales", {})
    if scale not in scales:
        raise UserError(f"SCALE is {scale!r}; allowed: {', '.join(scales)}")
    if scale == tree["scale"]:
        return []
    seeds = (f"{key}={scales[scale][key]}" for key in ("seeds", "costly_seeds"))
    return [f"scale={scale}", *seeds]


def changed(text: str, overrides: Sequence[str]) -> str:
    """This params.yaml after `dvc exp run -S` with these overrides.

    Raises:
        UserError: an override that cannot be read or names a key that the file has not.
    """
    by_dvc = _by_dvc(text, overrides)
    wanted, now = read(by_dvc), read(text)
    if wanted == now:
        return text
    values, old, after = leaves(wanted), leaves(now), text
    places = {key: place for key, *place in _places(YAML(pure=True).compose(text))}
    for key, (start, end) in sorted(places.items(), key=lambda item: -item[1][0]):
        if key in values and values[key] != old[key]:
            after = f"{after[:start]}{_word(values[key])}{after[end:]}"
    # DVC's own layout where a key comes or goes, or a value is one of several lines.
    try:
        return after if read(after) == wanted else by_dvc
    except UserError:
        return by_dvc


def _by_dvc(text: str, overrides: Sequence[str]) -> str:
    from dvc.utils.hydra import apply_overrides

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "params.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            apply_overrides(path, list(overrides))
        except Exception as error:  # Hydra's own, of many kinds
            reason = " ".join(str(error.__cause__ or error).split())
            if unknown := re.match("Could not override '([^']+)'", reason):
                reason = _unknown(unknown[1], read(text))
            elif "," in reason and "[" not in reason:
                reason += "; a list needs brackets, for example seeds=[0,1]"
            raise UserError(f"SET is {' '.join(overrides)}: {reason[:300]}") from None
        return path.read_text(encoding="utf-8")


def _unknown(key: str, tree: Any) -> str:
    passed: list[str] = []
    for part in key.split("."):
        if not isinstance(tree, dict) or part not in tree:
            break
        passed.append(part)
        tree = tree[part]
    of = f" of {'.'.join(passed)}" if passed else ""
    return f"{key}: unknown key{of}; allowed: {', '.join(map(str, tree or ()))}"


def differences(before: str, after: str) -> list[str]:
    """What differs between two texts, a line for each key: `train.optimizer: adam -> sgd`."""
    old, new = (leaves(read(text)) for text in (before, after))
    return [
        f"{key}: {_word(old[key]) if key in old else 'nothing'} -> "
        f"{_word(new[key]) if key in new else 'nothing'}"
        for key in {**old, **new}
        if key not in old or key not in new or old[key] != new[key]
    ]


def _places(node: Any, prefix: str = "") -> Iterator[tuple[str, int, int]]:
    """The keys of `leaves`, and from where to where in the text the value stands."""
    for key, value in node.value:
        if value.id == "mapping":
            yield from _places(value, f"{prefix}{key.value}.")
        else:
            yield f"{prefix}{key.value}", value.start_mark.index, value.end_mark.index


def _word(value: Any) -> str:
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w./-]*", value)
    return value if plain else json.dumps(value, ensure_ascii=False)
