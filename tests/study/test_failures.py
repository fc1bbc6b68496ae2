"""The study without the arms that failed is whole: every later stage can read it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ablation.statistics.config import ArmsClaim
from ablation.study.checks import ConfigError
from ablation.study.config import StudyConfig
from ablation.study.failures import without
from ablation.study.resolution import Resolved

ENDS = {"adam": "adam-0: out of memory", "no_dropout": "no_dropout-0: killed"}


@pytest.fixture
def left(resolved: Callable[[str], Resolved]) -> Resolved:
    return without(resolved("smoke"), ENDS)


def test_a_failed_arm_stands_in_nothing_that_is_computed(left: Resolved) -> None:
    study = left.study
    for names in (study.arms, study.data_sets, study.multiply_adds, dict(study.runs)):
        assert not set(names) & set(ENDS)
    assert all(not set(pair) & set(ENDS) for pair in left.claims.pairs)
    assert all(not set(arms) & set(ENDS) for one in left.claims.groups for arms in one.values())
    assert not set(left.claims.statistics.images_test) & set(ENDS)
    for figure in left.figures.values():
        assert not set(getattr(figure, "arms", ())) & set(ENDS)


def test_it_is_named_where_it_is_missing(left: Resolved, resolved: Callable[..., Resolved]) -> None:
    whole = resolved("smoke")
    assert {arm: failed.end for arm, failed in left.study.failed.items()} == ENDS
    assert left.study.failed_labels == [whole.study.arms[arm] for arm in ENDS]
    assert left.study.failed_in("dropout") == [whole.study.arms["no_dropout"]]
    for every in ("best", "differences"):
        assert left.study.failed_in(every) == left.study.failed_labels
    assert left.study.failed_in("regularization") == left.study.failed_in("label_density") == []
    assert left.study.failed["adam"].figures["optimizer"] == whole.figures["optimizer"].title
    assert left.figures["regularization"] == whole.figures["regularization"]
    for name, claim in left.claims.claims.items():
        if isinstance(claim, ArmsClaim) and set(claim.arms) & set(ENDS):
            assert left.claims.failed[name] in {
                f"its arm {whole.study.arms[arm]} failed" for arm in claim.arms
            }
    assert left.claims.not_applicable == whole.claims.not_applicable


def test_what_is_written_is_read_again(left: Resolved) -> None:
    assert StudyConfig.model_validate(left.study.model_dump()) == left.study
    assert Resolved.model_validate(left.model_dump()) == left


def test_a_figure_without_arms_is_left_out(resolved: Callable[[str], Resolved]) -> None:
    study = resolved("smoke")
    left = without(study, dict.fromkeys(("vgg_raw", "vgg_augmented"), "killed"))
    assert set(study.figures) - set(left.figures) == {"transfer", "augmentation"}


def test_without_the_baseline_there_is_nothing_to_report(
    resolved: Callable[[str], Resolved],
) -> None:
    with pytest.raises(ConfigError, match="the baseline baseline failed"):
        without(resolved("smoke"), {"baseline": "killed"})
