"""The scale that is written into params.yaml, and what is told of two versions of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from ablation.study.checks import ConfigError
from runner import params, written
from runner.graph import StudyError

TEXT = "# A comment.\nscale: laptop   # which\nseeds: [0]\nscales:\n  smoke: {}\n  laptop: {}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_with_params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TEXT)


def test_the_scale_is_written_and_every_comment_stays() -> None:
    assert written.set_up("smoke")
    assert Path("params.yaml").read_text() == TEXT.replace("scale: laptop", "scale: smoke")
    assert not written.set_up("smoke")


def test_an_unknown_scale_is_refused_and_nothing_written() -> None:
    with pytest.raises(StudyError, match="'huge'; allowed: smoke, laptop"):
        written.set_up("huge")
    assert Path("params.yaml").read_text() == TEXT


LINE = "scale: laptop   # which\n"
WRITTEN = {
    "quoted": 'scale: "laptop"\n',
    "single quotes": "scale: 'laptop' # which\n",
    "a space before the colon": "scale : laptop\n",
    "a quoted key": '"scale": laptop\n',
    "on two lines": "scale:\n  laptop\n",
    "tagged": "scale: !!str laptop\n",
    "anchored": "scale: &chosen laptop\n",
    "anchored and repeated": "scale: &chosen laptop\nsame: *chosen\n",
    "repeated": "same: &chosen laptop\nscale: *chosen\n",
    "as a block": "scale: >-\n  laptop\n",
    "as a literal": "scale: |-\n  laptop\n",
    "a mapping in one line": None,
    "Windows's lines": "scale: laptop\r\n",
    "after another scale": "other: {scale: laptop}\nscale: laptop\n",
    "not ASCII before it": "label: größer als 😀\nscale: laptop\n",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_the_scale_is_written_however_the_line_is(how: str) -> None:
    line = WRITTEN[how]
    text = TEXT.replace(LINE, line) if line else "{scale: laptop, scales: {smoke: {}, laptop: {}}}"
    Path("params.yaml").write_text(text, newline="")
    before = params.read(text)
    assert written.set_up("smoke")
    after = params.read(params.load())
    assert after["scale"] == "smoke"
    assert after | {"scale": "laptop"} == before
    if "same" not in before:  # else it is laid out anew, as DVC does
        assert params.load().count("# A comment.") == text.count("# A comment.")
    assert not written.set_up("smoke")


BROKEN: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "no mapping": b"- laptop\n",
    "no YAML": b"scale: [laptop\nscales: 3\n",
    "not UTF-8": b"scale: laptop # caf\xe9\nscales: {smoke: {}}\n",
    "no scale": b"scales: {smoke: {}}\n",
    "no scales": b"scale: laptop\n",
    "scales that are none": b"scale: laptop\nscales: [smoke]\n",
    "a doubled key": b"scale: laptop\nscale: smoke\nscales: {smoke: {}}\n",
    "brackets": b"scale: " + b"[" * 100_000,
    "a date": b"scale: 2025-13-45\nscales: {smoke: {}}\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_one_line_and_stays_as_it_is(kind: str) -> None:
    content = BROKEN[kind]
    Path("params.yaml").unlink()
    if content is not None:
        Path("params.yaml").write_bytes(content)
    for gpu in (False, True):
        with pytest.raises(StudyError) as error:
            written.set_up("smoke", gpu)
        assert str(error.value).startswith("params.yaml: ")
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 200
    assert not Path("params.yaml").exists() or Path("params.yaml").read_bytes() == content


@pytest.mark.parametrize("scale", ["huge", "Smoke", "smoke laptop", "a/b", "", "x" * 5000, "\n"])
def test_what_is_no_scale_is_refused_before_anything_else_is_written(scale: str) -> None:
    text = f"{TEXT}train: {{backend: tensorflow, engine: steps}}\n"
    Path("params.yaml").write_text(text)
    with pytest.raises(StudyError, match=r"^SCALE is .*; allowed: smoke, laptop$") as error:
        written.set_up(scale, gpu=True)
    assert len(str(error.value)) < 150
    assert Path("params.yaml").read_text() == text


def test_all_that_is_asked_for_is_written_at_once() -> None:
    Path("params.yaml").write_text(f"{TEXT}train: {{backend: tensorflow, engine: steps}}\n")
    told = written.set_up("smoke", gpu=True, overrides=["seeds=[0,1]"])
    assert told == ["scale is smoke", f"train has {written.ON_GPU}"]
    tree = params.read(params.load())
    assert (tree["scale"], tree["seeds"], tree["train"]) == ("smoke", [0, 1], written.ON_GPU)
    assert written.set_up("smoke", gpu=True) == []


def test_what_is_no_study_is_not_written() -> None:
    def check(tree: Any) -> None:
        raise ConfigError(f"seeds = {tree['seeds']}; allowed: one")

    with pytest.raises(StudyError, match=r"^params.yaml: seeds = \[0, 1\]; allowed: one$"):
        written.set_up(None, overrides=["seeds=[0,1]"], check=check)
    assert Path("params.yaml").read_text() == TEXT


def test_a_number_below_a_ten_thousandth_can_be_set_from_the_command_line() -> None:
    Path("params.yaml").write_text("rate: 0.001\n")
    written.set_up(None, overrides=["rate=0.00001"])
    assert "1e-05" in params.load()
    assert params.read(params.load()) == {"rate": 0.00001}


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
