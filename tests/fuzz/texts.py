"""What people write into a file of YAML that another dialect, or nobody, reads as they meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import yaml

from ablation.study.reading import read

Rng = np.random.Generator

WORDS = [
    "1e-05", "1E5", "1e400", "1e-400", "1_000", "010", "0o17", "0x1F", "0b11", "on", "off", "yes",
    "No", "y", "n", "~", "null", "Null", "NULL", "", "12:30", "1:20:30", "190:20:30.15",
    "2001-12-14", "2001-12-14t21:59:43.10-05:00", "2025-13-45", ".5", "5.", "+.inf", "-.INF",
    ".NaN", "-0", "-0.0", "+5", "1__0", "0.1.2", "!!float 3", "!!str 3", "!!int '3'",
    "!!binary aGk=", "!!set {a}", "!!omap []", "!!timestamp 2001-12-14", "!local x",
    "!!python/object/apply:os.system [ls]", "!<tag:yaml.org,2002:int> 3", "'3'", '"\\x00"',
    '"\\uD800"', '"\\U0001F600"', '"\\UFFFFFFFF"', "|\n  text", ">-\n  text", "&a 3", "*a", "* a",
    "{<<: {a: 1}}", "{<<: 3}", "{<<: [3]}", "[1, 2", "{a: 1", "[1 2]", "@x", "`x`", "%x", "- 1",
    "? x", ": x", "a: b", "#", "=", "<<", "\u00a05", "\uff15", "\u0661", "\u202e5", "\ufeff5",
    "\x855", "9" * 400, "[" * 3000, "{a: " * 500, "x" * 100_000, "&a [*a]", "&a {b: *a}",
    "&a [&b [&c [1, 2], *c, *c], *b, *b]", "0x" + "f" * 300, "true", "True", "TRUE", "'on'",
]  # fmt: skip
_LINE = re.compile(r"^( *)([^\s#:]+):(?: (.*))?$")


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _some(lines: list[str], rng: Rng) -> int:
    """The number of a line that is `key: value`."""
    found = [k for k, line in enumerate(lines) if _LINE.match(line)]
    return found[rng.integers(len(found))] if found else 0


def word(text: str, rng: Rng) -> str:
    """A value becomes a word that dialects differ on."""
    lines = _lines(text)
    k = _some(lines, rng)
    lines[k] = f"{lines[k].split(':')[0]}: {WORDS[rng.integers(len(WORDS))]}"
    return "\n".join(lines)


def element(text: str, rng: Rng) -> str:
    """A number anywhere becomes such a word, in a list too."""
    found = list(re.finditer(r"(?<=[\[ ])\d[\d.]*(?=[\],\s}])", text))
    if not found:
        return text
    one = found[rng.integers(len(found))]
    return text[: one.start()] + WORDS[rng.integers(len(WORDS))] + text[one.end() :]


def key(text: str, rng: Rng) -> str:
    """A key becomes such a word, or stands twice."""
    lines = _lines(text)
    k = _some(lines, rng)
    found = _LINE.match(lines[k])
    if found is None:
        return text
    other = WORDS[rng.integers(len(WORDS))] if rng.integers(2) else found[2]
    line = f"{found[1]}{other}: {found[3] or ''}"
    if rng.integers(2):
        lines[k] = line
    else:
        lines.insert(k + 1, line)
    return "\n".join(lines)


def anchor(text: str, rng: Rng) -> str:
    """A value is repeated elsewhere by an anchor, or merged into another mapping."""
    lines = _lines(text)
    first, second = sorted((_some(lines, rng), _some(lines, rng)))
    one, other = lines[first].partition(":"), _LINE.match(lines[second])
    lines[first] = f"{one[0]}: &a {one[2].strip()}".rstrip()
    if other is not None and rng.integers(2):
        lines[second] = f"{other[1]}{other[2]}: *a"
    elif other is not None:
        merged = ["*a", "[*a, *a]", "[*a, 3]", "3", "{x: 1}", "*b", "*a\n" + other[1] + "<<: *a"]
        lines.insert(second, f"{other[1]}<<: {merged[rng.integers(len(merged))]}")
    return "\n".join(lines)


def layout(text: str, rng: Rng) -> str:
    """Another indentation of a line, a tab, a line lost, two exchanged, a comment in the way."""
    lines = _lines(text)
    k, other = rng.integers(len(lines), size=2)
    kind = rng.integers(6)
    if kind == 5:
        lines[k], lines[other] = lines[other], lines[k]
    else:
        line = lines[k]
        lines[k] = [f" {line}", line[1:], f"\t{line}", "", line.replace("#", "", 1)][kind]
    return "\n".join(lines)


def again(text: str, rng: Rng) -> str:
    """The same content as another tool writes it: most must be read as before."""
    tree = read(text.encode())
    kind = rng.integers(6)
    if kind == 0:
        return json.dumps(tree)
    if kind == 1:
        return yaml.safe_dump(tree, sort_keys=False)
    if kind == 2:
        return yaml.safe_dump(tree, default_flow_style=True, width=10**6)
    if kind == 3:
        return re.sub(r"(?m)^(scale: )(\w+)", r"\1!!str &s '\2'", text)
    if kind == 4:
        return f"---\n{text}\n...\n"
    return text.replace("\n", "\r\n")


TEXTS: list[Callable[[str, Rng], str]] = [word, word, word, element, element, key, anchor, layout]


def of_text(content: bytes, rng: Rng) -> bytes:
    """A file of YAML after one to three of these slips, rarely in another coding."""
    text = content.decode("utf-8")
    kind = rng.integers(12)
    if kind == 0:
        return whole(content, rng)
    if kind <= 2:
        text = again(text, rng)
    for _ in range(rng.integers(0 if kind <= 2 else 1, 3)):
        text = TEXTS[rng.integers(len(TEXTS))](text, rng)
    return text.encode("utf-8", "surrogatepass")


def whole(content: bytes, rng: Rng) -> bytes:
    """Another file altogether, or the same in another coding."""
    text = content.decode("utf-8")
    files = [
        b"", b"\n", b" ", b"#", b"---", b"--- 3", b"[]", b"{}", b"null", b"x", b"- a", b"\xff\xfe",
        text.encode("utf-16"), text.encode("utf-32"), b"\xef\xbb\xbf" + content,
        text.replace("a", "é").encode("latin-1", "replace"), content.replace(b"\n", b"\r"),
        content.replace(b"  ", b"\t"), content + b"\n---\n" + content, b"\x1f\x8b\x08" + content,
        b" " * 2_000_000, b"a: 1\n" * 100_000, b"a:\n" * 30_000, b"- " * 30_000, b"[" * 200_000,
        b"? " * 20_000, b"&a " * 20_000, b"'" * 99_999, content[::-1],
        b"%YAML 1.1\n---\n" + content,
        b"%TAG ! tag:x,2000:\n---\n" + content, b"\n".join(reversed(content.split(b"\n"))),
        b"".join(b"k%d: 1\n" % k for k in range(60_000)), b"a: " + b"9" * 500_000,
        b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (k, k) for k in range(3000)),
    ]  # fmt: skip
    return files[rng.integers(len(files))]
