"""The scale that is written into params.yaml, and what is told of two versions of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from runner import params
from runner.graph import StudyError

TEXT = "# A comment.\nscale: laptop   # which\nseeds: [0]\nscales:\n  smoke: {}\n  laptop: {}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_with_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TEXT)


def test_the_scale_is_written_and_every_comment_stays() -> None:
    assert params.set_scale("smoke")
    assert Path("params.yaml").read_text() == TEXT.replace("scale: laptop", "scale: smoke")
    assert not params.set_scale("smoke")


def test_an_unknown_scale_is_refused_and_nothing_written() -> None:
    with pytest.raises(StudyError, match="'huge'; allowed: smoke, laptop"):
        params.set_scale("huge")
    assert Path("params.yaml").read_text() == TEXT


def test_what_dvc_writes_has_the_scale_and_another_layout() -> None:
    written = params.as_dvc_writes(TEXT, "smoke")
    assert written != TEXT.replace("scale: laptop", "scale: smoke")
    assert params.read(written) == params.read(TEXT) | {"scale": "smoke"}
    assert params.as_dvc_writes(written, "smoke") == written
    assert Path("params.yaml").read_text() == TEXT


def test_changes_are_told_as_an_experiment_takes_them() -> None:
    before: dict[str, Any] = {
        "seeds": [0],
        "arms": {"plain": {"rate": 0.5}, "old": {"label": "old"}},
        "source": None,
        "few": {},
    }
    after = copy.deepcopy(before)
    assert params.changes(before, after) == []
    after["seeds"] = [0, 1]
    after["arms"]["plain"]["rate"] = 0.25
    after["arms"]["own"] = {"label": "mine", "fresh": True}
    del after["arms"]["old"]
    after["source"] = "kaggle"
    after["few"] = {"one": None}
    assert params.changes(before, after) == [
        "seeds=[0, 1]",
        "arms.plain.rate=0.25",
        "source=kaggle",
        "+arms.own.label=mine",
        "+arms.own.fresh=true",
        "+few.one=null",
        "~arms.old.label",
        "~few",
    ]


def test_numbers_are_read_as_dvc_reads_them() -> None:
    """1e-05 is a number for DVC and a text for PyYAML."""
    assert params.changes(params.read("rate: 0.00001"), params.read("rate: 1e-05")) == []


def test_what_is_no_yaml_is_one_line() -> None:
    with pytest.raises(StudyError) as error:
        params.read("scale: [laptop\nseeds: 3")
    assert "\n" not in str(error.value)
    assert "line" in str(error.value)
