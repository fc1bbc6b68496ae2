"""What a worker brings into its folder, and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cluster.worker import checkout, digests


def wanted(md5: str | None) -> list[dict[str, object]]:
    """One stage that makes the folder `data`; run here, it makes nothing."""
    return [{"stage": "fetch", "command": "python -c pass", "outs": {"data": md5}}]


def test_inputs_are_copied_from_the_head_where_they_are_what_they_should_be(
    tmp_path: Path,
) -> None:
    head, place = tmp_path / "head", tmp_path / "place"
    (head / "data").mkdir(parents=True)
    (head / "data/images").write_text("images")
    assert checkout.inputs(place, wanted(digests.of(head / "data")), str(head)) == ""
    assert (place / "data/images").read_text() == "images"
    said = checkout.inputs(place, wanted("0.dir"), str(head))
    assert said == "data came out otherwise there than on the head"


def test_a_copy_that_fails_says_why_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    head, place = tmp_path / "head", tmp_path / "place"
    (head / "data").mkdir(parents=True)
    for name in ("one", "other"):
        (head / "data" / name).symlink_to("nowhere")
    with pytest.raises(OSError, match=r"^\[Errno 2\] No such file or directory: '[^\n,]*'$"):
        checkout.inputs(place, wanted("0.dir"), str(head))
    assert [path.name for path in place.iterdir()] == [".scratch"]
