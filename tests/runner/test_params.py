"""How `SET` and `SCALE` change the text of params.yaml."""

from __future__ import annotations

import pytest

from ablation.base.errors import UserError
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
    ("override", "key", "value"),
    [
        ("+arms.new.rate=3", "arms", {"rate": 3}),
        ("arms.steep.label='yes'", "arms", None),
        ("train.optimizer=null", "train", None),
        ("train.optimizer='null'", "train", None),
        ("~arms.steep", "arms", None),
    ],
)
def test_what_is_written_is_what_dvc_reads(override: str, key: str, value: object) -> None:
    """Whatever the layout: a word that is none to YAML, a key that comes or goes."""
    tree = read(changed(PARAMS, [override]))
    assert tree["scale"] == "laptop"
    found = {
        "+arms.new.rate=3": tree["arms"].get("new"),
        "arms.steep.label='yes'": tree["arms"].get("steep", {}).get("label"),
        "~arms.steep": tree["arms"].get("steep"),
    }.get(override, tree["train"]["optimizer"])
    assert found == {"arms.steep.label='yes'": "yes", "train.optimizer='null'": "null"}.get(
        override, value
    )


def test_a_scale_brings_its_seeds() -> None:
    assert of_scale(PARAMS, "smoke") == ["scale=smoke", "seeds=[0]", "costly_seeds=[0]"]
    assert of_scale(PARAMS, "laptop") == []
    with pytest.raises(UserError, match="SCALE is 'paper'; allowed: smoke, laptop"):
        of_scale(PARAMS, "paper")


def test_the_project_s_own_file_keeps_its_layout() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    after = changed(text, ["train.optimizer=adam", "seeds=[0,1]", "arms.l1.label='L1, or so'"])
    lines = zip(text.splitlines(), after.splitlines(), strict=True)
    assert sum(before != now for before, now in lines) == 3
