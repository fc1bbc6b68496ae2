"""docs/laptop.md says of the pilots what docs/pilots.csv has, and params.yaml what they chose."""

from __future__ import annotations

import pandas as pd
import pytest

from ablation.networks.config import CnnConfig
from ablation.statistics.regimes import regimes
from ablation.study.resolution import resolve
from tests.params import PAPER, PARAMS, ROOT

PILOTS = pd.read_csv(ROOT / "docs/pilots.csv")
RATES, GATE, BEFORE = (
    PILOTS[PILOTS["pilot"] == pilot] for pilot in ("rates", "gate", "gate_before")
)
STUDY = resolve({**PARAMS, "scale": "laptop"}, PAPER)
ARMS = STUDY.arms
LINES = (ROOT / "docs/laptop.md").read_text(encoding="utf-8").splitlines()
TABLES = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]
# Name -> optimizer and the arm that has it.
OPTIMIZERS = {"Nesterov": ("sgd_nesterov", "baseline"), "plain SGD": ("sgd", "sgd"),
              "Adam": ("adam", "adam")}  # fmt: skip
GATES = 5  # seeds


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_best_rate_at_which_no_run_is_stuck_is_taken(name: str) -> None:
    optimizer, arm = OPTIMIZERS[name]
    cells, means = [], {}
    for rate, runs in RATES[RATES["arm"] == arm].groupby("learning_rate"):
        assert len(runs) == 2
        means[rate] = runs["validation_accuracy"].mean()
        cells.append(f"{rate:g}: {means[rate]:.1%}")
        if runs["stuck"].any():
            cells[-1] = f"{rate:g}: stuck"
            del means[rate]
    best = max(means, key=lambda rate: means[rate])
    now = PARAMS["scales"]["laptop"]["train"]["optimizers"][optimizer]["learning_rate"]
    share = [arm for arm, its in ARMS.items() if its.train.optimizer.learning_rate == now]
    steps = BEFORE[BEFORE["stuck"] & BEFORE["arm"].isin(share)]["learning_rate"].nunique()
    assert now == pytest.approx(best / 3 ** (steps / 2), rel=0.01)
    assert [name, *cells, f"{best:g}"] in TABLES


def test_the_gate_asks_every_cnn_arm_and_no_run_is_stuck() -> None:
    later = {arm for pair in PAPER["questions"]["unseen"]["pairs"] for arm in pair}  # a departure
    asked = {name: arm for name, arm in ARMS.items() if isinstance(arm.model, CnnConfig)}
    for name in {"simple_128", *later}:  # rule 5 exempts the former
        del asked[name]
    for name, arm in asked.items():
        runs = GATE[GATE["arm"] == name]
        assert set(runs["learning_rate"]) == {arm.train.optimizer.learning_rate}
        assert sorted(runs["seed"]) == [*range(GATES)]
        assert not runs["stuck"].any()
        assert [f"`{name}`", f"{runs['validation_accuracy'].min():.1%}"] in TABLES


def test_the_regime_is_what_pilots_reach() -> None:
    for regime in regimes(STUDY.claims, PILOTS):
        for reached in regime.reached:
            accuracy = reached.accuracy.replace("_", " ")
            said = "" if reached.mean is None else f"{reached.mean:.1%}"
            assert [f"`{reached.arm}`", accuracy, f"{reached.level:.0%}", said] in TABLES
