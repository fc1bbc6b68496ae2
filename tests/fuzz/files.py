"""Damage that knows the format of a file between stages: tables, trees and arrays made wrong.

Each takes the bytes and a generator, and gives other bytes, mostly of the same format.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import yaml

from tests.fuzz.mutations import Rng, paths

CELLS = ["", "nan", "inf", "-inf", "x", "-1", "0", "1e400", "1e-400", "9" * 400, "2.5", "é", "\x00",
         '"', "'", "None", "True", " ", "0x10", "1_000", "1,5", "999999", "-0.0"]  # fmt: skip
LEAVES: list[Any] = [
    None, True, 0, -1, 1, 2.5, 1e300, 10**30, float("nan"), float("inf"), "", "x", "é\u2028", [],
    [1], {}, {"x": 1}, [[[]]], "0", "2024-01-01",
]  # fmt: skip


def of_format(name: str, content: bytes, rng: Rng) -> bytes:
    """Damage of the kind of the file that is called `name`."""
    kinds = KINDS.get(name.rpartition(".")[2], [])
    if not kinds:
        return content[: len(content) // 2]
    return kinds[rng.integers(len(kinds))](content, rng)


def csv_cell(content: bytes, rng: Rng) -> bytes:
    rows = [line.split(",") for line in content.decode().splitlines()]
    row = rows[rng.integers(len(rows))]
    row[rng.integers(len(row))] = CELLS[rng.integers(len(CELLS))]
    return _joined(rows)


def csv_digit(content: bytes, rng: Rng) -> bytes:
    """A digit becomes another: nothing but a digest can tell."""
    found = [k for k, byte in enumerate(content) if 48 <= byte < 58]
    if not found:
        return content
    at = found[rng.integers(len(found))]
    return content[:at] + bytes([48 + (content[at] - 47) % 10]) + content[at + 1 :]


def csv_rows(content: bytes, rng: Rng) -> bytes:
    head, *rows = content.decode().splitlines()
    if not rows:
        return content + content
    k, kind = int(rng.integers(len(rows))), rng.integers(6)
    if kind == 0:
        del rows[k]
    elif kind == 1:
        rows.insert(k, rows[k])
    elif kind == 2:
        rows = rows[::-1]
    elif kind == 3:
        rows = rows[:k]
    elif kind == 4:
        rows.insert(k, head)
    else:
        rows = []
    return "\n".join([head, *rows, ""]).encode()


def csv_columns(content: bytes, rng: Rng) -> bytes:
    rows = [line.split(",") for line in content.decode().splitlines()]
    k, kind = int(rng.integers(len(rows[0]))), rng.integers(4)
    if kind == 0:
        rows[0][k] = "another"
    elif kind == 1:
        rows[0][k] = rows[0][-1]
    else:
        for row in rows:
            if kind == 2 and k < len(row):
                del row[k]
            elif kind == 3:
                row.insert(k, row[k] if k < len(row) else "")
    return _joined(rows)


def csv_coding(content: bytes, rng: Rng) -> bytes:
    made = [
        content.replace(b",", b";"), content.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + content,
        content.decode().encode("utf-16"), content + b'"', content.replace(b"\n", b"\n\n"),
        content.rstrip(b"\n"), b"# " + content, content.replace(b".", b","),
    ]  # fmt: skip
    return made[rng.integers(len(made))]


def json_leaf(content: bytes, rng: Rng) -> bytes:
    return json.dumps(_changed(json.loads(content), rng), indent=2).encode() + b"\n"


def json_text(content: bytes, rng: Rng) -> bytes:
    made = [
        b"[" * 100_000, b"null", b"[]", b"{}", b"1", b'""', content.replace(b'"', b"'"),
        content.replace(b":", b"", 1), re.sub(rb"\d+\.\d+", b"NaN", content, count=1),
        re.sub(rb"\d+", b"9" * 5000, content, count=1), content[:-2], content + b"x",
        b"\xef\xbb\xbf" + content, content.decode().encode("utf-16"), b"// x\n" + content,
    ]  # fmt: skip
    return made[rng.integers(len(made))]


def yaml_leaf(content: bytes, rng: Rng) -> bytes:
    return yaml.safe_dump(_changed(yaml.safe_load(content), rng), sort_keys=False).encode()


def yaml_text(content: bytes, rng: Rng) -> bytes:
    made = [
        b"", b"null\n", b"[]\n", b"{}\n", b"x\n", b"- a\n", b"&a [*a]\n", b"[" * 5000,
        content + content, content.replace(b": ", b":"), b"\t" + content,
        b"!!python/object/apply:os.system [ls]\n", content.replace(b"- ", b"-"),
        b"a: &a [x,x]\n" + b"".join(b"b%d: &b%d [*a,*a]\n" % (k, k) for k in range(2000)),
        content.decode().encode("utf-16"), content[: len(content) // 2],
    ]  # fmt: skip
    return made[rng.integers(len(made))]


def npz_array(content: bytes, rng: Rng) -> bytes:
    """One array of a file becomes one of another type, shape or content; or is gone, or foreign."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = list(arrays)[rng.integers(len(arrays))]
    other = list(arrays)[rng.integers(len(arrays))]
    arrays[name] = _array(arrays[name], arrays[other], rng)
    kind = rng.integers(12)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays["another"] = arrays[name]
    target = io.BytesIO()
    np.savez_compressed(target, **arrays)
    return target.getvalue()


