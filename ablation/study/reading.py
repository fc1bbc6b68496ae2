"""`params.yaml` from bytes to a tree, read as DVC reads it: YAML 1.2, through ruamel.

DVC also writes the file (`dvc exp run -S`), so another dialect would read other values than were
set: PyYAML's 1.1 takes 1e-05 for a text and 010 for 8. What is no configuration is refused before
it is built: events come one by one, whatever brackets, anchors and digits they hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from ablation.study.checks import ConfigError, shown

LARGEST = 1 << 20  # bytes; the study's own file has 38,000
DEEPEST = 24  # levels; the study's own file has 7
MOST = 50_000  # values, each as often as an alias repeats it; the study's own file has 2,000
LONGEST = 300  # characters of a text on one line that stands for no number

CORE = "tag:yaml.org,2002:"
PLAIN = ("str", "int", "float", "bool", "null", "map", "seq", "merge")
INTEGERS = range(-(2**63), 2**63)


def read(content: bytes) -> Any:
    """The tree in a params.yaml.

    Raises:
        ConfigError: it is no YAML 1.2 or no configuration; one line, with the line's number.
    """
    text = decoded(content)
    try:
        _check(text)
        tree = YAML(typ="safe").load(text)
    except DuplicateKeyError as error:
        raise ConfigError(f"{_place(error)}the same key stands twice; keep one") from None
    except YAMLError as error:
        raise ConfigError(f"{_place(error)}no YAML: {_problem(error)}") from None
    except ConfigError:
        raise
    except Exception as error:  # what a constructor raises of an impossible value is no fixed list
        raise ConfigError(f"no YAML: {shown(str(error) or type(error).__name__)}") from None
    _check_keys(tree)
    return tree


def decoded(content: bytes) -> str:
    """The text of the file.

    Raises:
        ConfigError: it is too long, or not UTF-8.
    """
    if len(content) > LARGEST:
        raise ConfigError(f"has {len(content):,} bytes; allowed: at most {LARGEST:,}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ConfigError(f"line {line}: the byte 0x{byte:02x} is not UTF-8") from None


def events(text: str) -> Iterator[Any]:
    """The parsing events of a text, none of which is built into anything.

    Raises:
        ruamel.yaml.error.YAMLError: where it is no YAML.
    """
    return YAML(typ="safe").parse(text)


@dataclass
class _Collection:
    """One that is open: its anchor, and how many values stand in it so far."""

    anchor: str | None
    line: int
    size: int = 1


@dataclass
class _Shape:
    """How deep and how large what the events build becomes."""

    open: list[_Collection] = field(default_factory=list)
    anchored: dict[str, int] = field(default_factory=dict)  # anchor -> its values

    def add(self, size: int, anchor: str | None, line: int) -> None:
        if anchor is not None:
            self.anchored[anchor] = size
        if self.open:
            self.open[-1].size += size
        if max([size, *(one.size for one in self.open[-1:])]) > MOST:
            raise ConfigError(f"line {line}: more than {MOST:,} values, aliases counted")

    def alias(self, anchor: str, line: int) -> None:
        if any(one.anchor == anchor for one in self.open):
            raise ConfigError(f"line {line}: {shown('*' + anchor)} stands inside what it repeats")
        if anchor not in self.anchored:
            raise ConfigError(f"line {line}: {shown('*' + anchor)} has no anchor before it")
        self.add(self.anchored[anchor], None, line)


def _check(text: str) -> None:
    """Refuses what would take long to build, or could not be meant."""
    resolver = YAML(typ="safe").resolver
    shape = _Shape()
    for event in events(text):
        kind, line = type(event).__name__, event.start_mark.line + 1
        if kind == "DocumentStartEvent" and event.version is not None:
            raise ConfigError(f"line {line}: a %YAML line; remove it, the file is YAML 1.2")
        if kind in ("MappingStartEvent", "SequenceStartEvent"):
            if len(shape.open) == DEEPEST:
                raise ConfigError(f"line {line}: more than {DEEPEST} levels")
            _check_tag(event.tag, line)
            shape.open.append(_Collection(event.anchor, line))
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = shape.open.pop()
            shape.add(done.size, done.anchor, line)
        elif kind == "AliasEvent":
            shape.alias(event.anchor, line)
        elif kind == "ScalarEvent":
            _check_tag(event.tag, line)
            tag = event.tag
            if tag is None or tag == "!":
                tag = resolver.resolve(ScalarNode, event.value, event.implicit)
            _check_scalar(event.value, str(tag).removeprefix(CORE), line)
            shape.add(1, event.anchor, line)


def _check_tag(tag: Any, line: int) -> None:
    if tag is not None and str(tag) != "!" and str(tag).removeprefix(CORE) not in PLAIN:
        raise ConfigError(f"line {line}: the tag {shown(str(tag))}; allowed: none")


def _check_scalar(value: str, kind: str, line: int) -> None:
    if kind == "timestamp":
        raise ConfigError(f"line {line}: {shown(value)} is a date; put it in quotes for a text")
    if kind == "int":
        digits = value.replace("_", "")
        if len(digits) > 70 or _integer(digits) not in INTEGERS:
            raise ConfigError(f"line {line}: {shown(value)} is no integer of 64 bits")


def _integer(digits: str) -> int:
    """As YAML 1.2 has it: 010 is ten, 0o10 is eight."""
    unsigned = digits.lstrip("+-")
    base = {"0b": 2, "0o": 8, "0x": 16}.get(unsigned[:2])
    try:
        return int(unsigned[2:], base) if base else int(unsigned or "0")
    except ValueError:
        return 0  # whoever builds it says why it is none


def _check_keys(tree: Any) -> None:
    """Every key is a text, as no reader of the tree asks."""
    values = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for key in tree if isinstance(tree, dict) else ():
        if not isinstance(key, str):
            raise ConfigError(f"the key {shown(key)}; allowed: a text, in quotes if need be")
    for value in values:
        _check_keys(value)


def _place(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f"line {mark.line + 1}: " if mark is not None else ""


def _problem(error: YAMLError) -> str:
    problem = error.problem if isinstance(error, MarkedYAMLError) else None
    said = problem or str(error) or type(error).__name__
    return " ".join(said.split())[:LONGEST]
