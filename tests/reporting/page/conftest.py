"""A small study in `study/`, cut from a real one, as far as the stage `figures`; and its page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablation.base.files import read_json, read_yaml, write_json, write_yaml
from stages import report
from tests.params import ROOT

STUDY = Path(__file__).with_name("study")
RECORD = {
    "commit": "0123456789abcdef", "clean": True, "device": "cpu", "threads": 2,
    "processor": "A processor", "python": "3.11.9", "packages": {"keras": "3.15.1"},
    "seconds": 90.0, "images_per_second": 900.0,
}  # fmt: skip


def copied(folder: Path) -> Path:
    """The study in `folder`, with the record of each run."""
    shutil.copytree(STUDY, folder, dirs_exist_ok=True)
    runs = pd.read_csv(folder / "reports/runs.csv")
    for arm, seed in zip(runs["arm"], runs["seed"], strict=True):
        record = RECORD | {"clean": arm != "l1", "seconds": 90.0 + 60 * seed}
        write_json(folder / f"models/provenance/{arm}-{seed}.json", record)
    return folder


def reported(folder: Path) -> Path:
    """Runs the stage there; the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report.main()
    return folder / "reports" / "report.html"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of seven arms, six with ten seeds and one with three."""
    return reported(copied(tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the same with one seed and the competition's images, whose tests lack labels."""
    folder = copied(tmp_path_factory.mktemp("bare"))
    for name, changes in (
        ("study", {"scale": "smoke", "seeds": [0], "costly_seeds": [0]}),
        ("data", {"source": "kaggle"}),
    ):
        path = folder / "configs" / f"{name}.yaml"
        write_yaml(path, read_yaml(path) | changes)
    reports = folder / "reports"
    _edit(reports / "runs.csv", lambda table: table[table["seed"] == 0], ["test_", "external_"])
    ends = {f"{side}{share}": end for side, end in (("low", -np.inf), ("high", np.inf))
            for share in ("", "_90")}  # fmt: skip
    one = {"n": 1, "n_other": 1, "p": 1.0, "p_holm": 1.0, "found": "open", **ends}
    for name in ("comparison.csv", "tables/differences/data.csv"):
        _edit(
            reports / name,
            lambda t: t[t["metric"] != "test_accuracy"].assign(**one),
            ["stuck", "welch_"],
        )
    for name in ("best/data.csv", "simple_cnn/runs.csv", "regularization/runs.csv"):
        _edit(reports / "tables" / name, lambda table: table[table["seed"] == 0])
    _edit(reports / "tables/best/data.csv", lambda table: table[table["part"] != "test"])
    for name in ("votes", "accuracy", "confusion"):
        _edit(reports / "errors" / f"{name}.csv", lambda table: table[:0])
    write_json(reports / "data_check.json", {"composed": False, "passed": None, "rows": []})
    arms = read_json(reports / "arms.json")
    kept = {
        arm: {key: value for key, value in of.items() if not key.startswith(("test", "external"))}
        for arm, of in arms.items()
    }
    write_json(reports / "arms.json", kept)
    none = {"verdict": "open", "why": "not measured", "numbers": [], "n": [], "p": None,
            "above": None, "stuck": []}  # fmt: skip
    judged = read_json(reports / "claims.json")
    claims = [claim | none for claim in judged["claims"]]
    write_json(reports / "claims.json", judged | {"claims": claims})
    return reported(folder)


@pytest.fixture(params=["whole", "bare", *(ROOT / "reports").glob("*.html")], ids=str)
def page(request: pytest.FixtureRequest) -> Path:
    """Each of both, and the committed page."""
    made = request.param
    return made if isinstance(made, Path) else request.getfixturevalue(made)


def _edit(
    path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], missing: Sequence[str] = ()
) -> None:
    """Changes a table; columns that begin with one of `missing` lose their values."""
    table = change(pd.read_csv(path))
    gone = [column for column in table if column.startswith(tuple(missing))]
    table.assign(**dict.fromkeys(gone)).to_csv(path, index=False)
