"""Refusing YAML that is small as text and huge as content."""

from __future__ import annotations

import yaml

from ablation.base.errors import UserError, brief

MOST = 100_000  # values; the study's own configuration has a few thousand
DEEPEST = 100  # collections in one another; the study's own are 8


def refuse_growth(text: str) -> None:
    """Refuses anchors that repeat themselves into more values than a configuration can have.

    Raises:
        UserError: that, deep nesting, or an anchor that contains itself; the message ends a
            sentence.
    """
    if "*" not in text:  # no alias
        return
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = [(None, 0)]  # collections under way: anchor, values
    for event in yaml.parse(text, yaml.SafeLoader):
        size = 0
        anchor: str | None = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((anchor, 1))
            if len(open_) > DEEPEST:
                raise UserError("is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent) and anchor is not None:
            if any(anchor == name for name, _ in open_):
                raise UserError(f"has an anchor that contains itself: {brief(anchor)}")
            size = sizes.get(anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
            if anchor:
                sizes[anchor] = 1
        open_[-1] = (open_[-1][0], open_[-1][1] + size)
        if open_[-1][1] > MOST:
            raise UserError(f"has anchors that repeat into more than {MOST} values")
