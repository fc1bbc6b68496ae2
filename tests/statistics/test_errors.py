"""Errors by label, group and image, and votes, with answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.statistics.errors import (
    Answers,
    by_group,
    confusion,
    hardest,
    smaller_digit,
    stacked,
    vote,
    votes,
)

LABELS = np.array([9, 9, 7, 2], np.uint8)
SAID = np.array([[9, 8, 7, 2], [9, 9, 4, 1]], np.uint8)


def probabilities(said: np.ndarray, sure: float = 0.6) -> np.ndarray:
    """(seeds, n, 10): the answer has `sure`, the others share the rest."""
    found = np.full((*said.shape, 10), (1 - sure) / 9)
    np.put_along_axis(found, said[..., None].astype(int), sure, axis=-1)
    return found


def test_a_confusion_counts_every_seed_s_answers() -> None:
    counts = confusion(LABELS, SAID)
    assert counts.sum() == SAID.size
    assert (counts[9, 9], counts[9, 8], counts[7, 7], counts[7, 4]) == (3, 1, 1, 1)


@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 99))
def test_the_diagonal_of_a_confusion_is_what_is_right(seeds: int, images: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, images, np.uint8)
    said = rng.integers(0, 10, (seeds, images), np.uint8)
    counts = confusion(labels, said)
    assert np.trace(counts) == np.sum(said == labels)
    assert list(counts.sum(axis=1)) == list(seeds * np.bincount(labels, minlength=10))


def test_groups_have_their_accuracy_and_their_commonest_error() -> None:
    table = by_group(LABELS, SAID, LABELS).set_index("group")
    assert table["images"].to_dict() == {2: 1, 7: 1, 9: 2}
    assert table["accuracy"].to_dict() == {2: 0.5, 7: 0.5, 9: 0.75}
    assert table["said"].to_dict() == {2: 1, 7: 4, 9: 8}
    assert table.loc[9, "share"] == 0.25
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()
    assert table["low"].min() >= 0
    assert table["high"].max() <= 1


def test_a_group_without_errors_names_none() -> None:
    (row,) = by_group(LABELS[:1], SAID[:, :1], np.zeros(1, int)).to_dict("records")
    assert (row["said"], row["share"], row["accuracy"]) == (-1, 0.0, 1.0)


def test_a_vote_goes_to_the_largest_mean_probability_and_not_to_the_count() -> None:
    sure, doubtful = probabilities(np.array([[3]]), 0.95), probabilities(np.array([[5], [5]]), 0.4)
    assert vote(np.concatenate([sure, doubtful])).tolist() == [3]
    assert vote(doubtful).tolist() == [5]


def test_votes_have_the_single_networks_and_wilson_s_interval_beside_them() -> None:
    answers = {
        "a": Answers(SAID, probabilities(SAID)),
        "b": Answers(SAID[:1], probabilities(SAID[:1])),
    }
    table = votes(LABELS, answers).set_index("arm")
    assert table.loc["a", "accuracy"] == pytest.approx(5 / 8)
    assert table.loc["b", "vote"] == table.loc["b", "accuracy"] == 0.75  # of one network its own
    assert table.loc["b", "low"] == pytest.approx(0.3006, abs=1e-4)  # Wilson, 3 of 4
    assert table["seeds"].to_dict() == {"a": 2, "b": 1}


def test_the_hardest_images_are_those_whose_label_is_least_likely() -> None:
    order, least = hardest(LABELS, Answers(SAID, probabilities(SAID)), 2)
    assert order.tolist() == [1, 2]  # of equals the first: 1, 2 and 3 are right once
    assert least == pytest.approx([(0.6 + 0.4 / 9) / 2] * 2)


def test_an_error_misses_the_largest_digit_or_misreads_one() -> None:
    digits = np.array([[9, 1, 1], [9, 8, 2], [7, 3, 3], [2, 1, 0]], np.uint8)
    assert smaller_digit(LABELS, SAID, digits) == (3, 2)  # 8 and 1 are there, 4 is not


def test_seeds_are_stacked_in_order() -> None:
    found = stacked([(said, probabilities(said[None])[0]) for said in SAID])
    np.testing.assert_array_equal(found.said, SAID)
    assert found.probabilities.shape == (2, 4, 10)