def npz_zip(content: bytes, rng: Rng) -> bytes:
    """The archive itself: a bomb, a member that is no array, none at all, a header that lies."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names, kind = old.namelist(), rng.integers(6)
        for name in names if kind else []:
            data = old.read(name)
            if name == names[-1]:
                huge = b"(1000000000000,)"
                data = [
                    data, b"no array", re.sub(rb"\(\d+[^)]*\)", huge, data, count=1),
                    b"\x80\x04K\x01.", bytes(50_000_000), data[: len(data) // 2],
                ][kind]  # fmt: skip
            new.writestr(name, data)
    return target.getvalue()


def npy_array(content: bytes, rng: Rng) -> bytes:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    target = io.BytesIO()
    np.save(target, _array(array, array, rng), allow_pickle=True)
    return target.getvalue()


def npy_header(content: bytes, rng: Rng) -> bytes:
    made = [
        content.replace(b"'|u1'", b"'<f8'", 1), content.replace(b"'|u1'", b"'|O' ", 1),
        re.sub(rb"\((\d+),", rb"(-\1,", content, count=1), content.replace(b"NUMPY", b"MUMPY", 1),
        re.sub(rb"\((\d+),", rb"(\g<1>0,", content, count=1),
        content.replace(b"False", b"True ", 1), content + bytes(10), content[:100],
        content.replace(b"'descr'", b"'desc' ", 1), content[:8] + b"\xff\xff" + content[10:],
    ]  # fmt: skip
    return made[rng.integers(len(made))]


def _array(array: Any, other: Any, rng: Rng) -> Any:
    size = array.size
    made: list[Callable[[], Any]] = [
        lambda: array.astype(np.float64), lambda: array.astype(np.int8), lambda: array[:-1],
        lambda: array[..., None], lambda: array.reshape(-1)[:0], lambda: np.array(7),
        lambda: array.astype(str), lambda: np.full(array.shape, np.nan), lambda: array[::-1],
        lambda: np.full(array.shape, np.inf), lambda: np.array([None, {}], dtype=object),
        lambda: np.full(array.shape, 255, np.uint8), lambda: np.full(array.shape, -1),
        lambda: other, lambda: np.concatenate([array, array]) if array.ndim else array,
        lambda: array.T, lambda: np.zeros(size, dtype=[("a", int), ("b", float)]),
        lambda: array.astype(bool), lambda: np.zeros((0, 3)), lambda: array.astype(np.complex64),
        lambda: np.where(rng.random(array.shape) < 0.02, 1, array).astype(array.dtype),
    ]  # fmt: skip
    return made[rng.integers(len(made))]()


def _changed(tree: Any, rng: Rng) -> Any:
    """A value of the tree becomes another, is gone, or stands in a list."""
    every = paths(tree)
    if not every:
        return LEAVES[rng.integers(len(LEAVES))]
    path = every[rng.integers(len(every))]
    parent = tree
    for part in path[:-1]:
        parent = parent[part]
    kind, key = rng.integers(8), path[-1]
    if kind == 0:
        del parent[key]
    elif kind == 1:
        parent[key] = [parent[key]]
    elif kind == 2 and isinstance(parent, dict):
        parent["another"] = parent.pop(key)
    elif kind <= 4 and isinstance(parent[key], int | float):
        parent[key] = parent[key] * [-1, 2, 1.5, 1000][rng.integers(4)]
    else:
        parent[key] = LEAVES[rng.integers(len(LEAVES))]
    return tree


def _joined(rows: list[list[str]]) -> bytes:
    return "\n".join([*(",".join(row) for row in rows), ""]).encode("utf-8", "surrogatepass")


Damage = Callable[[bytes, Rng], bytes]
KINDS: dict[str, list[Damage]] = {
    "csv": [csv_cell, csv_cell, csv_digit, csv_rows, csv_columns, csv_coding],
    "json": [json_leaf, json_leaf, json_text, csv_digit],
    "yaml": [yaml_leaf, yaml_leaf, yaml_text, csv_digit],
    "npz": [npz_array, npz_array, npz_zip],
    "npy": [npy_array, npy_header],
}
