"""Whether data came out as they did for the committed results, by two lock files."""

from __future__ import annotations

from typing import Any

from runner.images import otherwise


def entries(deps: str = "1", sets: str = "a", split: str = "b", cmd: str = "python") -> Any:
    return {
        "preprocess": {
            "cmd": cmd,
            "deps": [{"path": "configs/data.yaml", "md5": deps}],
            "outs": [
                {"path": "data/compositions", "md5": "c"}, {"path": "data/sets", "md5": sets}
            ],
        },
        "split": {
            "cmd": cmd,
            "deps": [{"path": "data/sets/train", "md5": sets}],
            "outs": [{"path": "data/split", "md5": split}],
        },
    }  # fmt: skip


def test_the_same_images_are_the_same() -> None:
    assert otherwise(entries(), entries()) == []


def test_other_images_of_the_same_code_and_settings_are_named() -> None:
    # The split is another since its images are, and is not named.
    assert otherwise(entries(sets="x", split="y"), entries()) == ["data/sets"]
    assert otherwise(entries(split="y"), entries()) == ["data/split"]


def test_images_of_other_settings_code_or_commands_are_no_matter() -> None:
    assert otherwise(entries(deps="2", sets="x"), entries()) == []
    assert otherwise(entries(cmd="python3", sets="x"), entries()) == []


def test_without_committed_results_there_is_nothing_to_compare() -> None:
    assert otherwise(entries(), {}) == []
    assert otherwise({}, entries()) == []
