"""Studies of a hundred and of a thousand arms, of which ten are truly better: all ten are found.

The same seeds decide nothing one seed earlier, and the table says how many it takes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ablation.statistics.comparison import compare
from ablation.statistics.config import ArmFacts, ClaimsConfig
from ablation.statistics.runs import Run
from tests.statistics.study_of_claims import config, facts

BETTER = 10  # arms that are 5 points above the others
SD = 0.007  # of a run over the seeds, as the study's own: a difference has one of 1 point


def study(arms: int, seeds: int, family: str = "paper") -> pd.DataFrame:
    """The validation accuracies compared of a baseline and so many arms less one."""
    rng = np.random.default_rng(arms)
    names = [f"arm_{number}" for number in range(arms - 1)]
    of_arm: dict[str, ArmFacts] = {"base": facts()} | {name: facts(family=family) for name in names}
    runs = {}
    for number, name in enumerate(["base", *names]):
        mean = 0.85 if 1 <= number <= BETTER else 0.80
        for seed, accuracy in enumerate(rng.normal(mean, SD, seeds)):
            judged = {"validation_accuracy": float(accuracy), "validation_images": 6000.0}
            runs[name, seed] = Run(of_arm[name], judged, {}, 0.27, None)
    asked: ClaimsConfig = config(arms=of_arm, pairs=[(name, "base") for name in names])
    return compare(asked, runs, "base", dict.fromkeys(of_arm, "modified"))


@pytest.mark.parametrize(("arms", "needed"), [(112, 13), (1012, 16)])
def test_ten_better_arms_are_found_with_the_seeds_that_the_family_takes(
    arms: int, needed: int
) -> None:
    found = study(arms, needed)
    assert set(found["tests"]) == {arms - 1}
    assert set(found["seeds_needed"]) == {needed}
    assert set(found.loc[found["verdict"] == "better", "arm"]) == {
        f"arm_{number}" for number in range(BETTER)
    }
    assert "worse" not in set(found["verdict"])


@pytest.mark.parametrize(("arms", "needed"), [(112, 13), (1012, 16)])
@pytest.mark.parametrize("seeds", [10, -1])
def test_with_fewer_they_are_not_inconclusive_but_too_many_for_these_seeds(
    arms: int, needed: int, seeds: int
) -> None:
    found = study(arms, seeds if seeds > 0 else needed - 1)
    assert set(found["verdict"]) <= {"no verdict", "equivalent"}
    assert set(found.loc[found["difference"] > 0.03, "verdict"]) == {"no verdict"}
    assert set(found["seeds_needed"]) == {needed}


def test_more_seeds_than_the_family_takes_find_them_too() -> None:
    found = study(112, 20)
    assert (found.loc[found["difference"] > 0.03, "verdict"] == "better").sum() == BETTER
