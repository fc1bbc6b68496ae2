"""What a stage reads is what dvc.lock says; anything else is refused, whatever it still looks like.

The digests are DVC's own: tests/pipeline runs the stages under DVC, where a wrong one would end
every study.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.monitoring.recorded import digest_of, refuse_others

GRAPH: dict[str, Any] = {
    "resolve": {"deps": ["params.yaml"], "outs": [{"configs": {"push": False}}]},
    "train": {"deps": [], "outs": ["models/${item.arm}-${item.seed}"]},
    "compare": {"deps": ["models", "configs/study.yaml"], "outs": ["reports/comparison.csv"],
                "metrics": [{"reports/tables": {"cache": False}}]},
    "figures": {"foreach": "x", "do": {"deps": ["reports/tables/${key}"], "outs": ["${key}.png"]}},
}  # fmt: skip
HISTORY = Path("models/adam-0/history.csv")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def _study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        HISTORY: "epoch,value\n1,0.5\n", Path("configs/study.yaml"): "scale: smoke\n",
        Path("reports/tables/best/data.csv"): "a\n1\n",
        Path("reports/tables/dropout/data.csv"): "a\n2\n",
    }  # fmt: skip
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    Path(".dvcignore").write_text("# by-products\n__pycache__/\n*~\n\\#*#\n")
    write_yaml(Path("dvc.yaml"), {"stages": GRAPH})
    made = {
        "resolve": "configs", "train@adam-0": "models/adam-0", "compare": "reports/tables",
        "train@gone-0": "models/gone-0", "older": "models/adam-0",
    }  # fmt: skip
    lock({
        stage: {"outs": [{"path": path, "md5": digest_of(Path(path)) if stage != "older" else "0"}]}
        for stage, path in made.items()
    })  # fmt: skip


def lock(stages: dict[str, Any]) -> None:
    write_yaml(Path("dvc.lock"), {"schema": "2.0", "stages": stages})


def test_a_folder_s_digest_is_that_of_the_list_of_its_files() -> None:
    listed = [{"md5": md5(HISTORY.read_bytes()), "relpath": "history.csv"}]
    assert digest_of(HISTORY.parent) == f"{md5(json.dumps(listed).encode())}.dir"
    assert digest_of(HISTORY) == md5(HISTORY.read_bytes())


def test_what_is_as_it_was_left_is_read() -> None:
    refuse_others("compare")
    refuse_others("figures", "best")
    (HISTORY.parent / "history.csv~").write_text("of an editor")
    (HISTORY.parent / "__pycache__").mkdir()
    (HISTORY.parent / "__pycache__" / "x").write_text("of Python")
    refuse_others("compare")


@pytest.mark.parametrize("damage", ["a digit", "another file", "one more", "one less", "no folder"])
def test_what_is_not_is_refused_with_its_name_and_the_stage(damage: str) -> None:
    if damage == "a digit":
        HISTORY.write_text(HISTORY.read_text().replace("0.5", "0.6"))
    elif damage == "another file":
        HISTORY.write_bytes(Path("reports/tables/best/data.csv").read_bytes())
    elif damage == "one more":
        (HISTORY.parent / "layers.csv").write_text("")
    else:
        HISTORY.unlink()
        if damage == "no folder":
            HISTORY.parent.rmdir()
            HISTORY.parent.write_text("")
    with pytest.raises(UserError) as error:
        refuse_others("compare")
    assert str(error.value) == (
        "models/adam-0 is not what the stage train@adam-0 left, by dvc.lock; remove it and run "
        "`dvc repro train@adam-0`"
    )


def test_a_stage_asks_for_what_it_reads_alone() -> None:
    Path("reports/tables/best/data.csv").write_text("b\n")
    refuse_others("compare")  # which wrote it
    with pytest.raises(UserError, match="reports/tables is not what the stage compare left"):
        refuse_others("figures", "dropout")  # in the same folder, which has one digest


@pytest.mark.parametrize("text", [None, "", "half: [", "schema: '2.0'", "stages: 3", "\0"])
def test_without_a_lock_file_that_can_be_read_nothing_is_known(text: str | None) -> None:
    Path("dvc.lock").unlink()
    if text is not None:
        Path("dvc.lock").write_text(text)
    HISTORY.write_text("anything")
    refuse_others("compare")


def test_the_configurations_of_the_arms_that_are_whole_are_no_damage() -> None:
    study = Path("configs/study.yaml")
    study.write_text("scale: laptop\n")
    with pytest.raises(UserError, match="configs is not what the stage resolve left"):
        refuse_others("compare")
    study.write_text("scale: smoke\nfailed: {adam: killed}\n")
    refuse_others("compare")
