"""docs/laptop.md says of the pilots what docs/pilots.csv has, and params.yaml what they chose."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.params import PARAMS, ROOT

PILOTS = pd.read_csv(ROOT / "docs/pilots.csv")
RATES = PILOTS[PILOTS["pilot"] == "rates"]
# Name -> optimizer and the arm that has it.
OPTIMIZERS = {"Nesterov": ("sgd_nesterov", "baseline"), "plain SGD": ("sgd", "sgd"),
              "Adam": ("adam", "adam")}  # fmt: skip
SEEDS, MOST = 2, 5  # of a rate; rates of an optimizer


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_best_rate_at_which_no_run_is_stuck_is_taken(name: str) -> None:
    optimizer, arm = OPTIMIZERS[name]
    cells, means = [], {}
    for rate, runs in RATES[RATES["arm"] == arm].groupby("learning_rate"):
        if len(runs) < SEEDS:
            continue
        means[rate] = runs["validation_accuracy"].mean()
        cells.append(f"{rate:g}: {means[rate]:.1%}")
        if runs["stuck"].any():
            cells[-1] = f"{rate:g}: stuck"
            del means[rate]
    taken = ""
    if len(RATES) == SEEDS * MOST * len(OPTIMIZERS):  # not before all are in
        best = max(means, key=lambda rate: means[rate])
        assert PARAMS["train"]["optimizers"][optimizer]["learning_rate"] == best
        taken = f"{best:g}"
    row = [name, *cells, *[""] * (MOST - len(cells)), taken]
    lines = (ROOT / "docs/laptop.md").read_text(encoding="utf-8").splitlines()
    assert row in [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
