"""A worker without DVC takes the digests that DVC takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from runner import lock
from runner.cluster.worker import digests
from tests.pipeline.repository import Repository


def test_files_and_folders_have_dvc_s_digests(head: Repository) -> None:
    (head.path / "networks/deeper").mkdir()
    (head.path / "networks/deeper/ä.py").write_text("# Umlaut.\n")
    (head.path / "networks/__pycache__").mkdir()
    (head.path / "networks/__pycache__/cnn.pyc").write_bytes(b"\0")
    head.dvc("repro", "--single-item", "train@plain-0")
    entries = lock.read(Path("dvc.lock").read_text())
    items = [i for e in entries.values() for part in ("deps", "outs") for i in e[part]]
    paths = {item["path"]: item["md5"] for item in items}
    assert {"networks", "data/sets", "stages/train.py"} <= set(paths)
    assert {path: digests.of(Path(path)) for path in paths} == paths


def test_a_file_is_read_again_only_where_it_looks_otherwise(tmp_path: Path) -> None:
    file, known = tmp_path / "file", dict[str, Any]()
    file.write_text("one")
    first = digests.of(file, known)
    assert first == digests.of_bytes(b"one")
    found = file.stat()
    file.write_text("two")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert digests.of(file, known) == first
    os.utime(file, ns=(0, 0))
    assert digests.of(file, known) == digests.of_bytes(b"two")
    assert digests.of(tmp_path / "none") is None
