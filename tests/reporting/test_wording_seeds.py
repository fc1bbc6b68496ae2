"""What is said of arms with fewer seeds than others, and of seeds too few for a verdict."""

from __future__ import annotations

import pandas as pd

from ablation.reporting.wording import few_seeds, fewer, named, of_study
from ablation.study.config import StudyConfig

NAMES = {"vgg": "VGG-16, raw", "vgg2": "VGG-16, augmented", "adam": "Adam", "sgd": "SGD"}


def rows(*of: tuple[str, str, int], tests: int = 15, needed: int = 10) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"arm": arm, "other": other, "group": "baseline" if other == "base" else "pairs",
             "seeds": seeds, "tests": tests, "seeds_needed": needed}
            for arm, other, seeds in of
        ]
    )  # fmt: skip


def test_what_has_fewer_seeds_is_named_with_their_number() -> None:
    assert fewer({}) == fewer({"Adam": 3, "SGD": 3}) == ""
    assert fewer({"Adam": 10, "VGG-16, raw": 1, "VGG": 1, "SGD": 3}) == (
        "“VGG-16, raw” and VGG: 1; SGD: 3"
    )
    study = StudyConfig.model_construct(
        seeds=[0, 1], costly_seeds=[1], arms={"adam": "Adam", "vgg": "VGG-16, raw"}, costly_arms=[]
    )
    assert of_study(study) == "2 seeds"
    study = study.model_copy(update={"costly_arms": ["vgg"]})
    assert of_study(study) == "2 seeds (“VGG-16, raw”: 1)"


def test_rows_of_pairs_are_those_of_their_arms() -> None:
    found = rows(("vgg", "base", 1), ("adam", "base", 9), ("vgg2", "vgg", 1), ("sgd", "vgg2", 2))
    assert named(found, NAMES) == {
        "VGG-16, raw": 1, "Adam": 9, "SGD \N{MINUS SIGN} VGG-16, augmented": 2
    }  # fmt: skip
    twice = pd.concat([found, rows(("adam", "base", 8))])  # another metric, which a run lacks
    assert named(twice, NAMES)["Adam"] == 8


def test_few_seeds_are_those_of_the_largest_family_without_a_verdict() -> None:
    table = pd.concat(
        [
            rows(("adam", "base", 9), tests=12, needed=9),
            rows(("sgd", "base", 9)),
            rows(("vgg", "base", 9), tests=3, needed=7),
        ]
    )
    assert few_seeds(table, NAMES) == (
        "With n = 9 seeds no verdict is possible on whether a difference comes from the arms or "
        "from the seed: a family of 15 tests takes 10."
    )
    assert few_seeds(table.assign(seeds=10), NAMES) == ""


def test_where_others_have_enough_the_arms_with_fewer_are_named() -> None:
    table = rows(("adam", "base", 10), ("vgg2", "base", 1), ("vgg", "base", 1), ("vgg2", "vgg", 1))
    assert few_seeds(table, NAMES).startswith(
        "With n = 1 seed, of “VGG-16, raw” and “VGG-16, augmented”, no verdict is possible on"
    )
    # Where nobody has enough, nobody is.
    few = few_seeds(table.assign(seeds=[9, 1, 1, 1]), NAMES)
    assert few.startswith("With n = 9 seeds no verdict")
