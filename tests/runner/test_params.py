"""How `SET` and `SCALE` change the text of params.yaml."""

from __future__ import annotations

import pytest

from runner.params import changed, differences, of_scale, read
from tests.runner.conftest import PARAMS, ROOT


def test_only_the_value_changes_in_the_text() -> None:
    after = changed(PARAMS, ["train.rate=0.5", "seeds=[0,1,2]", "train.optimizer=adam"])
    assert after == PARAMS.replace("seeds: [0, 1] ", "seeds: [0, 1, 2] ").replace(
        "{optimizer: sgd, rate: 0.00001}", "{optimizer: adam, rate: 0.5}"
    )
    assert differences(PARAMS, after) == [
        "seeds: [0, 1] -> [0, 1, 2]",
        "train.optimizer: sgd -> adam",
        "train.rate: 1e-05 -> 0.5",
    ]


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("+arms.new.rate=3", "arms.new", {"rate": 3}),
        ("arms.steep.label='yes'", "arms.steep.label", "yes"),
        ("train.optimizer=null", "train.optimizer", None),
        ("train.optimizer='null'", "train.optimizer", "null"),
        ("~arms.steep", "arms", {"plain": {"label": "the plain one"}}),
    ],
)
def test_what_is_written_is_what_dvc_reads(override: str, path: str, value: object) -> None:
    """Whatever the layout: a word that is none to YAML, a key that comes or goes."""
    found = read(changed(PARAMS, [override]))
    assert found["scale"] == "laptop"
    for key in path.split("."):
        found = found[key]
    assert found == value


def test_the_scale_that_is_there_leaves_the_seeds() -> None:
    assert of_scale(PARAMS, "laptop") == []


def test_the_project_s_own_file_keeps_its_layout() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    after = changed(text, ["train.optimizer=adam", "seeds=[0,1]", "arms.l1.label='L1, or so'"])
    lines = zip(text.splitlines(), after.splitlines(), strict=True)
    assert sum(before != now for before, now in lines) == 3
