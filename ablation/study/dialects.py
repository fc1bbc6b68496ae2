"""What YAML 1.1 reads otherwise than YAML 1.2, so that nobody is surprised by what was read.

Many tools, and many people, know 1.1, in which `on` is true, 010 is 8 and 12:30 is 750.
"""

from __future__ import annotations

from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from ablation.study.checks import shown
from ablation.study.reading import CORE, decoded, events

MOST = 3  # notes; a file of another dialect has hundreds


def notes(content: bytes) -> list[str]:
    """A line for each value that the dialects read otherwise, of a file that `read` accepts.

    None for 1e-05: what looks like a number is read as one, and DVC writes it so.
    """
    old, new = yaml.SafeLoader(""), YAML(typ="safe")
    found = []
    for event in events(decoded(content)):
        if type(event).__name__ != "ScalarEvent" or event.style or event.tag is not None:
            continue
        ours = _value(event.value, new.resolver.resolve(ScalarNode, event.value, (True, False)))
        theirs = _old_value(old, event.value)
        if (type(ours), ours) != (type(theirs), theirs) and not isinstance(ours, float):
            found.append(
                f"line {event.start_mark.line + 1}: {shown(event.value)[1:-1]} is read as "
                f"{shown(ours)}, as DVC reads it; in YAML 1.1 it was {shown(theirs)}"
            )
    more = len(found) - MOST
    return [*found[:MOST], *([f"and {more} more such values"] if more > 0 else [])]


def _value(text: str, tag: Any) -> Any:
    """What YAML 1.2 makes of a plain word; of a float only that it is one."""
    kind = str(tag).removeprefix(CORE)
    if kind == "int":
        return YAML(typ="safe").load(text)
    return {"float": 0.0, "bool": text.lower() == "true", "null": None}.get(kind, text)


def _old_value(loader: yaml.SafeLoader, text: str) -> Any:
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    if tag.removeprefix(CORE) not in ("int", "bool", "null"):
        return text
    return loader.construct_object(yaml.ScalarNode(tag, text), deep=True)
